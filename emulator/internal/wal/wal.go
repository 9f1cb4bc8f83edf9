// Package wal is a write-ahead log: it keeps records on disk so that acknowledged changes survive a
// crash at any moment.
//
// A [Log] is a directory of numbered segment files. Records are appended to the newest segment.
// [Log.Append] returns when its record is on disk; concurrent appends share one write and one fsync.
// Now and then the owner writes its whole state as a snapshot ([Log.Rotate]), which replaces all
// older files. [Open] replays the records of the last snapshot and of the segments after it.
//
// Every record is framed with checksums. A segment that ends in the middle of a record, as after a
// crash, is truncated there: that record was never acknowledged. Any other mismatch is an error that
// names the file and the offset. The log never repairs itself by dropping records.
package wal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// ErrClosed is returned by operations on a closed log.
var ErrClosed = errors.New("write-ahead log is closed")

// Log is an open write-ahead log. It is safe for concurrent use.
type Log struct {
	dir    string
	lock   *os.File
	number uint64 // of the current segment; used only by the flush goroutine
	file   *os.File

	durable atomic.Uint64 // the sequence number up to which everything is on disk
	size    atomic.Int64  // bytes in segments since the last snapshot

	mu      sync.Mutex // guards the fields below
	work    *sync.Cond // signaled when the first slot of queue becomes ready
	done    *sync.Cond // signaled when durable grows or err is set
	queue   []*Slot
	next    uint64 // the last sequence number assigned to a slot
	last    uint64 // the newest segment's number, including segments that queue has yet to start
	err     error  // why the log stopped
	closing bool
	flushed chan struct{} // closed when the flush goroutine returns
}

// Open locks the directory, creating it if necessary, and calls replay for every record, oldest
// first. replay must not keep the slice. Open fails if another process uses the directory, a file is
// damaged, or replay fails.
func Open(dir string, replay func(record []byte) error) (*Log, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	lock, err := Lock(dir)
	if err != nil {
		return nil, err
	}
	l := &Log{dir: dir, lock: lock, flushed: make(chan struct{})}
	l.work, l.done = sync.NewCond(&l.mu), sync.NewCond(&l.mu)
	if err := l.recover(replay); err != nil {
		lock.Close()
		return nil, err
	}
	l.last = l.number
	go l.flush()
	return l, nil
}

// Slot is a reserved position in the log whose record is filled in later.
type Slot struct {
	log     *Log
	Seq     uint64 // position in the order of slots, from 1
	frame   []byte
	ready   bool
	segment uint64 // the segment that the slot starts, 0 for a slot that holds a record
}

// Reserve reserves the next position. The caller must call [Slot.Fill] soon: every later slot waits
// for it.
func (l *Log) Reserve() *Slot {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reserve()
}

func (l *Log) reserve() *Slot {
	l.next++
	s := &Slot{log: l, Seq: l.next}
	l.queue = append(l.queue, s)
	return s
}

// Fill sets the slot's record; nil leaves the slot empty. It does not wait until the record is on
// disk; [Log.Wait] does.
func (s *Slot) Fill(record []byte) {
	var frame []byte
	if record != nil {
		frame = appendFrame(make([]byte, 0, len(record)+frameBytes), record)
	}
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.frame, s.ready = frame, true
	if len(s.log.queue) > 0 && s.log.queue[0] == s {
		s.log.work.Signal()
	}
}

// Wait returns when everything up to the slot with sequence number seq is on disk, or when the log
// has failed.
func (l *Log) Wait(seq uint64) error {
	if l.durable.Load() >= seq {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.durable.Load() < seq && l.err == nil {
		l.done.Wait()
	}
	if l.durable.Load() >= seq {
		return nil
	}
	return l.err
}

// Err returns why the log accepts no more records, such as a full disk, or nil.
func (l *Log) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Durable returns the sequence number up to which everything is on disk.
func (l *Log) Durable() uint64 { return l.durable.Load() }

// Append appends a record and returns when it is on disk.
func (l *Log) Append(record []byte) error {
	s := l.Reserve()
	s.Fill(record)
	return l.Wait(s.Seq)
}

// Size returns the number of bytes appended since the last snapshot.
func (l *Log) Size() int64 { return l.size.Load() }

// Close waits until all slots are on disk and unlocks the directory.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closing {
		l.mu.Unlock()
		<-l.flushed
		return nil
	}
	l.closing = true
	l.work.Signal()
	l.mu.Unlock()
	<-l.flushed
	l.mu.Lock()
	err := l.err
	l.mu.Unlock()
	if errors.Is(err, ErrClosed) {
		err = nil
	}
	return errors.Join(err, l.file.Close(), l.lock.Close())
}

// flush writes ready slots in order until the log is closed or fails.
func (l *Log) flush() {
	defer close(l.flushed)
	var buf []byte
	for {
		batch := l.take()
		if batch == nil {
			l.stop(ErrClosed)
			return
		}
		if cap(buf) > 1<<20 {
			buf = nil
		}
		buf = buf[:0]
		var err error
		for _, s := range batch {
			if s.segment != 0 {
				if err = l.write(buf); err == nil {
					err = l.startSegment(s.segment)
				}
				buf = buf[:0]
			} else {
				buf = append(buf, s.frame...)
			}
			if err != nil {
				break
			}
		}
		if err == nil {
			err = l.write(buf)
		}
		if err != nil {
			l.stop(fmt.Errorf("write-ahead log %s: %w", l.dir, err))
			return
		}
		l.mu.Lock()
		l.durable.Store(batch[len(batch)-1].Seq)
		l.done.Broadcast()
		l.mu.Unlock()
	}
}

// take waits for ready slots and removes them from the queue. It returns nil when the log is closing
// and the queue is empty.
func (l *Log) take() []*Slot {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		n := 0
		for n < len(l.queue) && l.queue[n].ready {
			n++
		}
		if n > 0 {
			batch := l.queue[:n:n]
			l.queue = append([]*Slot(nil), l.queue[n:]...)
			return batch
		}
		if l.closing && len(l.queue) == 0 {
			return nil
		}
		l.work.Wait()
	}
}

// write appends frames to the current segment and makes them durable.
func (l *Log) write(frames []byte) error {
	if len(frames) == 0 {
		return nil
	}
	if _, err := l.file.Write(frames); err != nil {
		return err
	}
	l.size.Add(int64(len(frames)))
	return l.file.Sync()
}

// startSegment starts a new segment, to which later records are appended.
func (l *Log) startSegment(number uint64) error {
	f, err := createFile(filepath.Join(l.dir, segmentName(number)))
	if err != nil {
		return err
	}
	old := l.file
	l.file, l.number = f, number
	if old != nil {
		return old.Close()
	}
	return nil
}

func (l *Log) stop(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
	l.done.Broadcast()
}
