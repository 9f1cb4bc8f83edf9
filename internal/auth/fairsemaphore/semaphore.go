// Package fairsemaphore limits concurrency and shares the slots fairly among clients, so that frequent
// callers cannot starve occasional ones.
package fairsemaphore

import (
	"context"
	"errors"
	"sync"
)

// ErrFull means that the client already has as many callers waiting as it may.
var ErrFull = errors.New("too many callers are waiting already")

// Semaphore has a fixed number of slots. When all are taken, callers wait in one queue per client, and
// the clients take turns. It is safe for concurrent use.
type Semaphore struct {
	maxQueue int

	mu     sync.Mutex
	free   int
	queues map[string][]chan struct{}
	turns  []string // the clients with a queue, the next one first
}

// New creates a semaphore with the given number of slots. Each client may have maxQueue callers
// waiting. Both numbers must be positive.
func New(slots, maxQueue int) *Semaphore {
	return &Semaphore{maxQueue: maxQueue, free: slots, queues: map[string][]chan struct{}{}}
}

// Acquire waits for a slot. The caller must call release exactly once. The error is [ErrFull] or the
// context's cause.
func (s *Semaphore) Acquire(ctx context.Context, client string) (release func(), err error) {
	s.mu.Lock()
	if s.free > 0 {
		s.free--
		s.mu.Unlock()
		return s.release, nil
	}
	queue := s.queues[client]
	if len(queue) >= s.maxQueue {
		s.mu.Unlock()
		return nil, ErrFull
	}
	if len(queue) == 0 {
		s.turns = append(s.turns, client)
	}
	granted := make(chan struct{})
	s.queues[client] = append(queue, granted)
	s.mu.Unlock()
	select {
	case <-granted:
		return s.release, nil
	case <-ctx.Done():
	}
	if !s.dequeue(client, granted) {
		s.release() // the slot was granted at the same moment
	}
	return nil, context.Cause(ctx)
}

// release hands the slot to the first caller of the client whose turn it is.
func (s *Semaphore) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.turns) == 0 {
		s.free++
		return
	}
	client := s.turns[0]
	s.turns = s.turns[1:]
	queue := s.queues[client]
	close(queue[0])
	if len(queue) == 1 {
		delete(s.queues, client)
		return
	}
	s.queues[client] = queue[1:]
	s.turns = append(s.turns, client)
}

// dequeue removes a waiting caller and reports whether it was still waiting.
func (s *Semaphore) dequeue(client string, granted chan struct{}) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	queue := s.queues[client]
	for i, c := range queue {
		if c != granted {
			continue
		}
		if len(queue) > 1 {
			s.queues[client] = append(queue[:i:i], queue[i+1:]...)
			return true
		}
		delete(s.queues, client)
		for j, c := range s.turns {
			if c == client {
				s.turns = append(s.turns[:j:j], s.turns[j+1:]...)
				break
			}
		}
		return true
	}
	return false
}

// Waiting returns the number of waiting callers.
func (s *Semaphore) Waiting() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, queue := range s.queues {
		n += len(queue)
	}
	return n
}
