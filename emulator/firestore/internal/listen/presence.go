package listen

import (
	"strings"
	"sync"

	"heek.kr/heektime/emulator/internal/value"
)

// freeResume is how long a listener may be away, in microseconds, and be billed only for the changes
// when it comes back. After that it is billed for the whole query.
//
// Source: https://firebase.google.com/docs/firestore/pricing#listens
const freeResume = 30 * 60 * 1e6

// presence remembers when listeners left.
type presence struct {
	mu     sync.Mutex
	here   map[listener]int // how many targets a listener has
	left   map[listener]value.Micros
	leaves []departure // the entries of left and those that were replaced, oldest first
}

// listener is a client that listens to something. Resume tokens contain the stream.
type listener struct {
	stream uint64
	target string // equal for equal targets
}

type departure struct {
	who listener
	at  value.Micros
}

func (t *target) listener() listener {
	key := t.queryKey
	if t.query == nil {
		var b strings.Builder
		for _, k := range t.keys {
			b.WriteString(string(k))
			b.WriteByte('\xff')
		}
		key = b.String()
	}
	return listener{t.stream.ID, key}
}

// enter records that a listener is here.
func (p *presence) enter(l listener) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.here == nil {
		p.here, p.left = map[listener]int{}, map[listener]value.Micros{}
	}
	p.here[l]++
}

// leave records that a listener left now, and forgets those that left so long ago that it no longer
// matters when.
func (p *presence) leave(l listener, now value.Micros) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.here[l]--; p.here[l] > 0 {
		return
	}
	delete(p.here, l)
	p.left[l] = now
	p.leaves = append(p.leaves, departure{l, now})
	for len(p.leaves) > 0 && p.leaves[0].at < now-freeResume {
		if d := p.leaves[0]; p.left[d.who] == d.at {
			delete(p.left, d.who)
		}
		p.leaves = p.leaves[1:]
	}
}

// away returns how long the listener has been away that resumes with a token of the time at.
func (p *presence) away(l listener, at, now value.Micros) value.Micros {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.here[l] > 0 {
		return 0 // its old stream has not ended yet
	}
	if left, ok := p.left[l]; ok {
		return now - left
	}
	return now - at
}
