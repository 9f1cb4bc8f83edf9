package objects

import (
	"errors"
	"fmt"
)

// Source is an object to copy or compose from.
type Source struct {
	Ref
	Conditions Conditions
}

// Copy copies an object to the name in p, which may be its own. The copy has the source's metadata,
// unless p.Metadata has any field set. With move, the source is removed afterwards; a crash in
// between can leave both, never neither.
func (s *Store) Copy(from Source, p PutRequest, move bool) (Object, error) {
	if err := CheckObjectName(p.Name); err != nil {
		return Object{}, err
	}
	if err := p.Metadata.check(); err != nil {
		return Object{}, err
	}
	s.commit.Lock()
	defer s.commit.Unlock()
	b, r, err := s.findForUpdate(from.Ref, from.Conditions)
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

// maxSources is the number of objects that one request can compose.
// Source: https://cloud.google.com/storage/docs/composite-objects.
const maxSources = 32

// Compose concatenates 1 to 32 objects of p's bucket into one. With deleteSources, the sources are
// deleted afterwards, unless they have been overwritten since.
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

// appendObject appends an object's bytes to d, sets src to the generation that was read, and
// returns the number of its components.
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
