package rules

import (
	"slices"
	"sync"
	"time"
)

// Evaluation is the record of one decision of security rules, as kept in a [RequestLog].
type Evaluation struct {
	Seq         uint64 // number in its [RequestLog], from 1
	Time        time.Time
	Method      Method
	Path        string // as rules see it: /databases/(default)/documents/users/u1, /b/BUCKET/o/a/b.png
	UID         string // of the caller, "" when not signed in
	Allowed     bool
	Granted     *Statement // the allow statement that granted the request, nil when it was denied
	Denial      *Denial    // why the request was denied, statement by statement
	Err         error      // why the rules could not be evaluated; the client receives this as an error
	Calls       int        // documents read by access calls, each billed as a read
	Expressions int        // expressions evaluated, at most MaxExpressions
}

// maxKept is how many allowed and how many denied evaluations are kept. They are kept apart so that
// allowed requests cannot push out the denied ones.
const maxKept = 256

// RequestLog keeps the most recent evaluations. It is safe for concurrent use.
type RequestLog struct {
	mu                      sync.Mutex
	seq                     uint64
	allowed, denied         []Evaluation // ring buffers
	nextAllowed, nextDenied int
}

// Add numbers the evaluations and stores them.
func (l *RequestLog) Add(list ...Evaluation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range list {
		l.seq++
		e.Seq = l.seq
		if e.Allowed {
			appendRing(&l.allowed, &l.nextAllowed, e)
		} else {
			appendRing(&l.denied, &l.nextDenied, e)
		}
	}
}

func appendRing(ring *[]Evaluation, next *int, e Evaluation) {
	if len(*ring) < maxKept {
		*ring = append(*ring, e)
		return
	}
	(*ring)[*next] = e
	*next = (*next + 1) % maxKept
}

// Last returns the most recent evaluations, newest first: up to 256 allowed and 256 denied.
func (l *RequestLog) Last() []Evaluation {
	l.mu.Lock()
	list := slices.Concat(l.allowed, l.denied)
	l.mu.Unlock()
	slices.SortFunc(list, func(a, b Evaluation) int { return int(int64(b.Seq) - int64(a.Seq)) })
	return list
}
