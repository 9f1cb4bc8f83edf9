package pages_test

import (
	"bytes"
	"context"
	"image/png"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/auth/fairsemaphore"
	"heek.kr/heektime/internal/pages"
	"heek.kr/heektime/internal/pages/catalog"
	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/ratelimit"
	"heek.kr/heektime/internal/schema"
)

const shared = "/user/byeoli/timetable/abcdefghij"

// world is a local cloud with a public and a private timetable, and the service.
type world struct {
	*emulatortest.Cloud
	fs      *firestore.Client
	handler http.Handler
	library library
	now     time.Time
	views   []string // what was counted
}

// Count records a view.
func (w *world) Count(_ context.Context, username, timetableID, viewer string) error {
	w.views = append(w.views, username+" "+timetableID+" "+viewer)
	return nil
}

// publish publishes a course list for the semester of the timetables, in an object with the given name.
func (w *world) publish(t *testing.T, name string, list schema.CourseList) {
	t.Helper()
	w.publishAs(t, "2026-0900", name, list)
}

func (w *world) publishAs(t *testing.T, id schema.SemesterID, name string, list schema.CourseList) {
	t.Helper()
	object := schema.SemesterPrefix("가온대학교", id) + name + ".json"
	w.library.objects[object] = list
	s := schema.Semester{
		Year: 2026, Term: schema.SecondTerm, Status: schema.StatusNormal, LecturesURL: "gs://lists/" + object,
		ListChangedAt: time.Date(2026, 8, 20, 0, 0, 0, 0, time.UTC),
	}
	if _, err := schema.SemesterRef(w.fs, "가온대학교", id).Set(t.Context(), s.Fields()); err != nil {
		t.Fatal(err)
	}
}

func newWorld(t *testing.T, set ...func(*pages.Config)) *world {
	t.Helper()
	indexes, err := os.ReadFile("../../firestore.indexes.json")
	if err != nil {
		t.Fatal(err)
	}
	cloud := emulatortest.Start(t, func(cfg *emulator.Config) { cfg.Indexes = indexes })
	w := &world{Cloud: cloud, library: library{objects: map[string]schema.CourseList{}}, now: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)}
	w.fs = w.FirestoreClient(t)
	at := time.Date(2026, 8, 20, 0, 0, 0, 0, time.UTC)
	lecture := schema.Lecture{
		Identifier: "CS201-01", Title: "자료구조", Professor: "김나무",
		Times: []schema.LectureTime{{Weekday: 0, TimeBegin: 540, TimeEnd: 615, Room: "공학관 301"}},
	}
	semester := w.fs.Doc("schools/가온대학교/semesters/2026-0900")
	timetable := func(v schema.Visibility) map[string]any {
		return schema.Timetable{Title: "2학기", Visibility: v, Semester: semester, CreatedAt: at, UpdatedAt: at}.Fields()
	}
	for path, fields := range map[string]map[string]any{
		"schools/가온대학교/semesters/2026-0900": schema.Semester{Year: 2026, Term: schema.SecondTerm, Status: schema.StatusNormal}.Fields(),
		"users/u1":                                   schema.User{Username: "byeoli", CreatedAt: at, UpdatedAt: at}.Fields(),
		"users/u1/timetables/abcdefghij":             timetable(schema.Public),
		"users/u1/timetables/abcdefghij/lectures/l1": lecture.Fields(at, at),
		"users/u1/timetables/privatexyz":             timetable(schema.Private),
		"users/hidden/timetables/abcdefghij":         timetable(schema.Public),
	} {
		if _, err := w.fs.Doc(path).Set(t.Context(), fields); err != nil {
			t.Fatal(err)
		}
	}
	now := func() time.Time { return w.now }
	semesters := share.NewSemesters(w.fs, now)
	cfg := pages.Config{
		Timetables: share.NewReader(w.fs, semesters), Views: w, Courses: catalog.NewReader(w.fs, semesters, w.library.read, now), Drawing: fairsemaphore.New(2, 2),
		Calls: ratelimit.New(ratelimit.Limit{PerSecond: 1000, Burst: 1000}), Client: func(*http.Request) string { return "" },
		Origin: "https://heektime.example", Now: now, Log: slog.New(slog.DiscardHandler),
	}
	for _, f := range set {
		f(&cfg)
	}
	if w.handler, err = pages.New(cfg); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) get(t *testing.T, address string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	return w.serve(httptest.NewRequestWithContext(t.Context(), http.MethodGet, address, nil), header)
}

// serve serves a request with headers added: names and values in turn.
func (w *world) serve(r *http.Request, header []string) *httptest.ResponseRecorder {
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	return recorder
}

func TestFiles(t *testing.T) {
	w := newWorld(t)
	for address, contentType := range map[string]string{
		shared + ".png": "image/png", shared + ".png?size=1080x2340&theme=dark&lang=en": "image/png",
		shared + ".svg": "image/svg+xml", shared + ".ics": "text/calendar; charset=utf-8",
	} {
		res := w.get(t, address)
		if res.Code != http.StatusOK || res.Header().Get("Content-Type") != contentType {
			t.Errorf("%s: %d %s", address, res.Code, res.Header().Get("Content-Type"))
		}
		if strings.Contains(address, ".png") {
			if _, err := png.Decode(bytes.NewReader(res.Body.Bytes())); err != nil {
				t.Errorf("%s: %v", address, err)
			}
		} else if !strings.Contains(res.Body.String(), "자료구조") {
			t.Errorf("%s does not have the lecture", address)
		}
		again := w.get(t, address, "If-None-Match", `"other", W/`+res.Header().Get("ETag"))
		if again.Code != http.StatusNotModified || again.Body.Len() > 0 {
			t.Errorf("%s: %d with %d bytes for a client that has it", address, again.Code, again.Body.Len())
		}
	}
	if a, b := w.get(t, shared+".png"), w.get(t, shared+".png?theme=dark"); a.Header().Get("ETag") == b.Header().Get("ETag") {
		t.Error("two pictures share an ETag")
	}
}

