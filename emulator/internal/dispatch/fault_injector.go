package dispatch

import (
	"math/rand/v2"
	"time"
)

// Faults make delivery as bad as Google's promise allows, "at least once, in no order", so that a test finds the handler
// that counts on more.
type Faults struct {
	Twice   bool          // send every request twice; the second one's answer changes nothing
	Shuffle bool          // send what is due in a random order
	Delay   time.Duration // hold every request back for a random time up to this one, by the cloud's clock
	Seed    uint64        // of the randomness; the same seed makes the same choices in the same order
}

// Mischief are Faults with their randomness. The zero value makes none. It is not safe for concurrent use.
type FaultInjector struct {
	Faults
	random *rand.Rand
}

// NewMischief returns the Mischief that faults ask for.
func NewFaultInjector(f Faults) FaultInjector {
	return FaultInjector{Faults: f, random: rand.New(rand.NewPCG(f.Seed, f.Seed))}
}

// Hold is how long to hold the next request back.
func (m *FaultInjector) RandomDelay() time.Duration {
	if m.Delay <= 0 {
		return 0
	}
	return time.Duration(m.random.Int64N(int64(m.Delay) + 1))
}
