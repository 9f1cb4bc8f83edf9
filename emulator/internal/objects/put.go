package objects

import "time"

// PutRequest is an object to be written.
type PutRequest struct {
	Bucket       string
	Name         string
	Metadata     Metadata
	StorageClass string // empty: the bucket's
	Conditions   Conditions
	Checksums    Checksums

	components int // more than 0: the object is composed of so many
}

// CheckPut returns the error that [Store.Put] would give at this moment for everything but the bytes, so that an upload
// that has no chance need not be sent.
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

// Put makes the draft the live generation of an object, durable and in one step, if names, checksums and conditions
// allow. The draft has ended afterwards, in any case.
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
	if err := d.content.seal(); err != nil { // the slow part, before the lock
		return Object{}, err
	}
	o := Object{Size: d.size, CRC32C: d.crc, Components: p.components}
	if p.components == 0 {
		o.MD5 = d.md5.Sum(nil)
	}
	s.commit.Lock()
	defer s.commit.Unlock()
	o, err := s.place(p, o, &blob{content: d.content})
	if err == nil || s.disk.usable() != nil {
		// In a broken store nobody knows whether the metadata that names the content is on disk, so it must stay.
		d.end()
	}
	return o, err
}

// place puts an object with the bytes of bl where p says. It wants commit to be held.
func (s *Store) place(p PutRequest, o Object, bl *blob) (Object, error) {
	if err := s.writable(); err != nil {
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
	if err := p.Conditions.allow(old, &o); err != nil {
		return Object{}, err
	}
	next := &record{Object: o, blob: bl}
	if err := s.disk.saveObject(next); err != nil {
		return Object{}, err
	}
	s.mu.Lock()
	b.objects.Set(o.Name, next)
	bl.refs++
	unused := old != nil && old.blob.unref()
	s.mu.Unlock()
	if unused {
		old.blob.content.remove() // what stays behind is removed when the store is opened
	}
	return o, nil
}

// unref reports whether nobody has the blob any more. It wants Store.mu to be held.
func (b *blob) unref() bool {
	b.refs--
	return b.refs == 0
}

// Update lets change work on a copy of the object's metadata and keeps what it made of it, with the next metageneration.
func (s *Store) Update(ref Ref, c Conditions, change func(*Metadata) error) (Object, error) {
	s.commit.Lock()
	defer s.commit.Unlock()
	b, r, err := s.forWriting(ref, c)
	if err != nil {
		return Object{}, err
	}
	next := &record{Object: r.Object, blob: r.blob}
	next.Metadata = r.Metadata.clone()
	if err := change(&next.Metadata); err != nil {
		return Object{}, err
	}
	next.Metageneration++
	next.Updated = s.now()
	if err := c.allow(r, &next.Object); err != nil {
		return Object{}, err
	}
	if err := next.Metadata.checkChange(r.Metadata); err != nil {
		return Object{}, err
	}
	if err := s.disk.saveObject(next); err != nil {
		return Object{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b.objects.Set(ref.Name, next)
	return next.Object, nil
}

// Delete removes an object, durably. One that is missing gives ObjectNotFound, whatever the conditions.
func (s *Store) Delete(ref Ref, c Conditions) error {
	s.commit.Lock()
	defer s.commit.Unlock()
	b, r, err := s.forWriting(ref, c)
	if err != nil {
		return err
	}
	if err := c.allow(r, nil); err != nil {
		return err
	}
	return s.remove(b, r)
}

// forWriting wants commit to be held.
func (s *Store) forWriting(ref Ref, c Conditions) (*bucket, *record, error) {
	if err := s.writable(); err != nil {
		return nil, nil, err
	}
	b, err := s.bucket(ref.Bucket, Conditions{})
	if err != nil {
		return nil, nil, err
	}
	r, err := b.at(ref)
	if err != nil {
		return nil, nil, err
	}
	return b, r, c.checkRecord(r)
}

// remove wants commit to be held.
func (s *Store) remove(b *bucket, r *record) error {
	if err := s.disk.removeObject(r); err != nil {
		return err
	}
	s.mu.Lock()
	b.objects.Delete(r.Name)
	unused := r.blob.unref()
	s.mu.Unlock()
	if unused {
		r.blob.content.remove() // what stays behind is removed when the store is opened
	}
	return nil
}
