package objects

import "time"

// PutRequest is a request to write an object.
type PutRequest struct {
	Bucket       string
	Name         string
	Metadata     Metadata
	StorageClass string // empty: the bucket's default
	Conditions   Conditions
	Checksums    Checksums
	// Created and Updated are the times of an object of an import; zero is now.
	Created, Updated time.Time

	components int // number of objects this one is composed of; 0 if it is not composed
}

// CheckPut returns the error that [Store.Put] would return now, except for errors in the bytes. It
// lets uploads fail before their bytes are sent.
func (s *Store) CheckPut(p PutRequest) error {
	if err := CheckObjectName(p.Name); err != nil {
		return err
	}
	if err := p.Metadata.check(); err != nil {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	b, err := s.bucket(p.Bucket, Conditions{})
	if err != nil {
		return err
	}
	return p.Conditions.checkRecord(b.live(p.Name))
}

// Put atomically and durably makes the draft the live generation of an object, if names, checksums
// and preconditions are valid. It consumes the draft even if it fails.
func (s *Store) Put(p PutRequest, d *Draft) (Object, error) {
	defer d.Abort()
	if err := s.CheckPut(p); err != nil {
		return Object{}, err
	}
	if d.failed != nil {
		return Object{}, d.failed
	}
	if err := p.Checksums.check(d); err != nil {
		return Object{}, err
	}
	if err := d.content.seal(); err != nil { // slow, so it happens before taking the lock
		return Object{}, err
	}
	o := Object{Size: d.size, CRC32C: d.crc, Components: p.components}
	if p.components == 0 {
		o.MD5 = d.md5.Sum(nil)
	}
	s.commit.Lock()
	defer s.commit.Unlock()
	o, err := s.place(p, o, &blob{content: d.content})
	if err == nil || s.disk.checkUsable() != nil {
		// If the disk broke, metadata that refers to the content may have been saved, so it must
		// stay.
		d.end()
	}
	return o, err
}

// place writes an object with the content bl as p requests. The caller holds commit.
func (s *Store) place(p PutRequest, o Object, bl *blob) (Object, error) {
	if err := s.checkWritable(); err != nil {
		return Object{}, err
	}
	b, err := s.bucket(p.Bucket, Conditions{})
	if err != nil {
		return Object{}, err
	}
	old := b.live(p.Name)
	if err := p.Conditions.checkRecord(old); err != nil {
		return Object{}, err
	}
	o.Bucket, o.Name, o.Metadata, o.StorageClass = p.Bucket, p.Name, p.Metadata.clone(), p.StorageClass
	if o.StorageClass == "" {
		o.StorageClass = b.StorageClass
	}
	o.Generation, o.Metageneration = s.nextGeneration(), 1
	o.Created = time.UnixMicro(o.Generation).UTC().Truncate(time.Millisecond)
	o.Updated = o.Created
	if !p.Created.IsZero() && !p.Updated.IsZero() {
		o.Created, o.Updated = p.Created.UTC(), p.Updated.UTC()
	}
	if err := p.Conditions.authorize(old, &o); err != nil {
		return Object{}, err
	}
	next := &record{Object: o, blob: bl}
	if err := s.disk.saveObject(next); err != nil {
		return Object{}, err
	}
	s.mu.Lock()
	b.objects.Set(o.Name, next)
	bl.refs++
	s.measure(old, next)
	unused := old != nil && old.blob.release()
	s.mu.Unlock()
	if unused {
		old.blob.content.remove() // Open removes what remains
	}
	return o, nil
}

// release drops a reference and reports whether it was the last. The caller holds Store.mu.
func (b *blob) release() bool {
	b.refs--
	return b.refs == 0
}
