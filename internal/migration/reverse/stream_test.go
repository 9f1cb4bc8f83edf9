package reverse

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	firestorev1 "cloud.google.com/go/firestore/apiv1"
	"cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// newListener returns a listener of the cloud's default database, and the database's name.
func newListener(t *testing.T, cloud *emulatortest.Cloud) (Listener, string) {
	t.Helper()
	client, err := firestorev1.NewClient(t.Context(), emulatortest.Connection(t, cloud.FirestoreAddress()))
	if err != nil {
		t.Fatal(err)
	}
	listener := func(ctx context.Context) (firestorepb.Firestore_ListenClient, error) { return client.Listen(ctx) }
	return listener, "projects/" + cloud.Project + "/databases/(default)"
}

// listening is a stream of all kinds.
type listening struct {
	t      *testing.T
	r      *runner
	cloud  *emulatortest.Cloud
	listen Listener
	name   string
}

func newListening(t *testing.T) *listening {
	cloud := emulatortest.Start(t)
	l := &listening{t: t, cloud: cloud, r: &runner{cfg: Config{Client: cloud.FirestoreClient(t)}}}
	l.listen, l.name = newListener(t, cloud)
	return l
}

// from opens a stream that starts somewhere.
func (l *listening) from(at start) *stream {
	l.t.Helper()
	ctx, cancel := context.WithCancel(l.t.Context())
	l.t.Cleanup(cancel)
	l.r.active = map[Kind]start{state.Accounts: at, state.Timetables: at}
	s, err := open(ctx, l.listen, l.name, l.r.targets())
	if err != nil {
		l.t.Fatal(err)
	}
	return s
}

// set changes a document. A write that changes nothing would not be reported.
func (l *listening) set(path string) time.Time {
	l.t.Helper()
	result, err := l.r.cfg.Client.Doc(path).Set(l.t.Context(), map[string]any{schema.FieldTitle: rand.Text()})
	if err != nil {
		l.t.Fatal(err)
	}
	return result.UpdateTime
}

func (l *listening) delete(path string) {
	l.t.Helper()
	if _, err := l.r.cfg.Client.Doc(path).Delete(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
}

// expect reads points until the changes of users and timetables in them are those wanted, such as "+users/u"
// or "-users/u", in any order, and returns the last point.
func (l *listening) expect(s *stream, want ...string) *point {
	l.t.Helper()
	var got []string
	for {
		p, err := s.next()
		if err != nil {
			l.t.Fatalf("after %q: %v", got, err)
		}
		for name, doc := range p.changes {
			path := schema.Path(&firestore.DocumentRef{Path: name})
			if strings.HasPrefix(path, "migrations/") {
				continue
			}
			sign := "+"
			if doc == nil {
				sign = "-"
			}
			got = append(got, sign+path)
		}
		slices.Sort(got)
		slices.Sort(want)
		if len(got) >= len(want) {
			if !slices.Equal(got, want) {
				l.t.Fatalf("got %q, want %q", got, want)
			}
			return p
		}
	}
}

const (
	userPath      = "users/u"
	timetablePath = "users/u/timetables/t"
	lecturePath   = "users/u/timetables/t/lectures/l"
)

// A stream that starts at a time or token reports what changed since, and nothing else.
func TestStreamStartsInTheMiddle(t *testing.T) {
	t.Parallel()
	l := newListening(t)
	l.set(userPath)
	l.set(timetablePath)
	at := l.set("users/u/timetables/t/lectures/deleted")
	l.set(lecturePath)
	l.delete("users/u/timetables/t/lectures/deleted")
	s := l.from(start{time: at})
	p := l.expect(s, "+"+lecturePath, "-users/u/timetables/t/lectures/deleted")
	l.delete(timetablePath)
	l.expect(s, "-"+timetablePath)

	l.set("deletions/u")
	l.set("credentials/c")
	resumed := l.from(start{token: p.token})
	last := l.expect(resumed, "-"+timetablePath, "+deletions/u", "+credentials/c")
	l.delete("credentials/c")
	l.expect(resumed, "-credentials/c")
	l.set(userPath)
	l.expect(l.from(start{token: last.token, time: last.time}), "-credentials/c", "+"+userPath)
}

// A point is only one if it is consistent for all kinds: otherwise a later start at its token would miss
// changes of kinds that were not there yet.
func TestStreamPointsAreConsistentForAllKinds(t *testing.T) {
	t.Parallel()
	l := newListening(t)
	at := l.set(userPath)
	l.set("users/other")
	l.set(lecturePath)
	for range 20 {
		s := l.from(start{time: at})
		p, err := s.next()
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"users/other", lecturePath} {
			if p.changes[l.name+"/documents/"+path] == nil {
				t.Fatalf("the first point lacks %s: %v", path, p.changes)
			}
		}
	}
}

// What Firestore no longer knows is an error that names the kinds.
func TestStreamLosesChanges(t *testing.T) {
	t.Parallel()
	l := newListening(t)
	at := l.set(userPath)
	l.cloud.Advance(t, 2*time.Hour)
	l.set(userPath)
	l.cloud.Advance(t, 2*time.Hour)
	l.set(userPath) // makes the server drop old versions
	s := l.from(start{time: at})
	_, err := s.next()
	var lost *errLost
	if !errors.As(err, &lost) || len(lost.kinds) == 0 {
		t.Errorf("%v, want lost changes", err)
	}
}

// A mark is in a point only after everything that was written before it.
func TestStreamReportsMarksInOrder(t *testing.T) {
	t.Parallel()
	l := newListening(t)
	s := l.from(start{time: l.set(userPath)})
	for range 50 {
		l.set(lecturePath)
		if _, err := schema.MigrationMarkRef(l.r.cfg.Client).Set(t.Context(), schema.MigrationMark{Mark: rand.Text()}.Fields()); err != nil {
			t.Fatal(err)
		}
		seen := false
		for marked := false; !marked; {
			p, err := s.next()
			if err != nil {
				t.Fatal(err)
			}
			seen = seen || p.changes[l.name+"/documents/"+lecturePath] != nil
			marked = setOf(l.r.cfg.Client, p.changes).mark != ""
		}
		if !seen {
			t.Fatal("the mark came before the lecture that was written earlier")
		}
	}
}

func TestJSONKeepsFields(t *testing.T) {
	t.Parallel()
	client := newListening(t).r.cfg.Client
	fields := map[string]any{
		"text": "x", "integer": int64(1) << 60, "double": 0.5, "time": time.Date(2026, 11, 28, 1, 2, 3, 4000, time.UTC),
		"reference": client.Doc(userPath), "list": []any{int64(1), map[string]any{"a": nil}}, "bool": true, "map": map[string]any{},
	}
	text, err := encodeJSON(fields)
	if err != nil {
		t.Fatal(err)
	}
	again, err := decodeJSON(client, text)
	if err != nil {
		t.Fatal(err)
	}
	if text2, _ := encodeJSON(again); string(text) != string(text2) {
		t.Errorf("%s, want %s", text2, text)
	}
	if again["integer"] != fields["integer"] || again["reference"].(*firestore.DocumentRef).Path != fields["reference"].(*firestore.DocumentRef).Path {
		t.Errorf("%v, want %v", again, fields)
	}
}
