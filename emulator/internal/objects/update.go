package objects

// Update calls change with a copy of the object's metadata and saves the result with the next
// metageneration.
func (s *Store) Update(ref Ref, c Conditions, change func(*Metadata) error) (Object, error) {
	s.commit.Lock()
	defer s.commit.Unlock()
	b, r, err := s.findForUpdate(ref, c)
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
	if err := c.authorize(r, &next.Object); err != nil {
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
	s.measure(r, next)
	return next.Object, nil
}

// Delete durably removes an object. The error is an ObjectNotFound [Error] if the object is
// missing, regardless of preconditions.
func (s *Store) Delete(ref Ref, c Conditions) error {
	s.commit.Lock()
	defer s.commit.Unlock()
	b, r, err := s.findForUpdate(ref, c)
	if err != nil {
		return err
	}
	if err := c.authorize(r, nil); err != nil {
		return err
	}
	return s.remove(b, r)
}

// findForUpdate returns an object if the store is writable and the preconditions hold. The caller
// holds commit.
func (s *Store) findForUpdate(ref Ref, c Conditions) (*bucket, *record, error) {
	if err := s.checkWritable(); err != nil {
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

// remove removes an object. The caller holds commit.
func (s *Store) remove(b *bucket, r *record) error {
	if err := s.disk.removeObject(r); err != nil {
		return err
	}
	s.mu.Lock()
	b.objects.Delete(r.Name)
	s.measure(r, nil)
	unused := r.blob.release()
	s.mu.Unlock()
	if unused {
		r.blob.content.remove() // Open removes what remains
	}
	return nil
}
