package rules

import (
	"slices"
	"sync"
	"time"
)

// Judgement is one decision, as a server remembers it for whoever looks into it.
type Evaluation struct {
	Seq         uint64 // counts the judgements of a [Journal], from 1
	Time        time.Time
	Method      Method
	Path        string // as rules know it: /databases/(default)/documents/users/u1, /b/BUCKET/o/a/b.png
	UID         string // of the caller, "" when nobody is signed in
	Allowed     bool
	Granted     *Statement // the allow statement that granted it, nil when it was refused
	Denial      *Denial    // why it was refused, with the lines that refused it
	Err         error      // why the rules could not be followed; the client was told so
	Calls       int        // documents that the rules asked for, each billed as a read
	Expressions int        // evaluated, at most MaxExpressions
}

// kept is how many judgements of either kind are kept: those that allowed must not push out those that refused.
const maxKept = 256

// Journal holds the last judgements. It is safe for concurrent use.
type RequestLog struct {
	mu                      sync.Mutex
	seq                     uint64
	allowed, denied         []Evaluation // rings
	nextAllowed, nextDenied int
}

// Add numbers judgements and writes them down.
func (l *RequestLog) Add(list ...Evaluation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, j := range list {
		l.seq++
		j.Seq = l.seq
		if j.Allowed {
			appendRing(&l.allowed, &l.nextAllowed, j)
		} else {
			appendRing(&l.denied, &l.nextDenied, j)
		}
	}
}

func appendRing(ring *[]Evaluation, next *int, j Evaluation) {
	if len(*ring) < maxKept {
		*ring = append(*ring, j)
		return
	}
	(*ring)[*next] = j
	*next = (*next + 1) % maxKept
}

// Last are the last judgements, newest first: up to 256 that allowed and 256 that refused.
func (l *RequestLog) Last() []Evaluation {
	l.mu.Lock()
	list := slices.Concat(l.allowed, l.denied)
	l.mu.Unlock()
	slices.SortFunc(list, func(a, b Evaluation) int { return int(int64(b.Seq) - int64(a.Seq)) })
	return list
}
