package guard

import (
	"slices"
	"sync"
	"time"

	"heek.kr/heektime/emulator/rules"
)

// Judgement is one decision of the rules, as the server's package describes it.
type Judgement struct {
	Seq         uint64
	Time        time.Time
	Database    string
	Method      rules.Method
	Path        string
	UID         string
	Allowed     bool
	Refusal     *rules.Refusal
	Err         error
	Calls       int
	Expressions int
}

// kept is how many judgements of either kind are kept: those that allowed must not push out those that refused.
const kept = 256

// journal holds the last judgements.
type journal struct {
	mu               sync.Mutex
	seq              uint64
	allowed, refused []Judgement // rings
	nextA, nextR     int
}

func (l *journal) add(list []Judgement) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, j := range list {
		l.seq++
		j.Seq = l.seq
		if j.Allowed {
			put(&l.allowed, &l.nextA, j)
		} else {
			put(&l.refused, &l.nextR, j)
		}
	}
}

func put(ring *[]Judgement, next *int, j Judgement) {
	if len(*ring) < kept {
		*ring = append(*ring, j)
		return
	}
	(*ring)[*next] = j
	*next = (*next + 1) % kept
}

// Judgements are the last ones, newest first.
func (g *Guard) Judgements() []Judgement {
	g.log.mu.Lock()
	list := slices.Concat(g.log.allowed, g.log.refused)
	g.log.mu.Unlock()
	slices.SortFunc(list, func(a, b Judgement) int { return int(int64(b.Seq) - int64(a.Seq)) })
	return list
}
