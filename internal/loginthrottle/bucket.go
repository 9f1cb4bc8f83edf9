package loginthrottle

import (
	"maps"
	"slices"
	"strings"
	"time"

	"heek.kr/heektime/internal/schema"
)

// turnGrace is how long a party may be late for its turn.
const turnGrace = 5 * time.Minute

// book applies limits to the attempts in one document.
type book struct {
	bucket  Bucket
	backoff Backoff
	forget  time.Duration
	// failures is whether each party's failures are counted, too.
	failures bool
}

// level returns the level of the bucket now. It does not drain while the clock is behind the
// document's.
func (b book) level(a *schema.Attempts, now time.Time) float64 {
	drained := max(0, float64(now.Sub(a.Last))/float64(b.bucket.Every))
	return min(max(0, a.Level-drained), float64(b.bucket.Burst+takenCost*schema.MaxParties))
}

// hasTurn reports whether a party has a turn that it can still take. A turn that is further in the
// future than any that this book reserves was reserved by a clock that was ahead.
func (b book) hasTurn(p schema.Party, now time.Time) bool {
	furthest := b.backoff.Most + takenCost*schema.MaxParties*b.bucket.Every
	return !p.Turn.IsZero() && !now.After(p.Turn.Add(turnGrace)) && p.Turn.Sub(now) <= furthest
}

// wait returns how long a party must wait for n attempts, and whether it has the turn then. It
// returns 0 if the party may proceed now, because it has the turn or because the bucket has room.
func (b book) wait(a *schema.Attempts, key string, n int, now time.Time) (left time.Duration, turn bool) {
	p := a.Parties[key]
	if b.hasTurn(p, now) {
		return max(0, p.Turn.Sub(now)), true
	}
	excess := b.level(a, now) + float64(n) - float64(b.bucket.Burst)
	left = max(0, time.Duration(excess*float64(b.bucket.Every)))
	if now.Sub(p.Last) <= b.forget {
		left = max(left, remaining(b.backoff, p.Failures, p.Last, now))
	}
	return left, false
}

// maxGroupTurns limits the turns of one group of parties; see [partyKey]. Otherwise the networks of one
// provider could take them all.
const maxGroupTurns = 16

// full reports whether no turn can be reserved for a party.
func (b book) full(a *schema.Attempts, key string, now time.Time) bool {
	turns, group := 0, 0
	for other, p := range a.Parties {
		if b.hasTurn(p, now) {
			turns++
			if strings.HasPrefix(other, key[:groupDigits]) {
				group++
			}
		}
	}
	return turns >= schema.MaxParties || group >= maxGroupTurns
}

// take takes n attempts from the bucket for a party. If the party must wait, take reserves the turn at
// the end of the wait, if there is room for one. It returns the wait and whether the document changed.
func (b book) take(a *schema.Attempts, key string, n int, now time.Time) (left time.Duration, changed bool) {
	left, turn := b.wait(a, key, n, now)
	switch {
	case left > 0 && (turn || b.full(a, key, now)):
		return left, false
	case left > 0:
		b.prune(a, now)
		p := a.Parties[key]
		p.Turn = now.Add(left)
		a.Parties[key] = p
		b.evict(a, now)
		a.Level += float64(n)
		return left, true
	}
	b.prune(a, now)
	p := a.Parties[key]
	p.Turn = time.Time{}
	if !turn { // a turn has been taken from the bucket already
		a.Level += float64(n)
	}
	if b.failures {
		p.Failures++
		p.Last = now
		a.Parties[key] = p
		b.evict(a, now)
	} else {
		delete(a.Parties, key)
	}
	return 0, true
}

// prune drains the bucket and removes what no longer matters.
func (b book) prune(a *schema.Attempts, now time.Time) {
	a.Level, a.Last = b.level(a, now), now
	if a.Parties == nil {
		a.Parties = map[string]schema.Party{}
	}
	for key, p := range a.Parties {
		if !b.hasTurn(p, now) {
			p.Turn = time.Time{}
			a.Parties[key] = p
			if now.Sub(p.Last) > b.forget || p.Failures <= 0 {
				delete(a.Parties, key)
			}
		}
	}
}

// evict removes the parties that failed the longest ago if there are too many. That forgives them their
// failures, but those in the bucket stay. It never removes a turn.
func (b book) evict(a *schema.Attempts, now time.Time) {
	for len(a.Parties) > schema.MaxParties {
		oldest := ""
		for key, p := range a.Parties {
			if !b.hasTurn(p, now) && (oldest == "" || p.Last.Before(a.Parties[oldest].Last)) {
				oldest = key
			}
		}
		if oldest == "" {
			return
		}
		delete(a.Parties, oldest)
	}
}

// remaining returns the rest of the wait after failures. It never exceeds the whole wait, even if the
// clock has gone backward since the last failure.
func remaining(b Backoff, failures int64, last, now time.Time) time.Duration {
	whole := b.after(failures)
	return min(whole, max(0, whole-now.Sub(last)))
}

// known returns the entry of a known network, or false if there is none or it has expired.
func known(a *schema.Attempts, key string, remember time.Duration, now time.Time) (schema.KnownNetwork, bool) {
	k, ok := a.Known[key]
	return k, ok && now.Sub(k.Seen) <= remember
}

// pruneKnown removes expired networks, and those seen the longest ago if there are too many.
func pruneKnown(a *schema.Attempts, remember time.Duration, now time.Time) {
	maps.DeleteFunc(a.Known, func(_ string, k schema.KnownNetwork) bool { return now.Sub(k.Seen) > remember })
	if excess := len(a.Known) - schema.MaxKnownNetworks; excess > 0 {
		keys := slices.SortedFunc(maps.Keys(a.Known), func(x, y string) int { return a.Known[x].Seen.Compare(a.Known[y].Seen) })
		for _, key := range keys[:excess] {
			delete(a.Known, key)
		}
	}
}
