package wal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Snapshot is a snapshot that is being written.
type Snapshot struct {
	j      *Log
	number uint64
	seq    uint64 // of the slot that opens the log after it
	size   int64  // of the journal when it was begun
	file   *os.File
	w      *bufio.Writer
	frame  []byte
}

// Rotate begins a snapshot of everything up to now: slots reserved before belong to it, later ones come after it. The
// caller holds the lock under which it reserves slots, takes hold of its state, and writes that at leisure with
// [Snapshot.Write] and [Snapshot.Finish].
func (j *Log) Rotate() (*Snapshot, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return nil, j.err
	}
	if j.closing {
		return nil, ErrClosed
	}
	j.last++
	s := j.reserve()
	s.log, s.ready = j.last, true
	if j.queue[0] == s {
		j.work.Signal()
	}
	return &Snapshot{j: j, number: j.last, seq: s.Seq, size: j.size.Load()}, nil
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
	return filepath.Join(s.j.dir, fmt.Sprintf("%016d.tmp", s.number))
}

// Finish makes the snapshot durable; from then on it stands for everything before it, and older files are removed.
func (s *Snapshot) Finish() error {
	if s.file == nil { // an empty state is a state
		f, err := createFile(s.temporary())
		if err != nil {
			return fmt.Errorf("write snapshot: %w", err)
		}
		s.file, s.w = f, bufio.NewWriter(f)
	}
	err := errors.Join(s.w.Flush(), s.file.Sync(), s.file.Close())
	if err == nil {
		err = s.j.Wait(s.seq) // the log after it is there
	}
	if err == nil {
		err = os.Rename(s.temporary(), filepath.Join(s.j.dir, snapName(s.number)))
	}
	if err == nil {
		err = syncDir(s.j.dir)
	}
	if err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	s.j.size.Add(-s.size)
	return removeBefore(s.j.dir, s.number)
}

// Abandon gives up a snapshot. The journal stays as it is.
func (s *Snapshot) Abandon() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.temporary())
	}
}

// createFile makes a file that begins with the magic. It is durable at once, so that what is appended can be found.
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
