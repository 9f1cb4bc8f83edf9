package documentwriter

import (
	"context"
	"fmt"
	"math"
	"time"

	"golang.org/x/time/rate"
)

// Google's advice for new traffic, known as 500/50/5: start with at most 500 operations a second to a new
// collection, then increase by 50 % every 5 minutes, so that Firestore has time to split its key ranges.
// Google's Go client does not keep to it: its BulkWriter allows 10,000 writes a second from the start.
// Source: https://cloud.google.com/firestore/docs/best-practices#ramping_up_traffic
const (
	rampStart  = 500 // writes a second
	rampGrowth = 1.5
	rampStep   = 5 * time.Minute
	// rampMax is more than this tool reaches.
	rampMax = 10_000
)

// Ramp is the pace of Google's advice. It starts with the first write. It is safe for concurrent use; a
// nil Ramp does not limit.
type Ramp struct {
	limiter *rate.Limiter
	started time.Time
	now     func() time.Time
}

// NewRamp returns a ramp that starts now. A process that continues the work of another starts at 500 writes a
// second, too: Firestore may have merged its key ranges meanwhile.
func NewRamp(now func() time.Time) *Ramp {
	return &Ramp{limiter: rate.NewLimiter(rampStart, rampStart), started: now(), now: now}
}

// rampRate returns the writes per second that are allowed some time after the start.
func rampRate(elapsed time.Duration) float64 {
	steps := math.Floor(max(0, elapsed.Seconds()) / rampStep.Seconds())
	return math.Min(rampMax, rampStart*math.Pow(rampGrowth, steps))
}

// Wait waits until n more writes are allowed. n is at most 500.
func (r *Ramp) Wait(ctx context.Context, n int) error {
	if r == nil {
		return nil
	}
	delay, err := r.reserve(n)
	if err != nil {
		return err
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// reserve takes n writes and returns how long to wait for them.
func (r *Ramp) reserve(n int) (time.Duration, error) {
	now := r.now()
	r.limiter.SetLimitAt(now, rate.Limit(rampRate(now.Sub(r.started))))
	reservation := r.limiter.ReserveN(now, n)
	if !reservation.OK() {
		return 0, fmt.Errorf("%d writes at a time: at most %d are possible", n, rampStart)
	}
	return reservation.DelayFrom(now), nil
}

// Left estimates how long n more writes take at the ramp's pace.
func (r *Ramp) Left(n int64) time.Duration {
	if r == nil {
		return 0
	}
	return rampDuration(r.now().Sub(r.started), n)
}

// RampDuration returns how long n writes take at the pace of Google's advice.
func RampDuration(n int64) time.Duration { return rampDuration(0, n) }

func rampDuration(elapsed time.Duration, n int64) time.Duration {
	start := elapsed
	for left := float64(n); ; {
		pace := rampRate(elapsed)
		step := rampStep - elapsed%rampStep
		if most := pace * step.Seconds(); most < left && pace < rampMax {
			left -= most
			elapsed += step
			continue
		}
		return elapsed - start + time.Duration(left/pace*float64(time.Second))
	}
}
