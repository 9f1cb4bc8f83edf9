package objects

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidwall/btree"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/clock"
)

// Config configures a [Store]. Only Clock is required; zero limits mean the defaults.
type Config struct {
	Clock   *clock.Clock
	DataDir string         // data directory; empty: memory only
	Meter   *billing.Meter // counts the stored bytes; nil counts nothing

	// MaxObjectBytes is the size of the largest object; the default is 256 MiB. Cloud Storage
	// accepts 5 TiB, but without a data directory all objects must fit in memory.
	MaxObjectBytes int64
	// MaxPendingBytes limits the total size of all unfinished uploads; the default is 1 GiB.
	MaxPendingBytes int64
	// MaxUploads limits the number of resumable uploads, including those that finished and are
	// kept for retries; the default is 1000.
	MaxUploads int
}

// Store stores buckets and objects. It is safe for concurrent use.
type Store struct {
	clock      *clock.Clock
	maxObject  int64
	maxPending int64
	pending    atomic.Int64 // bytes in drafts
	uploads    uploads
	disk       *disk // nil: memory only

	// Writers hold commit during the whole change, disk included, so code that holds commit may
	// read without mu. They hold mu only while they change what readers see.
	commit sync.Mutex
	mu     sync.RWMutex
	closed bool // guarded by commit

	buckets btree.Map[string, *bucket]
	last    int64 // the highest generation assigned; guarded by commit

	meter  *billing.Meter
	stored map[string]int64 // billed bytes by bucket; guarded by commit
}

// Open returns a store with the contents of its data directory. It fails if another process uses
// the directory or a file is damaged; the error names the file.
func Open(cfg Config) (*Store, error) {
	if cfg.Clock == nil {
		return nil, errors.New("objects: Config.Clock is missing")
	}
	s := &Store{
		clock:      cfg.Clock,
		maxObject:  positiveOr(cfg.MaxObjectBytes, 256<<20),
		maxPending: positiveOr(cfg.MaxPendingBytes, 1<<30),
		meter:      cfg.Meter,
		stored:     map[string]int64{},
		uploads:    uploads{max: positiveOr(cfg.MaxUploads, 1000), byID: map[string]*Upload{}},
	}
	if cfg.DataDir != "" {
		d, err := openDisk(cfg.DataDir)
		if err != nil {
			return nil, err
		}
		s.disk = d
		if err := d.load(s); err != nil {
			d.close()
			return nil, err
		}
	}
	s.measureAll()
	return s, nil
}

// positiveOr returns v, or fallback if v is not positive.
func positiveOr[T int | int64](v, fallback T) T {
	if v > 0 {
		return v
	}
	return fallback
}

// Close closes the store; later writes fail. Unfinished uploads are lost.
func (s *Store) Close() error {
	s.uploads.clear()
	s.commit.Lock()
	defer s.commit.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return s.disk.close()
}

// Reset removes all objects, buckets and uploads. Generations keep increasing.
func (s *Store) Reset() error {
	s.uploads.clear()
	s.commit.Lock()
	defer s.commit.Unlock()
	if err := s.checkWritable(); err != nil {
		return err
	}
	for _, b := range s.Buckets() {
		in, _ := s.buckets.Get(b.Name)
		for _, r := range in.objects.Values() {
			if err := s.remove(in, r); err != nil {
				return err
			}
		}
		if err := s.removeBucket(b.Name); err != nil {
			return err
		}
	}
	return nil
}

// checkWritable returns an error if the store cannot be written to. The caller holds commit.
func (s *Store) checkWritable() error {
	if s.closed {
		return errors.New("the object store is closed")
	}
	return s.disk.checkUsable()
}

// now returns the time with the precision of Cloud Storage.
func (s *Store) now() time.Time { return s.clock.Now().UTC().Truncate(time.Millisecond) }

// nextGeneration assigns a generation. The caller holds commit.
func (s *Store) nextGeneration() int64 {
	s.last = max(s.last+1, s.clock.Now().UnixMicro())
	return s.last
}
