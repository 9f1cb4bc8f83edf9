package objects

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidwall/btree"

	"heek.kr/heektime/emulator/clock"
)

// Config says how a store works. Only Clock is required; zero limits mean the defaults.
type Config struct {
	Clock   *clock.Clock
	DataDir string // where to keep everything; empty: memory only

	// MaxObjectBytes is the size of the largest object, 256 MiB by default. The real service takes 5 TiB, but here
	// an object may have to fit in memory beside others, and a timetable service has none of that size.
	MaxObjectBytes int64
	// MaxPendingBytes bounds what all uploads under way hold together, 1 GiB by default.
	MaxPendingBytes int64
	// MaxUploads bounds the resumable uploads that are remembered, finished ones included, 1000 by default.
	MaxUploads int
}

// Store keeps buckets and objects. Its methods can be called by any number of goroutines.
type Store struct {
	clock      *clock.Clock
	maxObject  int64
	maxPending int64
	pending    atomic.Int64 // bytes in drafts
	uploads    uploads
	disk       *disk // nil: memory only

	// Writers take commit for all of a change, disk included, one after the other; so reading under commit needs no
	// other lock. They take mu only for the moment in which readers must not look.
	commit sync.Mutex
	mu     sync.RWMutex
	closed bool // guarded by commit

	buckets btree.Map[string, *bucket]
	last    int64 // the highest generation given; guarded by commit
}

// Open makes a store, and reads back what is in the data directory. It fails on a directory that another process uses,
// and on a damaged file, which the error names.
func Open(cfg Config) (*Store, error) {
	if cfg.Clock == nil {
		return nil, errors.New("objects: Config.Clock is missing")
	}
	s := &Store{
		clock:      cfg.Clock,
		maxObject:  orDefault(cfg.MaxObjectBytes, 256<<20),
		maxPending: orDefault(cfg.MaxPendingBytes, 1<<30),
		uploads:    uploads{max: orDefault(cfg.MaxUploads, 1000), byID: map[string]*Upload{}},
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
	return s, nil
}

func orDefault[T int | int64](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}

// Close ends the store: whatever is written afterwards fails. Unfinished uploads are lost.
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

// Reset removes all objects and buckets and forgets all uploads. Generations go on rising.
func (s *Store) Reset() error {
	s.uploads.clear()
	s.commit.Lock()
	defer s.commit.Unlock()
	if err := s.writable(); err != nil {
		return err
	}
	for _, b := range s.Buckets() {
		in, _ := s.buckets.Get(b.Name)
		for _, r := range in.objects.Values() {
			if err := s.remove(in, r); err != nil {
				return err
			}
		}
		if err := s.dropBucket(b.Name); err != nil {
			return err
		}
	}
	return nil
}

// writable wants commit to be held.
func (s *Store) writable() error {
	if s.closed {
		return errors.New("the object store is closed")
	}
	return s.disk.usable()
}

// now is the time in the precision that Cloud Storage shows.
func (s *Store) now() time.Time { return s.clock.Now().UTC().Truncate(time.Millisecond) }

// nextGeneration wants commit to be held.
func (s *Store) nextGeneration() int64 {
	s.last = max(s.last+1, s.clock.Now().UnixMicro())
	return s.last
}
