package webclient

import (
	"fmt"
	"strings"
	"testing"
)

// manyListeners: 200 on one page, each of which hears of its document only.
func manyListeners(t *testing.T, at place) {
	w := newWorld(t, at, withoutRules)
	c, other := w.client(t), w.client(t)
	const many = 200
	listeners := make([]*listener, many)
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
	for i := range many {
		documents[fmt.Sprintf("notes/%03d", i)] = map[string]any{"n": i}
	}
	other.do("setMany", documents)
	for i, l := range listeners {
		l.untilField("n", float64(i))
	}
	// One document changes, then another one: by then everybody who was told of the first has heard of it.
	before, after := map[string]int{}, map[string]int{}
	c.ask(&before, "heardSoFar")
	other.do("set", "notes/007", map[string]any{"n": "changed"})
	listeners[7].untilField("n", "changed")
	other.do("set", "notes/199", map[string]any{"n": "last"})
	listeners[199].untilField("n", "last")
	c.ask(&after, "heardSoFar")
	for name, heard := range before {
		if name != "007" && name != "199" && after[name] != heard {
			t.Errorf("the listener to notes/%s heard of another document", name)
		}
	}
	if len(before) != many {
		t.Errorf("%d listeners, want %d", len(before), many)
	}
}

// largeDocument: as large as Firestore allows goes both ways; larger is refused.
func largeDocument(t *testing.T, at place) {
	w := newWorld(t, at, withoutRules)
	c, other := w.client(t), w.client(t)
	large := c.listen("listenTo", "notes/large")
	large.untilServer()
	// With its name, the field's name and what Firestore adds to each, all but a few bytes of 1 MiB.
	text := strings.Repeat("가", (1<<20-200)/3)
	other.do("set", "notes/large", map[string]any{"text": text})
	large.untilField("text", text)
	var got document
	other.ask(&got, "get", "notes/large")
	if got.Data["text"] != text {
		t.Errorf("got %d bytes, want %d", len(fmt.Sprint(got.Data["text"])), len(text))
	}
	other.refused("invalid-argument", "set", "notes/large", map[string]any{"text": text + strings.Repeat("가", 100)})
	// What was refused is taken back, and the next one works.
	other.do("set", "notes/large", map[string]any{"text": "short"})
	large.untilField("text", "short")
}
