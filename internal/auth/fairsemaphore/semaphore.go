// Package fairsemaphore shares a few places among many who want one, so that who comes often does not keep out who comes once.
package fairsemaphore

import (
	"context"
	"errors"
	"sync"
)

// ErrFull says that a client has as many waiting as it may.
var ErrFull = errors.New("too many wait already")

// Gate lets some in at a time; the others wait in a queue for each client, and the clients take turns. It is safe for
// concurrent use.
type Semaphore struct {
	perClient int

	mu     sync.Mutex
	free   int
	queues map[string][]chan struct{}
	turns  []string // the clients with a queue, whose turn is next first
}

// New makes a gate with so many places, where each client may have perClient waiting. Both must be positive.
func New(places, perClient int) *Semaphore {
	return &Semaphore{perClient: perClient, free: places, queues: map[string][]chan struct{}{}}
}

// Enter waits for a place. Who gets in calls leave exactly once. The error is [ErrFull] or the context's.
func (g *Semaphore) Enter(ctx context.Context, client string) (leave func(), err error) {
	g.mu.Lock()
	if g.free > 0 {
		g.free--
		g.mu.Unlock()
		return g.leave, nil
	}
	queue := g.queues[client]
	if len(queue) >= g.perClient {
		g.mu.Unlock()
		return nil, ErrFull
	}
	if len(queue) == 0 {
		g.turns = append(g.turns, client)
	}
	place := make(chan struct{})
	g.queues[client] = append(queue, place)
	g.mu.Unlock()
	select {
	case <-place:
		return g.leave, nil
	case <-ctx.Done():
	}
	if !g.withdraw(client, place) {
		g.leave() // the place came at the same moment
	}
	return nil, context.Cause(ctx)
}

// leave gives the place to the next.
func (g *Semaphore) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.turns) == 0 {
		g.free++
		return
	}
	client := g.turns[0]
	g.turns = g.turns[1:]
	queue := g.queues[client]
	close(queue[0])
	if len(queue) == 1 {
		delete(g.queues, client)
		return
	}
	g.queues[client] = queue[1:]
	g.turns = append(g.turns, client)
}

// withdraw takes a place out of the queue. It says whether it was still there.
func (g *Semaphore) withdraw(client string, place chan struct{}) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	queue := g.queues[client]
	for i, p := range queue {
		if p != place {
			continue
		}
		if len(queue) > 1 {
			g.queues[client] = append(queue[:i:i], queue[i+1:]...)
			return true
		}
		delete(g.queues, client)
		for j, c := range g.turns {
			if c == client {
				g.turns = append(g.turns[:j:j], g.turns[j+1:]...)
				break
			}
		}
		return true
	}
	return false
}

// Waiting is how many wait.
func (g *Semaphore) Waiting() (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, queue := range g.queues {
		n += len(queue)
	}
	return n
}
