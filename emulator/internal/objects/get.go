package objects

import (
	"fmt"
	"io"
)

// Get returns an object without its bytes.
func (s *Store) Get(ref Ref, c Conditions) (Object, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, err := s.find(ref, c)
	if err != nil {
		return Object{}, err
	}
	return r.Object, nil
}

// Reader reads the bytes of one generation, even if the object is overwritten or deleted meanwhile.
type Reader struct {
	Object Object
	*io.SectionReader
	io.Closer
}

// OpenObject returns a reader of an object's bytes. The caller must close it.
func (s *Store) OpenObject(ref Ref, c Conditions) (*Reader, error) {
	s.mu.RLock() // content is removed only after a change under mu, so it cannot disappear before open
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

// find returns an object if the preconditions hold. The caller holds mu or commit.
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
