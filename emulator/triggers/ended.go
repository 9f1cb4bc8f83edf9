package triggers

import (
	"slices"
	"time"
)

const (
	maxEnded     = 200      // delivered events of a trigger kept for inspection, and as many dead ones
	maxEndedData = 32 << 20 // bytes of their data in total
)

// ended keeps the most recent delivered or dead events and counts all of them.
type ended struct {
	last  []endedEvent // oldest first
	data  int          // bytes
	total int          // since the server started
}

type endedEvent struct {
	*event
	at time.Time
}

// add adds an event that ended just now.
func (e *ended) add(ev *event, at time.Time) {
	e.total++
	e.put(ev, at)
}

// put adds an event without counting it, because it ended in an earlier process.
func (e *ended) put(ev *event, at time.Time) {
	e.last = append(e.last, endedEvent{ev, at})
	e.data += len(ev.Data)
	for len(e.last) > maxEnded || e.data > maxEndedData {
		e.data -= len(e.last[0].Data)
		e.last = append(e.last[:0:0], e.last[1:]...)
	}
}

// take removes and returns an event. It returns nil if there is none.
func (e *ended) take(id string) *event {
	i := slices.IndexFunc(e.last, func(ev endedEvent) bool { return ev.ID == id })
	if i < 0 {
		return nil
	}
	ev := e.last[i].event
	e.data -= len(ev.Data)
	e.last = slices.Delete(e.last, i, i+1)
	return ev
}
