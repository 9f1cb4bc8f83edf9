package pages_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/pages"
	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/pages/views"
	"heek.kr/heektime/internal/schema"
)

const browser = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 Version/26.0 Mobile/15E148 Safari/604.1"

// report sends a view as the script of a page does.
func (w *world) report(t *testing.T, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/views", strings.NewReader(body))
	r.Header.Set("User-Agent", browser)
	return w.serve(r, header)
}

// Pages report views; robots, other sites and malformed requests do not.
func TestReportedViews(t *testing.T) {
	w := newWorld(t)
	page := w.get(t, shared+"/").Body.String()
	if !strings.Contains(page, `<script src="/views.js" data-user="byeoli" data-timetable="abcdefghij" data-owner="u1" defer></script>`) {
		t.Error("the page does not report views")
	}
	if script := w.get(t, "/views.js"); script.Code != http.StatusOK || !strings.Contains(script.Body.String(), "sendBeacon") ||
		script.Header().Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("script: %d %v", script.Code, script.Header())
	}
	const view = "user=byeoli&timetable=abcdefghij"
	for _, c := range []struct {
		body   string
		header []string
		status int
	}{
		{view, nil, http.StatusNoContent},
		{view, []string{"Sec-Fetch-Site", "same-origin"}, http.StatusNoContent},
		{view, []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		{view, []string{"User-Agent", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}, http.StatusNoContent},
		{view, []string{"User-Agent", "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/140.0"}, http.StatusNoContent},
		{view, []string{"User-Agent", "facebookexternalhit/1.1;kakaotalk-scrap/1.0"}, http.StatusNoContent},
		{view, []string{"User-Agent", ""}, http.StatusNoContent},
		{"user=byeoli&user=x&timetable=abcdefghij", nil, http.StatusBadRequest},
		{view + "&more=1", nil, http.StatusBadRequest},
		{"%zz", nil, http.StatusBadRequest},
		{"user=" + strings.Repeat("a", 100_000), nil, http.StatusBadRequest},
	} {
		if res := w.report(t, c.body, c.header...); res.Code != c.status || res.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%.80s %q: %d, want %d", c.body, c.header, res.Code, c.status)
		}
	}
	if want := "byeoli abcdefghij  " + browser; len(w.views) != 2 || w.views[0] != want {
		t.Errorf("counted %q", w.views)
	}
	if res := w.get(t, "/views"); res.Code == http.StatusOK || res.Code == http.StatusNoContent {
		t.Errorf("GET: %d", res.Code)
	}
}

// counting is a world with a counter of views that writes to Firestore.
type counting struct {
	*world
	*views.Counter
	owners *owners
}

// owners counts how often an owner is looked up.
type owners struct {
	*share.Reader
	mu      sync.Mutex
	lookups int
	fail    error
}

func (o *owners) Owner(ctx context.Context, username, id string) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lookups++
	if o.fail != nil {
		return "", o.fail
	}
	return o.Reader.Owner(ctx, username, id)
}

func newCounting(t *testing.T) *counting {
	t.Helper()
	c := &counting{}
	c.world = newWorld(t, func(cfg *pages.Config) { c.owners = &owners{Reader: cfg.Timetables} })
	c.Counter = c.counter(t)
	return c
}

