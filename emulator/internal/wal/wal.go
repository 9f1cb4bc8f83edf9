// Package wal keeps records on disk so that what was acknowledged survives a crash at any moment.
//
// A journal is a directory of its own with numbered files. Records are appended to the newest log; [Journal.Append]
// returns when its record is on disk, and appends that come together share one write and one fsync. Now and then the
// owner writes its whole state as a snapshot ([Journal.Rotate]), and older files go. [Open] hands the last snapshot's
// records and those after it to the owner.
//
// Every record is framed with checksums. A log that ends in the middle of a record, as a crash leaves it, is cut
// there: that record was never acknowledged. Anything else that does not fit is an error which names the file and the
// place; nothing is ever repaired by throwing records away.
package wal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// ErrClosed is returned by operations on a closed journal.
var ErrClosed = errors.New("journal is closed")

// Journal is an open journal. It is safe for concurrent use.
type Log struct {
	dir    string
	lock   *os.File
	number uint64 // of the log that is written to; only the flusher's
	file   *os.File

	durable atomic.Uint64 // the sequence number up to which everything is on disk
	size    atomic.Int64  // bytes in logs since the last snapshot

	mu      sync.Mutex // guards what follows
	work    *sync.Cond // the first of queue has become ready
	done    *sync.Cond // durable has grown, or err is set
	queue   []*Slot
	next    uint64 // the sequence number that the next slot gets
	last    uint64 // the number of the newest log, counting those that queue will open
	err     error  // what ended the journal
	closing bool
	flushed chan struct{} // closed when the flusher has ended
}

// Open locks the directory, which is made if need be, and calls replay for every record, oldest first; replay must not
// keep the slice. A directory that another process uses, a damaged file or a failing replay is an error.
func Open(dir string, replay func(record []byte) error) (*Log, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	lock, err := Lock(dir)
	if err != nil {
		return nil, err
	}
	j := &Log{dir: dir, lock: lock, flushed: make(chan struct{})}
	j.work, j.done = sync.NewCond(&j.mu), sync.NewCond(&j.mu)
	if err := j.recover(replay); err != nil {
		lock.Close()
		return nil, err
	}
	j.last = j.number
	go j.flush()
	return j, nil
}

// Slot is a place in the order of records, whose record is still to come.
type Slot struct {
	j     *Log
	Seq   uint64 // its number in the order of slots, from 1
	frame []byte
	ready bool
	log   uint64 // for a slot that opens a new log: its number
}

// Reserve takes the next place in the order. The caller must call [Slot.Fill] soon: everything behind waits for it.
func (j *Log) Reserve() *Slot {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.reserve()
}

func (j *Log) reserve() *Slot {
	j.next++
	s := &Slot{j: j, Seq: j.next}
	j.queue = append(j.queue, s)
	return s
}

// Fill puts a record at the slot's place; nil leaves the place without one. It does not wait; [Journal.Wait] does.
func (s *Slot) Fill(record []byte) {
	var frame []byte
	if record != nil {
		frame = appendFrame(make([]byte, 0, len(record)+frameBytes), record)
	}
	s.j.mu.Lock()
	defer s.j.mu.Unlock()
	s.frame, s.ready = frame, true
	if len(s.j.queue) > 0 && s.j.queue[0] == s {
		s.j.work.Signal()
	}
}

// Wait returns when everything up to the slot with that number is on disk, or with what prevents it.
func (j *Log) Wait(seq uint64) error {
	if j.durable.Load() >= seq {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.durable.Load() < seq && j.err == nil {
		j.done.Wait()
	}
	if j.durable.Load() >= seq {
		return nil
	}
	return j.err
}

// Append adds a record and returns when it is on disk.
func (j *Log) Append(record []byte) error {
	s := j.Reserve()
	s.Fill(record)
	return j.Wait(s.Seq)
}

// Size is how many bytes of records came after the last snapshot.
func (j *Log) Size() int64 { return j.size.Load() }

// Close waits until all slots are on disk and releases the directory.
func (j *Log) Close() error {
	j.mu.Lock()
	if j.closing {
		j.mu.Unlock()
		<-j.flushed
		return nil
	}
	j.closing = true
	j.work.Signal()
	j.mu.Unlock()
	<-j.flushed
	j.mu.Lock()
	err := j.err
	j.mu.Unlock()
	if errors.Is(err, ErrClosed) {
		err = nil
	}
	return errors.Join(err, j.file.Close(), j.lock.Close())
}

// flush writes what is ready, in order, until the journal is closed or broken.
func (j *Log) flush() {
	defer close(j.flushed)
	var buf []byte
	for {
		batch := j.take()
		if batch == nil {
			j.stop(ErrClosed)
			return
		}
		if cap(buf) > 1<<20 {
			buf = nil
		}
		buf = buf[:0]
		var err error
		for _, s := range batch {
			if s.log != 0 {
				if err = j.write(buf); err == nil {
					err = j.startLog(s.log)
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
			err = j.write(buf)
		}
		if err != nil {
			j.stop(fmt.Errorf("journal %s: %w", j.dir, err))
			return
		}
		j.mu.Lock()
		j.durable.Store(batch[len(batch)-1].Seq)
		j.done.Broadcast()
		j.mu.Unlock()
	}
}

// take waits for slots that are ready and takes them off the queue; it returns nil when the journal is to be closed.
func (j *Log) take() []*Slot {
	j.mu.Lock()
	defer j.mu.Unlock()
	for {
		n := 0
		for n < len(j.queue) && j.queue[n].ready {
			n++
		}
		if n > 0 {
			batch := j.queue[:n:n]
			j.queue = append([]*Slot(nil), j.queue[n:]...)
			return batch
		}
		if j.closing && len(j.queue) == 0 {
			return nil
		}
		j.work.Wait()
	}
}

// write appends frames to the log and makes them durable.
func (j *Log) write(frames []byte) error {
	if len(frames) == 0 {
		return nil
	}
	if _, err := j.file.Write(frames); err != nil {
		return err
	}
	j.size.Add(int64(len(frames)))
	return j.file.Sync()
}

// startLog makes the next records go to a new file.
func (j *Log) startLog(number uint64) error {
	f, err := createFile(filepath.Join(j.dir, logName(number)))
	if err != nil {
		return err
	}
	old := j.file
	j.file, j.number = f, number
	if old != nil {
		return old.Close()
	}
	return nil
}

func (j *Log) stop(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.err = err
	j.done.Broadcast()
}
