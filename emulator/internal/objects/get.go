package objects

import (
	"fmt"
	"io"
)

// Get returns an object's description.
func (s *Store) Get(ref Ref, c Conditions) (Object, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, err := s.find(ref, c)
	if err != nil {
		return Object{}, err
	}
	return r.Object, nil
}

// Reader reads the bytes of one generation, also when the object is overwritten or deleted meanwhile.
type Reader struct {
	Object Object
	*io.SectionReader
	io.Closer
}

// OpenObject returns an object with its bytes. The caller closes it.
func (s *Store) OpenObject(ref Ref, c Conditions) (*Reader, error) {
	s.mu.RLock() // content is only removed after a change under mu, so what is found under it can be opened
	defer s.mu.RUnlock()
	r, err := s.find(ref, c)
	if err != nil {
		return nil, err
	}
	f, err := r.blob.content.open()
	if err != nil {
		return nil, fmt.Errorf("opening the content of %s/%s: %w", ref.Bucket, ref.Name, err)
	}
	return &Reader{Object: r.Object, SectionReader: io.NewSectionReader(f, 0, r.Size), Closer: f}, nil
}

// find wants mu or commit to be held.
func (s *Store) find(ref Ref, c Conditions) (*record, error) {
	b, err := s.bucket(ref.Bucket, Conditions{})
	if err != nil {
		return nil, err
	}
	r, err := b.at(ref)
	if err != nil {
		return nil, err
	}
	return r, c.checkRecord(r)
}
