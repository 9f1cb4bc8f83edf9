package webclient

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/sdktest"
)

// withoutRules turns security rules off for journeys that do not test them.
func withoutRules(cfg *emulator.Config) { cfg.Rules = nil }

// offlineAndBack: a write made offline is visible immediately and reaches the server once online, and
// changes made elsewhere in the meantime arrive.
func offlineAndBack(t *testing.T, at place) {
	w := newWorld(t, at)
	phone, laptop := w.user(t, "owner"), w.user(t, "owner")
	const path = "users/owner/timetables/abcdefghij"
	phone.do("createTimetable", "abcdefghij", "봄", semester1)
	timetable, lectures := phone.listen("listenTo", path), phone.listen("listenToAll", path+"/lectures")
	timetable.untilServer()
	lectures.untilServer()

	phone.do("offline")
	timetable.until("being offline", func(e event) bool { return e.FromCache })
	written := make(chan error, 1)
	go func() {
		written <- phone.call(nil, "addLecture", []any{"abcdefghij", "phone", lecture("지하철에서")})
	}()
	lectures.until("its own lecture", func(e event) bool { return e.Pending && slices.Equal(idsOf(e.Docs), []string{"phone"}) })
	laptop.do("updateTimetable", "abcdefghij", map[string]any{"title": "여름"})
	laptop.do("addLecture", "abcdefghij", "laptop", lecture("집에서"))
	if w.data(t, path+"/lectures/phone") != nil {
		t.Error("the page was not offline")
	}

	phone.do("online")
	lectures.untilIDs("laptop", "phone")
	timetable.untilField("title", "여름")
	if err := <-written; err != nil {
		t.Error(err)
	}
	phone.do("allWritten")
}

// serverGoneAndBack: like offlineAndBack, but the server becomes unreachable without the page knowing.
func serverGoneAndBack(t *testing.T, at place) {
	w := newWorld(t, at, withoutRules)
	p := newProxy(t, w.FirestoreAddress())
	c := w.client(t, throughProxy(p))
	w.put(t, "notes/one", map[string]any{"text": "first"})
	note := c.listen("listenTo", "notes/one")
	note.untilField("text", "first")

	p.down()
	written := make(chan error, 1)
	go func() {
		written <- c.call(nil, "set", []any{"notes/two", map[string]any{"text": "written while it was down"}})
	}()
	w.put(t, "notes/one", map[string]any{"text": "second"})
	for range 3 { // wait for retries of the listener and of the write
		select {
		case <-p.rejected:
		case <-time.After(hangTimeout):
			t.Fatal("the app does not try to reconnect")
		}
	}
	p.up()
	if err := <-written; err != nil {
		t.Error(err)
	}
	note.untilField("text", "second")
	if w.data(t, "notes/two") == nil {
		t.Error("the write was lost")
	}
	c.do("set", "notes/one", map[string]any{"text": "third"})
	note.untilField("text", "third")
}

// throughProxy connects an app to Firestore through a proxy.
func throughProxy(p *proxy) func(map[string]any) { return firestoreAt(p.address()) }

// closedAndReopened: a page with a persistent cache is closed while offline. When reopened it first shows the
// cached documents, then sends its pending write and catches up with the server, including a document
// deleted in the meantime.
func closedAndReopened(t *testing.T, at place) {
	if at.pages == nil {
		t.Skip("Node has no persistent cache")
	}
	w := newWorld(t, at, withoutRules)
	for _, id := range []string{"a", "b", "c"} {
		w.put(t, "items/"+id, map[string]any{"n": 1})
	}
	persistent := func(start map[string]any) { start["persistent"] = true }
	c := w.client(t, persistent)
	list := c.listen("listenToAll", "items")
	list.untilIDs("a", "b", "c")
	c.do("offline")
	c.do("setWithoutWaiting", "items/d", map[string]any{"n": 1})
	list.until("its own item", func(e event) bool { return e.Pending && len(e.Docs) == 4 })
	if _, err := w.admin.Doc("items/b").Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.put(t, "items/a", map[string]any{"n": 2})

	if err := c.script.(*sdktest.Page).Navigate(t.Context(), at.pages.URL(at.version, "client.mjs")); err != nil {
		t.Fatal(err)
	}
	w.start(c, []func(map[string]any){persistent})
	list = c.listen("listenToAll", "items")
	if e := list.until("the first event", func(event) bool { return true }); !e.FromCache || len(e.Docs) != 4 {
		t.Errorf("the first event is %v, want 4 documents from the cache", e)
	}
	if e := list.untilIDs("a", "c", "d"); e.Docs[0].Data["n"] != 2.0 {
		t.Errorf("a is %v", e.Docs[0])
	}
	if w.data(t, "items/d") == nil {
		t.Error("the offline write was lost")
	}
}

// longPolling: the listen stream for pages behind proxies that buffer whole responses.
func longPolling(t *testing.T, at place) {
	if at.pages == nil {
		t.Skip("gRPC has no long polling")
	}
	w := newWorld(t, at, withoutRules)
	polling := func(start map[string]any) { start["settings"] = map[string]any{"experimentalForceLongPolling": true} }
	c, other := w.client(t, polling), w.client(t, polling)
	list := c.listen("listenToAll", "items")
	list.untilServer()
	var ids []string
	for i := range 20 {
		ids = append(ids, fmt.Sprintf("%02d", i))
		other.do("set", "items/"+ids[i], map[string]any{"n": i})
	}
	list.untilIDs(ids...)
	for _, e := range list.events {
		for _, change := range e.Changes {
			if change.Type != "added" {
				t.Errorf("%s arrived as %s", change.ID, change.Type)
			}
		}
	}
}

// cutDuringSnapshots: the connection breaks repeatedly while the server sends snapshots.
// Every document arrives exactly once.
func cutDuringSnapshots(t *testing.T, at place) {
	w := newWorld(t, at, withoutRules)
	p := newProxy(t, w.FirestoreAddress())
	c := w.client(t, throughProxy(p))
	w.put(t, "counts/one", map[string]any{"n": 0})
	list, count := c.listen("listenToAll", "items"), c.listen("listenTo", "counts/one")
	list.untilServer()
	count.untilServer()

	const rounds, each = 3, 12
	text := strings.Repeat("강의 😀", 200) // at least 3 KB of JSON
	var ids []string
	for round := range rounds {
		p.cutAfter(each * 1000) // while these documents are being sent
		for i := range each {
			id := fmt.Sprintf("%d-%02d", round, i)
			ids = append(ids, id)
			_, err := w.admin.Doc("items/"+id).Create(t.Context(), map[string]any{"text": text})
			if err == nil {
				_, err = w.admin.Doc("counts/one").Update(t.Context(), []firestore.Update{{Path: "n", Value: firestore.Increment(1)}})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		list.untilIDs(ids...)
		count.untilField("n", float64(len(ids)))
		if p.cuts() != round+1 {
			t.Fatalf("%d connections were cut, want %d", p.cuts(), round+1)
		}
	}
	arrivals := map[string]int{}
	for _, e := range list.events {
		for _, change := range e.Changes {
			if change.Type != "added" || change.Data["text"] != text {
				t.Errorf("%s arrived as %s", change.ID, change.Type)
			}
			arrivals[change.ID]++
		}
	}
	for _, id := range ids {
		if arrivals[id] != 1 {
			t.Errorf("%s arrived %d times", id, arrivals[id])
		}
	}
	last := -1.0
	for _, e := range count.events {
		n := e.Data["n"].(float64)
		if n < last {
			t.Errorf("the count went from %v back to %v", last, n)
		}
		last = n
	}
}
