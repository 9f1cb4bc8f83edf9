package dispatch

import (
	"math/rand/v2"
	"time"
)

// Faults make delivery as bad as "at least once, in no order" allows, so that a test finds the handler
// that relies on more.
type Faults struct {
	Twice   bool          // send every request twice, and ignore the second response
	Shuffle bool          // send what is due in random order
	Delay   time.Duration // delay every request by a random time up to this one, by the cloud's clock
	Seed    uint64        // of the random numbers; the same seed makes the same choices in the same order
}

// FaultInjector injects [Faults]. The zero value injects none. It is not safe for concurrent use.
type FaultInjector struct {
	Faults
	random *rand.Rand
}

// NewFaultInjector returns an injector of faults.
func NewFaultInjector(f Faults) FaultInjector {
	return FaultInjector{Faults: f, random: rand.New(rand.NewPCG(f.Seed, f.Seed))}
}

// RandomDelay returns how long to delay the next request.
func (m *FaultInjector) RandomDelay() time.Duration {
	if m.Delay <= 0 {
		return 0
	}
	return time.Duration(m.random.Int64N(int64(m.Delay) + 1))
}
