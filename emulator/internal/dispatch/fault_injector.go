package dispatch

import (
	"math/rand/v2"
	"time"
)

// Faults make delivery as unreliable as Google's guarantee, at least once and unordered, allows, to find
// handlers that rely on more.
type Faults struct {
	Twice   bool          // send each request twice; the second response is ignored
	Shuffle bool          // send due requests in random order
	Delay   time.Duration // delay each request by a random time up to this one, on the cloud's clock
	Seed    uint64        // seed of the random choices, which makes them reproducible
}

// FaultInjector makes the random choices for Faults. The zero value injects none. It is not safe for
// concurrent use.
type FaultInjector struct {
	Faults
	random *rand.Rand
}

// NewFaultInjector returns an injector for f.
func NewFaultInjector(f Faults) FaultInjector {
	return FaultInjector{Faults: f, random: rand.New(rand.NewPCG(f.Seed, f.Seed))}
}

// RandomDelay returns how long to delay the next request.
func (i *FaultInjector) RandomDelay() time.Duration {
	if i.Delay <= 0 {
		return 0
	}
	return time.Duration(i.random.Int64N(int64(i.Delay) + 1))
}