// counter returns a counter, as another process would have it.
func (c *counting) counter(t *testing.T) *views.Counter {
	t.Helper()
	counter, err := views.New(views.Config{Firestore: c.fs, Owners: c.owners, Now: func() time.Time { return c.now }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return counter
}

func (c *counting) view(t *testing.T, viewers ...string) {
	t.Helper()
	for _, viewer := range viewers {
		if err := c.Counter.Count(t.Context(), "byeoli", "abcdefghij", viewer); err != nil {
			t.Fatal(err)
		}
	}
}

// stored returns what Firestore has, as "day: views by viewers".
func (c *counting) stored(t *testing.T) (days []string) {
	t.Helper()
	docs, err := c.fs.Collection("users/u1/timetables/abcdefghij/views").Documents(t.Context()).GetAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range docs {
		v := schema.ReadViews(doc)
		if v.Expires.Before(c.now) {
			t.Errorf("%s expires at %v", doc.Ref.ID, v.Expires)
		}
		days = append(days, fmt.Sprintf("%s: %d by %d", doc.Ref.ID, v.Views, v.Viewers))
	}
	return days
}

func (c *counting) mustStore(t *testing.T, want ...string) {
	t.Helper()
	if got := c.stored(t); !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
}

// A timetable's views are written at most once a minute, and when the service stops.
func TestViewsAreGathered(t *testing.T) {
	c := newCounting(t)
	c.now = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	c.view(t, "a")
	c.mustStore(t, "2026-09-01: 1 by 1")
	cost := emulatortest.CostOf(c.Measure(t, func() { c.view(t, "a", "b", "c", "b") }))
	c.mustStore(t, "2026-09-01: 1 by 1")
	if cost.Total() != 0 {
		t.Errorf("views within a minute cost %v", cost)
	}
	c.now = c.now.Add(time.Minute)
	cost = emulatortest.CostOf(c.Measure(t, func() { c.view(t, "d") }))
	c.mustStore(t, "2026-09-01: 6 by 4")
	if want := (emulatortest.Cost{Reads: 1, Writes: 1}); cost != want {
		t.Errorf("cost %v, want %v", cost, want)
	}
	c.view(t, "e")
	if err := c.Counter.Close(); err != nil {
		t.Fatal(err)
	}
	c.mustStore(t, "2026-09-01: 7 by 5")
	if c.owners.lookups != 1 {
		t.Errorf("%d lookups of the owner, want one", c.owners.lookups)
	}
}

// When the service stops, the views of many timetables are written concurrently: one after the other, they would take too long.
func TestViewsAreWrittenConcurrently(t *testing.T) {
	c := newCounting(t)
	const timetables = 8
	var stopping atomic.Bool
	var begun atomic.Int32
	all := make(chan struct{})
	// Once the service stops, no commit is sent before all have begun.
	together := grpc.WithUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if commit, ok := req.(*firestorepb.CommitRequest); ok && len(commit.Writes) > 0 && stopping.Load() {
			if begun.Add(1) == timetables {
				close(all)
			}
			select {
			case <-all:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return invoke(ctx, method, req, reply, cc, opts...)
	})
	counter, err := views.New(views.Config{Firestore: c.FirestoreClient(t, together), Owners: c.owners, Now: func() time.Time { return c.now }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	timetable, err := c.fs.Doc("users/u1/timetables/abcdefghij").Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range timetables {
		id := fmt.Sprintf("timetable%d", i)
		if _, err := c.fs.Doc("users/u1/timetables/"+id).Set(t.Context(), timetable.Data()); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the first is written immediately
			if err := counter.Count(t.Context(), "byeoli", id, "a"); err != nil {
				t.Fatal(err)
			}
		}
	}
	stopping.Store(true)
	if err := counter.Close(); err != nil {
		t.Fatal(err)
	}
}

// Days are those of Seoul. At midnight viewers are forgotten.
func TestViewsByDay(t *testing.T) {
	c := newCounting(t)
	c.now = time.Date(2026, 9, 1, 14, 59, 50, 0, time.UTC) // ten seconds before midnight
	c.view(t, "a", "a")
	c.now = c.now.Add(15 * time.Second)
	c.view(t, "a")
	if err := c.Counter.Close(); err != nil {
		t.Fatal(err)
	}
	c.mustStore(t, "2026-09-01: 2 by 1", "2026-09-02: 1 by 1")
}

// One viewer cannot make a timetable look popular.
func TestViewsOfOneViewer(t *testing.T) {
	c := newCounting(t)
	for range 500 {
		c.view(t, "a")
	}
	if err := c.Counter.Close(); err != nil {
		t.Fatal(err)
	}
	c.mustStore(t, "2026-09-01: 30 by 1")
}

// What others may not see is not counted, and costs little.
func TestViewsOfNothing(t *testing.T) {
	c := newCounting(t)
	count := func(username, id string) {
		if err := c.Counter.Count(t.Context(), username, id, "a"); err != nil {
			t.Errorf("%s %s: %v", username, id, err)
		}
	}
	for range 3 {
		for _, name := range []string{"nobody", "", "..", "a/b", "__x__", "\xff"} {
			count(name, "abcdefghij")
		}
		for _, id := range []string{"privatexyz", "unknown123", "", ".", "a/b"} {
			count("byeoli", id)
		}
	}
	if c.owners.lookups > 11 {
		t.Errorf("%d lookups for 11 addresses", c.owners.lookups)
	}
	// Made private, or deleted, after it was looked up.
	c.view(t, "a")
	private := []firestore.Update{{Path: "visibility", Value: "private"}}
	if _, err := c.fs.Doc("users/u1/timetables/abcdefghij").Update(t.Context(), private); err != nil {
		t.Fatal(err)
	}
	c.view(t, "b")
	if err := c.Counter.Close(); err != nil {
		t.Fatal(err)
	}
	c.mustStore(t, "2026-09-01: 1 by 1")
}

// Counters of several instances add up. Views that could not be written are written with the next ones.
func TestViewsSurviveFaults(t *testing.T) {
	c := newCounting(t)
	other := c.counter(t)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := other.Count(canceled, "byeoli", "abcdefghij", "a"); err == nil {
		t.Log("the owner was found although the request had ended")
	}
	c.owners.fail = errors.New("unavailable")
	if err := c.Counter.Count(t.Context(), "byeoli", "abcdefghij", "a"); err == nil {
		t.Error("a lookup that failed was not reported")
	}
	c.owners.fail = nil
	var group sync.WaitGroup
	for _, counter := range []*views.Counter{c.Counter, other} {
		for i := range 20 {
			group.Go(func() {
				if err := counter.Count(t.Context(), "byeoli", "abcdefghij", fmt.Sprint("viewer ", i)); err != nil {
					t.Error(err)
				}
			})
		}
	}
	group.Wait()
	if err := errors.Join(c.Counter.Close(), other.Close()); err != nil {
		t.Fatal(err)
	}
	c.mustStore(t, "2026-09-01: 40 by 40")
}

// Neither addresses nor browsers are in Firestore or in the log.
func TestViewsKeepNothingOfViewers(t *testing.T) {
	c := newCounting(t)
	var logged bytes.Buffer
	counter, err := views.New(views.Config{Firestore: c.fs, Owners: c.owners, Now: func() time.Time { return c.now }, Log: slog.New(slog.NewTextHandler(&logged, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(counter.Count(t.Context(), "byeoli", "abcdefghij", "198.51.100.7 Mozilla"), counter.Close()); err != nil {
		t.Fatal(err)
	}
	docs, err := c.fs.CollectionGroup("views").Documents(t.Context()).GetAll()
	if err != nil || len(docs) != 1 || len(docs[0].Data()) != 3 || strings.Contains(fmt.Sprint(docs[0].Data(), &logged), "198.51") {
		t.Errorf("%v %v, logged %s", docs, err, &logged)
	}
}
