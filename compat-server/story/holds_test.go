package story

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"heek.kr/heektime/internal/migration/holdtimes"
	"heek.kr/heektime/internal/migration/state"
)

// holds is how long switches held writes.
type holds struct {
	mu sync.Mutex
	// writes are those that instances of compat-server held, tool how long each switch took from the step that holds
	// writes to the one that lets them go on.
	writes, tool holdtimes.Times
	epochs       map[state.Kind]int64 // of the last switch of each kind in writes
}

// allHolds has those of all histories.
var allHolds holds

func (h *holds) merge(other *holds) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.writes.Merge(other.writes)
	h.tool.Merge(other.tool)
}

func (h *holds) log(t testing.TB, who string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t.Logf("%s: %v; by the tool: %v", who, h.writes, strings.Replace(h.tool.String(), "writes", "switches", 1))
}

// slowHold is how long a switch holds writes whose steps are logged.
const slowHold = 2 * time.Second

// heldPrefix begins the line in which the tool says how long writes were held.
const heldPrefix = "writes were held for "

// noteHold adds how long a switch held writes by the tool's output.
func (h *history) noteHold(output string) {
	for line := range strings.Lines(output) {
		text, ok := strings.CutPrefix(strings.TrimSpace(line), heldPrefix)
		d, err := time.ParseDuration(text)
		if !ok || err != nil || d == 0 {
			continue
		}
		h.holds.tool.Add(d)
		if d > slowHold {
			h.mu.Lock()
			follow := h.follow
			h.mu.Unlock()
			h.Logf("a slow switch:\n%s", output)
			if follow != nil {
				h.Logf("the end of follow:\n%s", tail(follow.output()))
			}
		}
	}
}

// noteHeldWrites adds the writes that were held for the last switch of each kind. It is called before the next switch
// replaces them.
func (h *history) noteHeldWrites() {
	switches, err := holdtimes.Read(h.requests, h.fs)
	if err != nil {
		if h.requests.Err() == nil {
			h.fail("%v", err)
		}
		return
	}
	for kind, s := range switches {
		if h.holds.epochs[kind] != s.Epoch {
			h.holds.epochs[kind] = s.Epoch
			h.holds.writes.Merge(s.Times)
		}
	}
}

func printHeld(d time.Duration) { fmt.Printf("%s%v\n", heldPrefix, d) }
