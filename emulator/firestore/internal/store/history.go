package store

import (
	"time"

	"heek.kr/heektime/emulator/internal/value"
)

// Retention is how long replaced versions can be read
// (https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1, read_time).
const Retention = time.Hour

// maxHistoryBytes is the approximate limit on the memory of replaced versions. Beyond it, versions
// are dropped before [Retention] has passed.
const maxHistoryBytes = 64 << 20

// Change is the effect of a commit on one document. Old is nil if the document did not exist; New
// is a tombstone if it was deleted.
type Change struct {
	Old, New *Document
}

// history holds the retained changes, oldest first.
type history struct {
	changes []Change
	start   int // index of the oldest retained change; the entries before it are empty
	bytes   int
	floor   value.Micros // all changes after this time are retained
	origin  value.Micros // when the database was loaded or reset; there are no changes before it
}

func (h *history) add(c Change) {
	h.changes = append(h.changes, c)
	h.bytes += c.Old.weight() + 100
}

// trim drops changes that are too old or exceed the memory limit. Changes after unread, if that is
// not 0, are kept for the follower. drop is called for each tombstone that is no longer needed.
func (h *history) trim(now, unread value.Micros, drop func(tombstone *Document)) {
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
			drop(c.New)
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

// since returns the changes after t, oldest first; ok is false if some have been dropped.
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
