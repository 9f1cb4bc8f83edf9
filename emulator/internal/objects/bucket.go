package objects

import (
	"encoding/json"
	"maps"
	"strings"
	"time"

	"github.com/tidwall/btree"
)

// Bucket describes a bucket.
type Bucket struct {
	Name           string
	Location       string // "US" by default
	StorageClass   string // default for new objects
	Metageneration int64
	Created        time.Time
	Updated        time.Time
	// Settings are the other fields of the bucket resource (cors, labels, lifecycle, …) by JSON
	// name. They are stored and returned but have no effect.
	Settings map[string]json.RawMessage
}

// bucket is a bucket and its objects by name. It is guarded by Store.mu.
type bucket struct {
	Bucket
	objects btree.Map[string, *record]
}

// live returns the live generation of an object, or nil.
func (b *bucket) live(name string) *record {
	r, _ := b.objects.Get(name)
	return r
}

// at returns the object that ref names in b, or an ObjectNotFound [Error].
func (b *bucket) at(ref Ref) (*record, error) {
	r := b.live(ref.Name)
	if r == nil || ref.Generation != 0 && ref.Generation != r.Generation {
		return nil, objectNotFound(ref.Bucket, ref.Name)
	}
	return r, nil
}

// CreateBucket creates a bucket with b's name, location, storage class and settings, and returns
// it. The error is a Conflict [Error] if the bucket exists.
func (s *Store) CreateBucket(b Bucket) (Bucket, error) {
	if err := CheckBucketName(b.Name); err != nil {
		return Bucket{}, err
	}
	s.commit.Lock()
	defer s.commit.Unlock()
	if err := s.checkWritable(); err != nil {
		return Bucket{}, err
	}
	if _, ok := s.buckets.Get(b.Name); ok {
		return Bucket{}, errorf(Conflict, "Your previous request to create the named bucket succeeded and you already own it.")
	}
	if b.Location == "" {
		b.Location = "US"
	}
	if b.StorageClass == "" {
		b.StorageClass = "STANDARD"
	}
	b.Location = strings.ToUpper(b.Location)
	b.Metageneration, b.Created = 1, s.now()
	b.Updated = b.Created
	if err := s.disk.saveBucket(b); err != nil {
		return Bucket{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buckets.Set(b.Name, &bucket{Bucket: b})
	return b, nil
}

// Bucket returns a bucket. Preconditions on the generation are ignored.
func (s *Store) Bucket(name string, c Conditions) (Bucket, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b, err := s.bucket(name, c)
	if err != nil {
		return Bucket{}, err
	}
	return b.Bucket, nil
}

// bucket returns the named bucket. The caller holds mu or commit.
func (s *Store) bucket(name string, c Conditions) (*bucket, error) {
	b, ok := s.buckets.Get(name)
	if !ok {
		return nil, errorf(BucketNotFound, "The specified bucket does not exist.")
	}
	c.GenerationMatch, c.GenerationNotMatch = nil, nil
	return b, c.check(0, b.Metageneration)
}

// Buckets returns all buckets, ordered by name.
func (s *Store) Buckets() []Bucket {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []Bucket
	s.buckets.Scan(func(_ string, b *bucket) bool {
		all = append(all, b.Bucket)
		return true
	})
	return all
}

// UpdateBucket calls change with a copy of the bucket's settings and saves the result.
func (s *Store) UpdateBucket(name string, c Conditions, change func(settings map[string]json.RawMessage) error) (Bucket, error) {
	s.commit.Lock()
	defer s.commit.Unlock()
	if err := s.checkWritable(); err != nil {
		return Bucket{}, err
	}
	b, err := s.bucket(name, c)
	if err != nil {
		return Bucket{}, err
	}
	next := b.Bucket
	next.Settings = maps.Clone(next.Settings)
	if next.Settings == nil {
		next.Settings = map[string]json.RawMessage{}
	}
	if err := change(next.Settings); err != nil {
		return Bucket{}, err
	}
	next.Metageneration++
	next.Updated = s.now()
	if err := s.disk.saveBucket(next); err != nil {
		return Bucket{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b.Bucket = next
	return next, nil
}

// DeleteBucket removes an empty bucket. The error is a Conflict [Error] if the bucket has objects.
func (s *Store) DeleteBucket(name string, c Conditions) error {
	s.commit.Lock()
	defer s.commit.Unlock()
	if err := s.checkWritable(); err != nil {
		return err
	}
	b, err := s.bucket(name, c)
	if err != nil {
		return err
	}
	if b.objects.Len() > 0 {
		return errorf(Conflict, "The bucket you tried to delete is not empty.")
	}
	return s.removeBucket(name)
}

// removeBucket removes an empty bucket. The caller holds commit.
func (s *Store) removeBucket(name string) error {
	if err := s.disk.removeBucket(name); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buckets.Delete(name)
	return nil
}