// A view that the CDN does not have costs the user, the timetable and its lectures.
func TestCost(t *testing.T) {
	w := newWorld(t)
	w.get(t, shared+".ics") // reads the semester
	cost := emulatortest.CostOf(w.Measure(t, func() { w.get(t, shared+".png") }))
	if want := (emulatortest.Cost{Reads: 3}); cost != want {
		t.Errorf("cost %v, want %v", cost, want)
	}
}

func TestChangesTheETag(t *testing.T) {
	w := newWorld(t)
	before := w.get(t, shared+".ics").Header().Get("ETag")
	updates := []firestore.Update{{Path: "title", Value: "운영체제"}, {Path: "updatedAt", Value: firestore.ServerTimestamp}}
	if _, err := w.fs.Doc("users/u1/timetables/abcdefghij/lectures/l1").Update(t.Context(), updates); err != nil {
		t.Fatal(err)
	}
	res := w.get(t, shared+".ics", "If-None-Match", before)
	if res.Code != http.StatusOK || !strings.Contains(res.Body.String(), "운영체제") {
		t.Errorf("after a change: %d\n%s", res.Code, res.Body)
	}
}

// limitedTo lets a client send a few requests.
func limitedTo(requests int) func(*pages.Config) {
	return func(cfg *pages.Config) {
		cfg.Calls = ratelimit.New(ratelimit.Limit{PerSecond: 1e-6, Burst: requests})
	}
}

// Whatever others may not see is the same response to the byte.
func TestNotFound(t *testing.T) {
	w := newWorld(t)
	want := w.get(t, "/user/nobody/timetable/abcdefghij.png")
	validate(t, want.Body.String())
	if want.Code != http.StatusNotFound {
		t.Fatalf("status %d", want.Code)
	}
	for _, address := range []string{
		"/user/byeoli/timetable/privatexyz.png", "/user/byeoli/timetable/unknown123.png", "/user/hidden/timetable/abcdefghij.ics",
		"/user/byeoli/timetable/.png", "/user/byeoli/timetable/..png", "/user/byeoli/timetable/a%2Fb.png", "/user/%2e%2e/timetable/abcdefghij.png",
		"/user/__x__/timetable/abcdefghij.png", shared + ".gif", shared + ".png.png", "/user/%FF/timetable/abcdefghij.png",
		"/user/" + strings.Repeat("a", 2000) + "/timetable/abcdefghij.png",
		"/user/nobody/timetable/abcdefghij/", "/user/byeoli/timetable/privatexyz/", "/user/byeoli/timetable/unknown123/", "/user/hidden/timetable/abcdefghij/",
		"/user/byeoli/timetable/abcdefghij/more", "/user/__x__/timetable/abcdefghij/", "/user/byeoli/timetable/a%2Fb/", "/elsewhere",
	} {
		res := w.get(t, address)
		if res.Code != want.Code || res.Body.String() != want.Body.String() || res.Header().Get("Cache-Control") != want.Header().Get("Cache-Control") {
			t.Errorf("%.80s: %d %q", address, res.Code, res.Body)
		}
	}
}

// Only the few addresses of a picture exist, so that nobody fills the cache or has others drawn.
func TestParameters(t *testing.T) {
	w := newWorld(t)
	cost := emulatortest.CostOf(w.Measure(t, func() {
		for _, q := range []string{
			"size=1x1", "size=1200x630", "size=", "size=preview&size=preview", "theme=DARK", "lang=fr", "v=1", "size=preview&utm_source=x", "%zz", "a;b",
		} {
			if res := w.get(t, shared+".png?"+q); res.Code != http.StatusBadRequest || res.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("?%s: %d, %q", q, res.Code, res.Header().Get("Cache-Control"))
			}
		}
		if res := w.get(t, shared+".ics?theme=dark"); res.Code != http.StatusBadRequest {
			t.Errorf("a calendar with a theme: %d", res.Code)
		}
	}))
	if cost.Total() != 0 {
		t.Errorf("bad parameters cost %v", cost)
	}
}

// full is a limiter without a free slot.
type full struct{}

func (full) Acquire(context.Context, string) (func(), error) { return nil, fairsemaphore.ErrFull }

// When too much is being drawn, pictures have to wait. Calendars do not.
func TestBusy(t *testing.T) {
	var logged bytes.Buffer
	w := newWorld(t, func(cfg *pages.Config) {
		cfg.Drawing, cfg.Log = full{}, slog.New(slog.NewTextHandler(&logged, nil))
	})
	res := w.get(t, shared+".png")
	if res.Code != http.StatusServiceUnavailable || res.Header().Get("Cache-Control") != "no-store" || res.Header().Get("ETag") != "" {
		t.Errorf("%d %v", res.Code, res.Header())
	}
	if res := w.get(t, shared+".ics"); res.Code != http.StatusOK {
		t.Errorf("calendar: %d", res.Code)
	}
	if logged.Len() > 0 {
		t.Errorf("logged %s", &logged)
	}
}
