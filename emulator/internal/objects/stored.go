package objects

import "heek.kr/heektime/emulator/billing"

// storedBytes returns what an object is billed as stored bytes: its data and its custom metadata.
//
// Source: https://cloud.google.com/storage/pricing#storage-notes
func (o *Object) storedBytes() int64 {
	n := o.Size
	for key, value := range o.Custom {
		n += int64(len(key) + len(value))
	}
	return n
}

// measure counts a change of an object; nil stands for none. The caller holds commit.
func (s *Store) measure(old, now *record) {
	if s.meter == nil {
		return
	}
	var bucket string
	change := int64(0)
	if old != nil {
		bucket = old.Bucket
		change -= old.storedBytes()
	}
	if now != nil {
		bucket = now.Bucket
		change += now.storedBytes()
	}
	if change != 0 {
		s.stored[bucket] += change
		s.meter.SetLevel(billing.StorageStored, bucket, s.stored[bucket])
	}
}

// measureAll counts the objects of the data directory.
func (s *Store) measureAll() {
	s.buckets.Scan(func(_ string, b *bucket) bool {
		for _, r := range b.objects.Values() {
			s.measure(nil, r)
		}
		return true
	})
}
