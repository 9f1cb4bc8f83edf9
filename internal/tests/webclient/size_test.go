package webclient

import (
	"fmt"
	"strings"
	"testing"
)

// manyListeners: one page has 200 listeners, each of which receives events of its own document only.
func manyListeners(t *testing.T, at place) {
	w := newWorld(t, at, withoutRules)
	c, other := w.client(t), w.client(t)
	const count = 200
	listeners := make([]*listener, count)
	paths := map[string]string{}
	for i := range listeners {
		listeners[i] = &listener{c: c, name: fmt.Sprintf("%03d", i)}
		paths[listeners[i].name] = "notes/" + listeners[i].name
	}
	c.do("listenToMany", paths)
	for _, l := range listeners {
		if e := l.untilServer(); e.Exists {
			t.Errorf("%s exists", l.name)
		}
	}
	documents := map[string]any{}
	for i := range count {
		documents[fmt.Sprintf("notes/%03d", i)] = map[string]any{"n": i}
	}
	other.do("setMany", documents)
	for i, l := range listeners {
		l.untilField("n", float64(i))
	}
	// Change one document, then another. Once the second change arrives, any stray event of the first
	// one would have arrived too.
	before, after := map[string]int{}, map[string]int{}
	c.ask(&before, "eventCounts")
	other.do("set", "notes/007", map[string]any{"n": "changed"})
	listeners[7].untilField("n", "changed")
	other.do("set", "notes/199", map[string]any{"n": "last"})
	listeners[199].untilField("n", "last")
	c.ask(&after, "eventCounts")
	for name, events := range before {
		if name != "007" && name != "199" && after[name] != events {
			t.Errorf("the listener to notes/%s received an event of another document", name)
		}
	}
	if len(before) != count {
		t.Errorf("%d listeners, want %d", len(before), count)
	}
}

// largeDocument: a document of Firestore's maximum size can be written and read. A larger one is
// rejected.
func largeDocument(t *testing.T, at place) {
	w := newWorld(t, at, withoutRules)
	c, other := w.client(t), w.client(t)
	large := c.listen("listenTo", "notes/large")
	large.untilServer()
	// Together with both names and Firestore's overhead this is just below 1 MiB.
	text := strings.Repeat("가", (1<<20-200)/3)
	other.do("set", "notes/large", map[string]any{"text": text})
	large.untilField("text", text)
	var got document
	other.ask(&got, "get", "notes/large")
	if got.Data["text"] != text {
		t.Errorf("got %d bytes, want %d", len(fmt.Sprint(got.Data["text"])), len(text))
	}
	other.mustFail("invalid-argument", "set", "notes/large", map[string]any{"text": text + strings.Repeat("가", 100)})
	// The rejected write is rolled back, and the next one succeeds.
	other.do("set", "notes/large", map[string]any{"text": "short"})
	large.untilField("text", "short")
}
