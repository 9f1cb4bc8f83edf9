package objects

import (
	"errors"
	"fmt"
)

// Source is an object that another one is made of.
type Source struct {
	Ref
	Conditions Conditions
}

// Copy writes the bytes of one object under another name, or anew under its own. The metadata is the source's, unless
// p has any field of Metadata set. With move the source is removed; a crash in between can leave both, never none.
func (s *Store) Copy(from Source, p PutRequest, move bool) (Object, error) {
	if err := CheckObjectName(p.Name); err != nil {
		return Object{}, err
	}
	if err := p.Metadata.check(); err != nil {
		return Object{}, err
	}
	s.commit.Lock()
	defer s.commit.Unlock()
	b, r, err := s.forWriting(from.Ref, from.Conditions)
	if err != nil {
		return Object{}, err
	}
	if p.Metadata.empty() {
		p.Metadata = r.Metadata
	}
	o := Object{Size: r.Size, CRC32C: r.CRC32C, MD5: r.MD5, Components: r.Components}
	o, err = s.place(p, o, r.blob)
	if err != nil || !move || from.Bucket == p.Bucket && from.Name == p.Name {
		return o, err
	}
	return o, s.remove(b, r)
}

func (m Metadata) empty() bool {
	return m.ContentType == "" && m.ContentEncoding == "" && m.ContentLanguage == "" && m.ContentDisposition == "" &&
		m.CacheControl == "" && m.CustomTime.IsZero() && len(m.Custom) == 0
}

// maxSources is how many objects one compose request takes. Source: https://cloud.google.com/storage/docs/composite-objects.
const maxSources = 32

// Compose writes the bytes of 1 to 32 objects of p's bucket, one after the other, as one object. With deleteSources they
// are removed afterwards, as far as they are still the generations that were read.
func (s *Store) Compose(sources []Source, p PutRequest, deleteSources bool) (Object, error) {
	if len(sources) < 1 || len(sources) > maxSources {
		return Object{}, errorf(Invalid, "The number of source components provided (%d) must be 1 to %d.", len(sources), maxSources)
	}
	if err := s.CheckPut(p); err != nil {
		return Object{}, err
	}
	d, err := s.NewDraft()
	if err != nil {
		return Object{}, err
	}
	defer d.Abort()
	for i := range sources {
		n, err := s.appendObject(d, &sources[i])
		if err != nil {
			return Object{}, err
		}
		p.components += n
	}
	o, err := s.Put(p, d)
	if err != nil || !deleteSources {
		return o, err
	}
	for _, src := range sources {
		if src.Bucket == o.Bucket && src.Name == o.Name {
			continue
		}
		var e *Error
		if err := s.Delete(src.Ref, Conditions{}); err != nil && !errors.As(err, &e) {
			return o, err
		}
	}
	return o, nil
}

// appendObject adds an object's bytes to d, pins src to the generation it read, and returns how many components that has.
func (s *Store) appendObject(d *Draft, src *Source) (components int, err error) {
	r, err := s.OpenObject(src.Ref, src.Conditions)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	src.Generation = r.Object.Generation
	if _, err := d.ReadFrom(r); err != nil {
		return 0, fmt.Errorf("composing %s/%s: %w", src.Bucket, src.Name, err)
	}
	return max(1, r.Object.Components), nil
}
