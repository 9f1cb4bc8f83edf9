package wal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Snapshot is a snapshot being written.
type Snapshot struct {
	log    *Log
	number uint64
	seq    uint64 // of the slot that starts the segment after it
	size   int64  // of the log when the snapshot began
	file   *os.File
	w      *bufio.Writer
	frame  []byte
}

// Rotate begins a snapshot of everything up to now: slots reserved before belong to it, later ones
// come after it. The caller must hold the lock under which it reserves slots, and capture its state
// under that lock; it can then release the lock and write the state with [Snapshot.Write] and
// [Snapshot.Finish].
func (l *Log) Rotate() (*Snapshot, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return nil, l.err
	}
	if l.closing {
		return nil, ErrClosed
	}
	l.last++
	s := l.reserve()
	s.segment, s.ready = l.last, true
	if l.queue[0] == s {
		l.work.Signal()
	}
	return &Snapshot{log: l, number: l.last, seq: s.Seq, size: l.size.Load()}, nil
}

// Write adds a record to the snapshot.
func (s *Snapshot) Write(record []byte) error {
	if s.file == nil {
		f, err := createFile(s.temporary())
		if err != nil {
			return fmt.Errorf("write snapshot: %w", err)
		}
		s.file, s.w = f, bufio.NewWriterSize(f, 1<<18)
	}
	s.frame = appendFrame(s.frame[:0], record)
	if _, err := s.w.Write(s.frame); err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	return nil
}

func (s *Snapshot) temporary() string {
	return filepath.Join(s.log.dir, fmt.Sprintf("%016d.tmp", s.number))
}

// Finish makes the snapshot durable and removes the older files, which it replaces.
func (s *Snapshot) Finish() error {
	if s.file == nil { // the state is empty, but it must still replace the older files
		f, err := createFile(s.temporary())
		if err != nil {
			return fmt.Errorf("write snapshot: %w", err)
		}
		s.file, s.w = f, bufio.NewWriter(f)
	}
	err := errors.Join(s.w.Flush(), s.file.Sync(), s.file.Close())
	if err == nil {
		err = s.log.Wait(s.seq) // until the segment after the snapshot exists
	}
	if err == nil {
		err = os.Rename(s.temporary(), filepath.Join(s.log.dir, snapshotName(s.number)))
	}
	if err == nil {
		err = syncDir(s.log.dir)
	}
	if err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	s.log.size.Add(-s.size)
	return removeBefore(s.log.dir, s.number)
}

// Abandon discards the snapshot and leaves the log as it is.
func (s *Snapshot) Abandon() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.temporary())
	}
}

// createFile creates a file that begins with the magic. Its directory entry is durable when
// createFile returns, so that recovery finds what is appended later.
func createFile(name string) (*os.File, error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if _, err = io.WriteString(f, magic); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = syncDir(filepath.Dir(name))
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
