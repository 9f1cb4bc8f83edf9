package triggers

import (
	"slices"
	"time"
)

const (
	maxEnded     = 200      // events of a trigger that are kept to be shown: so many that were delivered, and so many dead
	maxEndedData = 32 << 20 // bytes that their data may have together
)

// ended are the last events that were delivered, or that were given up, and how many were.
type ended struct {
	last  []endedEvent // oldest first
	data  int          // bytes
	total int          // since the server was started
}

type endedEvent struct {
	*event
	at time.Time
}

func (e *ended) add(ev *event, at time.Time) {
	e.total++
	e.put(ev, at)
}

// put is add for an event that ended in an earlier process.
func (e *ended) put(ev *event, at time.Time) {
	e.last = append(e.last, endedEvent{ev, at})
	e.data += len(ev.Data)
	for len(e.last) > maxEnded || e.data > maxEndedData {
		e.data -= len(e.last[0].Data)
		e.last = append(e.last[:0:0], e.last[1:]...)
	}
}

// take takes an event out again; nil when it is not there.
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
