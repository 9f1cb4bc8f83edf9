// Package holdtimes measures how long the switches of a move hold writes: what a user notices of them.
//
//	holdtimes.go  Times, from which percentiles are computed
//	recorder.go   Recorder, which a server has; Read, which returns what all servers have recorded
package holdtimes

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Times counts durations. It keeps them to within a twentieth, in buckets, so that those of several servers can be
// added. Its zero value has none.
type Times struct {
	counts  []int64
	longest time.Duration
}

// Buckets end at a millisecond, and each at growth times the one before it, up to some ten minutes.
const (
	firstBucket = time.Millisecond
	growth      = 1.05
	maxBuckets  = 280
)

// Add counts a duration.
func (t *Times) Add(d time.Duration) {
	bucket := 0
	if d > firstBucket {
		bucket = min(int(math.Ceil(math.Log(float64(d)/float64(firstBucket))/math.Log(growth))), maxBuckets-1)
	}
	t.grow(bucket + 1)
	t.counts[bucket]++
	t.longest = max(t.longest, d)
}

func (t *Times) grow(n int) {
	for len(t.counts) < n {
		t.counts = append(t.counts, 0)
	}
}

// Merge adds the durations of other.
func (t *Times) Merge(other Times) {
	t.grow(len(other.counts))
	for i, n := range other.counts {
		t.counts[i] += n
	}
	t.longest = max(t.longest, other.longest)
}

// Count returns how many durations there are.
func (t Times) Count() (n int64) {
	for _, c := range t.counts {
		n += c
	}
	return n
}

// Longest returns the longest duration.
func (t Times) Longest() time.Duration { return t.longest }

// Quantile returns a duration that the fraction q of all does not exceed: the end of its bucket, and never more than
// the longest. It is 0 if there are none.
func (t Times) Quantile(q float64) time.Duration {
	rank := max(int64(math.Ceil(q*float64(t.Count()))), 1)
	var seen int64
	for i, n := range t.counts {
		if seen += n; seen >= rank {
			return min(time.Duration(float64(firstBucket)*math.Pow(growth, float64(i))), t.longest)
		}
	}
	return 0
}

// String returns "132 writes held: p50 0.61 s, p99 0.93 s, longest 0.95 s".
func (t Times) String() string {
	switch n := t.Count(); n {
	case 0:
		return "no writes held"
	case 1:
		return fmt.Sprintf("1 write held: %.2f s", t.longest.Seconds())
	default:
		return fmt.Sprintf("%d writes held: p50 %.2f s, p99 %.2f s, longest %.2f s", n,
			t.Quantile(0.5).Seconds(), t.Quantile(0.99).Seconds(), t.longest.Seconds())
	}
}

func timesOf(counts []int64, longest time.Duration) Times {
	return Times{slices.Clone(counts[:min(len(counts), maxBuckets)]), longest}
}
