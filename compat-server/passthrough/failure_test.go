package passthrough_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"heek.kr/heektime/compat-server/passthrough"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// abort breaks the connection without a response.
func abort(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// What a client gets if the old server gives no response, and how often the call arrived there.
func TestNoResponse(t *testing.T) {
	fx := newFixture(t)
	for _, kind := range state.Kinds() {
		fx.rest(t, kind, state.Old)
	}
	in := fx.instance(t, options{})
	const lectures = base + "/me/timetables/t/lectures"
	for _, c := range []struct {
		method, path string
		failures     int // how many tries break
		status       int
		arrived      int
	}{
		{"GET", base + "/schools", 1, 200, 2},
		{"GET", base + "/schools", 9, 593, 2},
		{"HEAD", "/unknown", 1, 200, 2},
		{"PUT", lectures + "/l", 1, 200, 2},
		{"DELETE", lectures + "/l", 1, 200, 2},
		{"DELETE", lectures + "/l", 9, 593, 2},
		{"POST", lectures, 1, 595, 1},
		{"PATCH", "/unknown", 1, 595, 1},
		{"POST", base + "/users", 9, 595, 1},
		{"POST", base + "/auth/token", 1, 200, 2}, // it only makes tokens
		{"POST", base + "/auth/refresh-token", 9, 593, 2},
	} {
		fx.old.requests()
		var tries atomic.Int64
		fx.old.on(func(w http.ResponseWriter, r *http.Request) {
			if int(tries.Add(1)) <= c.failures {
				abort(w, r)
			}
		})
		r := in.call(t, c.method, c.path, "null", bodyOf(c.method))
		got := fx.old.requests()
		// net/http itself repeats reads on a connection that it has used before.
		read := c.method == "GET" || c.method == "HEAD"
		if r.status != c.status || len(got) < c.arrived || len(got) > c.arrived && !read {
			t.Errorf("%s %s, %d failures: status %d, arrived %d times; want %d and %d", c.method, c.path, c.failures, r.status, len(got), c.status, c.arrived)
		}
		for _, request := range got {
			if request.body != bodyOf(c.method) {
				t.Errorf("%s %s arrived with body %q", c.method, c.path, request.body)
			}
		}
	}
	// The second try of a deletion does not find what the first one deleted.
	var tries atomic.Int64
	fx.old.on(func(w http.ResponseWriter, r *http.Request) {
		if tries.Add(1) == 1 {
			abort(w, r)
		}
		w.WriteHeader(http.StatusNotFound)
	})
	if r := in.call(t, "DELETE", lectures+"/l", "null", ""); r.status != http.StatusNoContent {
		t.Errorf("a deletion whose first response was lost: %v", r)
	}
	if r := in.call(t, "DELETE", lectures+"/l", "null", ""); r.status != http.StatusNotFound {
		t.Errorf("a deletion of what does not exist: %v", r)
	}
}

func bodyOf(method string) string {
	if method == "GET" || method == "HEAD" || method == "DELETE" {
		return ""
	}
	return "a body"
}

// An old server that does not exist, or does not respond.
func TestUnreachable(t *testing.T) {
	fx := newFixture(t)
	gone := fx.instance(t, options{oldURL: "http://127.0.0.1:1"})
	slow := fx.instance(t, options{timeout: 50 * time.Millisecond})
	release := make(chan bool)
	fx.old.on(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	for _, method := range []string{"GET", "POST", "DELETE"} {
		path := base + "/me/timetables/t/lectures"
		if r := gone.call(t, method, path, "null", bodyOf(method)); r.status != 593 {
			t.Errorf("%s at a server that is gone: %v", method, r)
		}
		fx.old.requests()
		if r := slow.call(t, method, path, "null", bodyOf(method)); r.status != 594 || len(fx.old.requests()) != 1 {
			t.Errorf("%s at a server that does not respond: %v", method, r)
		}
	}
}

// A client that goes away ends the call, and leaves nothing behind.
func TestClientGone(t *testing.T) {
	fx := newFixture(t)
	in := fx.instance(t, options{})
	arrived := make(chan bool)
	ended := make(chan bool)
	fx.old.on(func(_ http.ResponseWriter, r *http.Request) {
		arrived <- true
		<-r.Context().Done()
		ended <- true
	})
	ctx, cancel := context.WithCancel(t.Context())
	go in.try(ctx, "POST", base+"/me/timetables", "null", "{}")
	<-arrived
	cancel()
	<-ended
	fx.set(t, state.Timetables, state.Holding, state.New, false)
	ctx, cancel = context.WithCancel(t.Context())
	go in.try(ctx, "POST", base+"/me/timetables", "null", "{}")
	eventually(t, "a held call", func() bool { return in.Holding() == 1 })
	cancel()
	eventually(t, "the held call to be dropped", func() bool { return in.Holding() == 0 && in.Kept() == 0 })
	if got := fx.here.requests(); len(got) > 0 {
		t.Errorf("a dropped call was served: %v", got)
	}
}

// While Firestore cannot be read, no call is decided, not even one for data that has not moved: another
// instance may know that it has.
func TestStateCannotBeRead(t *testing.T) {
	fx := newFixture(t)
	in := fx.instance(t, options{})
	ref := schema.MigrationRef(fx.client, state.Accounts)
	if r := in.call(t, "GET", base+"/schools", "null", ""); r.side != "old" {
		t.Fatal(r)
	}
	if _, err := ref.Set(t.Context(), schema.Migration{Phase: "damaged"}); err != nil {
		t.Fatal(err)
	}
	fx.Clock.Advance(state.QuietLease)
	fx.old.requests()
	for _, c := range apiCalls {
		if c.method == "HEAD" {
			continue
		}
		if r := in.call(t, c.method, base+c.path, "null", bodyOf(c.method)); r.status != 591 {
			t.Errorf("%s %s: %v", c.method, c.path, r)
		}
	}
	if r := in.call(t, "GET", "/unknown", "null", ""); r.status != 591 {
		t.Error(r)
	}
	if got := len(fx.old.requests()) + len(fx.here.requests()); got > 0 {
		t.Errorf("%d calls were served", got)
	}
	fx.rest(t, state.Accounts, state.New)
	if r := in.call(t, "GET", base+"/me", "null", ""); r.side != "here" {
		t.Error(r)
	}
}

// What happens to a write that the old server rejects: if a switch began meanwhile, it waits for the outcome
// and is made once more, on the side that won. Otherwise its response passes.
func TestRepeat(t *testing.T) {
	for _, c := range []struct {
		name         string
		method, path string
		status       int // of the old server, while its tables are locked
		// phases of timetables after the call has arrived; the last one is after the old server's response.
		during phase
		after  phase
		size   int
		want   string
	}{
		{"POST, switched", "POST", "/me/timetables", 500, phase{state.Holding, state.New, false}, phase{state.PhaseNew, state.New, true}, 10, "200 here, old 1, here 1"},
		{"POST, unavailable, switched", "POST", "/me/timetables", 503, phase{state.Settling, state.New, false}, phase{state.PhaseNew, state.New, true}, 10, "200 here, old 1, here 1"},
		{"POST, switched already", "POST", "/me/timetables", 500, phase{state.PhaseNew, state.New, true}, phase{state.PhaseNew, state.New, true}, 10, "200 here, old 1, here 1"},
		{"POST, taken back", "POST", "/me/timetables", 500, phase{state.Holding, state.New, false}, phase{state.PhaseOld, state.Old, false}, 10, "200 old, old 2, here 0"},
		{"PUT, switched", "PUT", "/me/timetables/t/lectures/l", 504, phase{state.Holding, state.New, false}, phase{state.PhaseNew, state.New, true}, 10, "200 here, old 1, here 1"},
		{"PUT, connection broke, switched", "PUT", "/me/timetables/t/lectures/l", 0, phase{state.Holding, state.New, false}, phase{state.PhaseNew, state.New, true}, 10, "200 here, old 1, here 1"},
		{"POST, no switch", "POST", "/me/timetables", 500, phase{state.PhaseOld, state.Old, false}, phase{state.PhaseOld, state.Old, false}, 10, "500 old, old 1, here 0"},
		{"POST, a gateway's error", "POST", "/me/timetables", 502, phase{state.Holding, state.New, false}, phase{state.PhaseNew, state.New, true}, 10, "502 old, old 1, here 0"},
		{"POST, connection broke", "POST", "/me/timetables", 0, phase{state.Holding, state.New, false}, phase{state.PhaseNew, state.New, true}, 10, "595 , old 1, here 0"},
		{"POST, rejected for itself", "POST", "/me/timetables", 400, phase{state.Holding, state.New, false}, phase{state.PhaseNew, state.New, true}, 10, "400 old, old 1, here 0"},
		{"POST, too large to be kept", "POST", "/me/timetables", 500, phase{state.Holding, state.New, false}, phase{state.PhaseNew, state.New, true}, passthrough.MaxBody + 1, "500 old, old 1, here 0"},
		{"another kind", "POST", "/users", 500, phase{state.Holding, state.New, false}, phase{state.PhaseNew, state.New, true}, 10, "500 old, old 1, here 0"},
		{"GET", "GET", "/users/" + minsu + "/timetables", 500, phase{state.Holding, state.New, false}, phase{state.PhaseNew, state.New, true}, 0, "500 old, old 1, here 0"},
		{"unknown path", "POST", "/unknown", 500, phase{state.Holding, state.New, false}, phase{state.PhaseNew, state.New, true}, 10, "500 old, old 1, here 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fx := newFixture(t)
			in := fx.instance(t, options{})
			fx.rest(t, state.Timetables, state.Old)
			arrived, locked := make(chan bool), make(chan bool)
			var tries atomic.Int64
			fx.old.on(func(w http.ResponseWriter, r *http.Request) {
				if tries.Add(1) > 1 {
					return
				}
				arrived <- true
				<-locked
				if c.status == 0 {
					abort(w, r)
				}
				w.WriteHeader(c.status)
			})
			body := strings.Repeat("x", c.size)
			done := make(chan reply, 1)
			go func() {
				r, err := in.try(t.Context(), c.method, base+c.path, "null", body)
				if err != nil {
					t.Error(err)
				}
				done <- r
			}()
			<-arrived
			if c.during != (phase{state.PhaseOld, state.Old, false}) {
				fx.set(t, state.Timetables, c.during.phase, c.during.toward, c.during.wasNew)
			}
			close(locked)
			if strings.Contains(c.want, "200") && c.during != c.after {
				eventually(t, "the write to be held", func() bool { return in.Holding() == 1 })
				if len(fx.here.requests()) > 0 {
					t.Error("repeated before the switch ended")
				}
			}
			if c.during != c.after {
				fx.set(t, state.Timetables, c.after.phase, c.after.toward, c.after.wasNew)
			}
			r := <-done
			old, here := fx.old.requests(), fx.here.requests()
			if got := fmt.Sprintf("%d %s, old %d, here %d", r.status, r.side, len(old), len(here)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			for _, request := range append(old, here...) {
				if request.body != body {
					t.Errorf("a body of %d bytes arrived with %d", len(body), len(request.body))
				}
			}
		})
	}
}

// Held writes are bounded: in time, in the size of each, and in memory.
func TestHoldingIsBounded(t *testing.T) {
	fx := newFixture(t)
	in := fx.instance(t, options{holdTimeout: 10 * time.Millisecond})
	fx.set(t, state.Timetables, state.Holding, state.New, false)
	if r := in.call(t, "POST", base+"/me/timetables", "null", "{}"); r.status != 592 {
		t.Errorf("held too long: %v", r)
	}
	patient := fx.instance(t, options{})
	if r := patient.call(t, "POST", base+"/me/timetables", "null", strings.Repeat("x", passthrough.MaxBody+1)); r.status != 592 {
		t.Errorf("too large: %v", r)
	}
	// Bodies of unknown length count as much as they may have.
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	const fit = (64 << 20) / passthrough.MaxBody
	for range fit {
		wg.Go(func() {
			r, _ := http.NewRequestWithContext(ctx, "POST", patient.url+base+"/me/timetables", struct{ io.Reader }{strings.NewReader("{}")})
			if response, err := http.DefaultTransport.RoundTrip(r); err == nil {
				response.Body.Close()
			}
		})
	}
	eventually(t, "all to be held", func() bool { return patient.Holding() == fit })
	if r := patient.call(t, "POST", base+"/me/timetables", "null", "{}"); r.status != 592 {
		t.Errorf("no memory left: %v", r)
	}
	cancel()
	wg.Wait()
	eventually(t, "the memory to be free", func() bool { return patient.Kept() == 0 && patient.Holding() == 0 })
}

// A body that ends early is an error, and the call is not made.
func TestIncompleteBody(t *testing.T) {
	fx := newFixture(t)
	in := fx.instance(t, options{})
	got := in.exchange(t, "POST "+base+"/me/timetables HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nZZ\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 492 ") || len(fx.old.requests()) > 0 || in.Kept() != 0 {
		t.Errorf("%q", got)
	}
}
