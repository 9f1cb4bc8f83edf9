package tasks

import (
	"math/rand/v2"
	"time"
)

// Faults make delivery as bad as Cloud Tasks' promise allows, "at least once, in no order", so that a test finds the
// handler that counts on more.
type Faults struct {
	Twice   bool          // send every request twice, at once; the second one's answer changes nothing
	Shuffle bool          // dispatch the tasks that are due in a random order
	Delay   time.Duration // hold every request back for a random time up to this one, by the cloud's clock
	Seed    uint64        // of the randomness; the same seed makes the same choices in the same order
}

// SetFaults sets what goes wrong from now on, in all queues. The zero Faults ends it.
func (s *Server) SetFaults(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
	s.random = rand.New(rand.NewPCG(f.Seed, f.Seed))
}

// hold is how long to hold the next request back. The mutex is held.
func (s *Server) hold() time.Duration {
	if s.faults.Delay <= 0 {
		return 0
	}
	return time.Duration(s.random.Int64N(int64(s.faults.Delay) + 1))
}
