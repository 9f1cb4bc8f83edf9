package passthrough_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"heek.kr/heektime/internal/migration/state"
)

// A POST that the old server answers with 500 during a switch is made again only if it is not there on the side
// that won. It is long because of its table.
func TestUncertainPost(t *testing.T) {
	const (
		list    = `[{"id": "t", "title": "1안", "lectures": [{"id": "l", "title": "자료구조", "identifier": null}]}]`
		lecture = "/me/timetables/t/lectures"
	)
	for _, c := range []struct {
		name, path, body string
		refusal          string // of the old server
		there            string // what the side that won lists, "" for 404
		back             bool   // the switch is taken back
		want             string
	}{
		{"a timetable, not there", "/me/timetables", `{"title": "2안"}`, "{}", list, false, "201 here"},
		{"a timetable, there", "/me/timetables", `{"title": " 1안"}`, "{}", list, false, "595 "},
		{"a timetable, there, but rejected by the guard", "/me/timetables", `{"title": "1안"}`, `{"message": "... HTM01 ..."}`, list, false, "201 here"},
		{"a timetable, taken back, not there", "/me/timetables", `{"title": "2안"}`, "{}", list, true, "201 old"},
		{"a timetable, taken back, there", "/me/timetables", `{"title": "1안"}`, "{}", list, true, "595 "},
		{"a timetable, and the list cannot be read", "/me/timetables", `{"title": "2안"}`, "{}", "error", false, "595 "},
		{"a lecture, not there", lecture, `{"title": "운영체제"}`, "{}", list, false, "201 here"},
		{"a lecture, there", lecture, `{"title": "자료구조"}`, "{}", list, false, "595 "},
		{"a lecture, there with another identifier", lecture, `{"title": "자료구조", "identifier": "COSE213"}`, "{}", list, false, "201 here"},
		{"a lecture, there in another timetable", "/me/timetables/u/lectures", `{"title": "자료구조"}`, "{}", list, false, "201 here"},
		{"a body that nobody accepts", lecture, `{"title": `, "{}", list, false, "201 here"},
		{"another path", lecture + "/l/copies", `{"title": "운영체제"}`, "{}", list, false, "595 "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fx := newFixture(t)
			in := fx.instance(t, options{})
			fx.rest(t, state.Timetables, state.Old)
			arrived, locked := make(chan bool), make(chan bool)
			var posts atomic.Int64
			serve := func(old bool) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					switch {
					case r.Method == "GET" && c.there == "":
						w.WriteHeader(404)
					case r.Method == "GET" && c.there == "error":
						w.WriteHeader(503)
					case r.Method == "GET" && !strings.HasSuffix(r.URL.Path, "/users/"+minsu+"/timetables"):
						t.Errorf("it looked at %s", r.URL.Path)
					case r.Method == "GET":
						fmt.Fprint(w, c.there)
					case posts.Add(1) == 1 && old:
						arrived <- true
						<-locked
						w.WriteHeader(500)
						fmt.Fprint(w, c.refusal)
					default:
						w.WriteHeader(201)
					}
				}
			}
			fx.old.on(serve(true))
			fx.here.on(serve(false))
			done := make(chan reply, 1)
			go func() {
				r, err := in.try(t.Context(), "POST", base+c.path, fx.oldAccess(t, minsu), c.body)
				if err != nil {
					t.Error(err)
				}
				done <- r
			}()
			<-arrived
			fx.set(t, state.Timetables, state.Holding, state.New, false)
			close(locked)
			eventually(t, "the write to be held", func() bool { return in.Holding() == 1 })
			if c.back {
				fx.set(t, state.Timetables, state.PhaseOld, state.Old, false)
			} else {
				fx.set(t, state.Timetables, state.PhaseNew, state.New, true)
			}
			if r := <-done; fmt.Sprintf("%d %s", r.status, r.side) != c.want {
				t.Errorf("%d %s, want %s", r.status, r.side, c.want)
			}
			if n := posts.Load(); n > 2 || n == 2 && strings.HasPrefix(c.want, "595") {
				t.Errorf("the call was made %d times", n)
			}
		})
	}
}
