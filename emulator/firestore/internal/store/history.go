package store

import (
	"time"

	"heek.kr/heektime/emulator/internal/value"
)

// Retention is how far back Firestore can read
// (https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1, read_time).
const Retention = time.Hour

// maxHistoryBytes bounds what replaced versions may occupy, roughly. Beyond it the past gets shorter.
const maxHistoryBytes = 64 << 20

// Change is what a commit did to one document. Old is nil when there was none; New may be the record of a deletion.
type Change struct {
	Old, New *Document
}

// history is the changes that the database remembers, oldest first.
type history struct {
	changes []Change
	start   int // of the remembered ones; those before wait to be cut off
	bytes   int
	floor   value.Micros // everything after this time is remembered
	began   value.Micros // nothing before this time counts: the database was loaded, or reset, then
}

func (h *history) add(c Change) {
	h.changes = append(h.changes, c)
	h.bytes += c.Old.weight() + 100
}

// trim forgets what is too old or too much; what came after unread waits for a follower, unless that is 0. forget is called
// for each deletion whose record is no longer needed.
func (h *history) trim(now, unread value.Micros, forget func(*Document)) {
	oldest := now - value.Micros(Retention.Microseconds())
	for h.start < len(h.changes) {
		c := h.changes[h.start]
		keep := c.New.Updated >= oldest && h.bytes <= maxHistoryBytes
		if unread != 0 && c.New.Updated > unread {
			keep = h.bytes <= maxUnreadBytes
		}
		if keep {
			break
		}
		c.New.prev.Store(nil)
		if c.New.Deleted {
			forget(c.New)
		}
		h.bytes -= c.Old.weight() + 100
		h.floor = c.New.Updated
		h.changes[h.start] = Change{}
		h.start++
	}
	if h.start > 1024 && h.start > len(h.changes)/2 {
		h.changes = append([]Change(nil), h.changes[h.start:]...)
		h.start = 0
	}
}

// since returns the changes after t, oldest first; ok is false when some are forgotten.
func (h *history) since(t value.Micros) (changes []Change, ok bool) {
	if t < h.floor {
		return nil, false
	}
	low, high := h.start, len(h.changes)
	for low < high {
		mid := (low + high) / 2
		if h.changes[mid].New.Updated > t {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return append([]Change(nil), h.changes[low:]...), true
}
