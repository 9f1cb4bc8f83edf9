package refresh_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/schema"
)

// mustRefresh runs a refresh that is due now. Each set may change its task.
func (w *world) mustRefresh(t *testing.T, set ...func(*refresh.Task)) *refresh.Run {
	t.Helper()
	task := w.task(semesterID)
	for _, f := range set {
		f(&task)
	}
	run, err := w.service(t, semesterID).Refresh(context.Background(), task)
	if err != nil {
		t.Fatalf("refresh: %v (%+v)", err, run)
	}
	return run
}

func TestFirstListIsPublished(t *testing.T) {
	w := newWorld(t)
	w.school.offer(semesterID, titles("첫 판", 30)...)
	run := w.mustRefresh(t)
	if run.Outcome != refresh.Changed || run.Lectures != 30 || run.Report.Rows != 30 {
		t.Fatalf("run %+v", run)
	}
	if list := w.published(t, semesterID); len(list) != 30 || version(list) != "첫 판" {
		t.Fatalf("published %v", list)
	}
	doc := w.semesterDocument(t, semesterID)
	want := map[string]any{
		"year": int64(2026), "term": "2학기", "status": "normal", "lecturesUrl": run.URL,
		"periods":       []any{map[string]any{"period": int64(1), "timeBegin": int64(540), "timeEnd": int64(615)}},
		"listChangedAt": run.Ended, "listCheckedAt": run.Ended,
	}
	if !reflect.DeepEqual(doc, want) {
		t.Errorf("semester document\n%v\nwant\n%v", doc, want)
	}
	snap, err := w.fs.Collection("schools").Doc(schoolID).Get(t.Context())
	if err != nil || !reflect.DeepEqual(snap.Data(), map[string]any{"name": "가온대학교", "legacyId": "gaon"}) {
		t.Errorf("school document %v, %v", snap.Data(), err)
	}
}

// The dates of the school file are in the document, and leave it again. A refresh that finds the list
// unchanged writes them, too.
func TestDatesOfTheSemester(t *testing.T) {
	w := newWorld(t)
	w.school.offer(semesterID, "자료구조")
	sem := &w.schools(t, semesterID).Schools[0].Semesters[0]
	sem.FirstDay, sem.LastDay, sem.Holidays = "2026-09-01", "2026-12-18", []schema.Date{"2026-10-02"}
	w.mustRefresh(t)
	doc := w.semesterDocument(t, semesterID)
	if doc["firstDay"] != "2026-09-01" || doc["lastDay"] != "2026-12-18" || !reflect.DeepEqual(doc["holidays"], []any{"2026-10-02"}) {
		t.Errorf("semester document %v", doc)
	}
	sem.FirstDay, sem.LastDay, sem.Holidays, sem.ClassDays = "", "", nil, []schema.Date{"2026-10-09"}
	if run := w.mustRefresh(t); run.Outcome != refresh.Unchanged {
		t.Errorf("outcome %v", run.Outcome)
	}
	doc = w.semesterDocument(t, semesterID)
	if !reflect.DeepEqual(doc["classDays"], []any{"2026-10-09"}) {
		t.Errorf("semester document %v", doc)
	}
	for _, name := range []string{"firstDay", "lastDay", "holidays"} {
		if value, ok := doc[name]; ok {
			t.Errorf("%s = %v stays", name, value)
		}
	}
}

// Released clients copy lectures from the object. It has every key in a fixed order, none of them null,
// and is immutable and compressed.
func TestObjectFormat(t *testing.T) {
	w := newWorld(t)
	w.school.offer(semesterID, "자료구조 <가> & 나")
	run := w.mustRefresh(t)
	name := strings.TrimPrefix(run.URL, "gs://"+w.Project+"/")
	attrs, err := w.bucket.Object(name).Attrs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if attrs.ContentType != "application/json" || attrs.ContentEncoding != "gzip" || attrs.CacheControl != "public, max-age=31536000, immutable" {
		t.Errorf("headers %q, %q, %q", attrs.ContentType, attrs.ContentEncoding, attrs.CacheControl)
	}
	if attrs.Metadata["sha256"] == "" || !strings.HasSuffix(name, "/"+attrs.Metadata["sha256"][:32]+".json") {
		t.Errorf("name %q does not contain the hash %q", name, attrs.Metadata["sha256"])
	}
	r, err := w.bucket.Object(name).ReadCompressed(true).NewReader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	var raw json.RawMessage
	if err := json.NewDecoder(unzipped).Decode(&raw); err != nil {
		t.Fatal(err)
	}
	const want = `[
{"identifier":"GAON000-01","title":"자료구조 <가> & 나","professor":"한가람","credit":3,"times":[{"weekday":0,"timeBegin":540,"timeEnd":615,"room":"가온관 101호"}],`
	if !strings.HasPrefix(string(raw), want) {
		t.Errorf("list\n%s\nwant it to begin\n%s", raw, want)
	}
	var keys []map[string]json.RawMessage
	if err := json.Unmarshal(raw, &keys); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"identifier", "title", "professor", "credit", "times", "category", "metas", "url"} {
		if v, ok := keys[0][key]; !ok || string(v) == "null" {
			t.Errorf("key %s is %s", key, v)
		}
		delete(keys[0], key)
	}
	if len(keys[0]) > 0 {
		t.Errorf("unknown keys, which clients would copy into timetables: %v", keys[0])
	}
}

func TestUnchangedListWritesNoClientDocument(t *testing.T) {
	w := newWorld(t)
	w.school.offer(semesterID, titles("판", 10)...)
	first := w.mustRefresh(t)
	semesterRef := w.fs.Collection("schools").Doc(schoolID).Collection("semesters").Doc(string(semesterID))
	before, err := semesterRef.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Minute)
	second := w.mustRefresh(t)
	after, err := semesterRef.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if second.Outcome != refresh.Unchanged || second.URL != first.URL {
		t.Errorf("second run %+v", second)
	}
	if !after.UpdateTime.Equal(before.UpdateTime) {
		t.Errorf("the semester document was written at %v", after.UpdateTime)
	}
	if objects := w.objects(t, semesterID); len(objects) != 1 {
		t.Errorf("objects %v", objects)
	}
	if last := w.record(t, semesterID).LastRun; last.Outcome != refresh.Unchanged || !last.Slot.Equal(second.Slot) {
		t.Errorf("recorded %+v", last)
	}
}

func TestKeepsTheLastFourObjects(t *testing.T) {
	w := newWorld(t)
	var urls []string
	for i := range 6 {
		w.school.offer(semesterID, titles(fmt.Sprint(i), 10)...)
		urls = append(urls, w.mustRefresh(t).URL)
		w.Clock.Advance(time.Minute)
	}
	var want []string
	for _, url := range urls[2:] {
		want = append(want, strings.TrimPrefix(url, "gs://"+w.Project+"/"))
	}
	slices.Sort(want)
	if got := w.objects(t, semesterID); !slices.Equal(got, want) {
		t.Errorf("objects %v, want the last four, %v", got, want)
	}
	// A list that was deleted long ago returns under its old name.
	w.school.offer(semesterID, titles("0", 10)...)
	if run := w.mustRefresh(t); run.Outcome != refresh.Changed || run.URL != urls[0] {
		t.Errorf("returning list: %+v", run)
	}
	w.published(t, semesterID)
}

func TestSuspiciousListsAreHeldBack(t *testing.T) {
	for _, c := range []struct {
		name      string
		lectures  int
		published bool
	}{
		{"empty", 0, false}, {"half", 100, false}, {"just too few", 159, false}, {"just enough", 160, true}, {"ten times", 2000, false}, {"more", 300, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.school.offer(semesterID, titles("판", 200)...)
			good := w.mustRefresh(t)
			w.school.offer(semesterID, titles("판", c.lectures)...)
			w.Clock.Advance(time.Minute)
			run := w.mustRefresh(t)
			if c.published {
				if run.Outcome != refresh.Changed || len(w.published(t, semesterID)) != c.lectures {
					t.Errorf("run %+v", run)
				}
				return
			}
			if run.Outcome != refresh.Suspicious || run.Reason == "" || run.URL != good.URL || len(w.published(t, semesterID)) != 200 {
				t.Errorf("run %+v", run)
			}
			if n := len(w.objects(t, semesterID)); n != 1 {
				t.Errorf("%d objects", n)
			}
			if last := w.record(t, semesterID).LastRun; last.Outcome != refresh.Suspicious || last.Reason != run.Reason {
				t.Errorf("recorded %+v", last)
			}
			w.Clock.Advance(time.Minute)
			accepted := w.mustRefresh(t, func(task *refresh.Task) { task.Accept = true })
			if accepted.Outcome != refresh.Changed || len(w.published(t, semesterID)) != c.lectures {
				t.Errorf("accepted: %+v", accepted)
			}
		})
	}
}

// An empty list is held back even if it is the first.
func TestEmptyFirstList(t *testing.T) {
	w := newWorld(t)
	w.school.offer(semesterID)
	if run := w.mustRefresh(t); run.Outcome != refresh.Suspicious {
		t.Errorf("run %+v", run)
	}
	doc := w.semesterDocument(t, semesterID)
	if _, there := doc["lecturesUrl"]; there || doc["term"] != "2학기" {
		t.Errorf("semester document %v, want no lecturesUrl", doc)
	}
}

func TestSchoolFails(t *testing.T) {
	status := func(code int) func(http.ResponseWriter, []byte) {
		return func(w http.ResponseWriter, _ []byte) { http.Error(w, "점검 중입니다", code) }
	}
	for _, c := range []struct {
		name  string
		fail  func(http.ResponseWriter, []byte)
		retry bool
	}{
		{"500", status(500), true},
		{"503", status(503), true},
		{"404", status(404), false},
		{"no response", func(http.ResponseWriter, []byte) { panic(http.ErrAbortHandler) }, true},
		{"connection cut", func(w http.ResponseWriter, body []byte) {
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
			w.Write(body[:len(body)/2])
			panic(http.ErrAbortHandler)
		}, true},
		{"half a file", func(w http.ResponseWriter, body []byte) { w.Write(body[:len(body)/2]) }, false},
		{"garbage", func(w http.ResponseWriter, body []byte) { w.Write([]byte("\x00\x01\x02 garbage")) }, false},
		{"error page", func(w http.ResponseWriter, _ []byte) { w.Write([]byte("<html>오류가 발생했습니다</html>")) }, false},
		{"empty body", func(w http.ResponseWriter, _ []byte) {}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.school.offer(semesterID, titles("판", 30)...)
			good := w.mustRefresh(t)
			w.school.misbehave(c.fail)
			w.Clock.Advance(time.Minute)
			task := w.task(semesterID)
			run, err := w.service(t, semesterID).Refresh(context.Background(), task)
			if (err != nil) != c.retry || run.Retry != c.retry {
				t.Errorf("retry %v (%v), want %v: %s", run.Retry, err, c.retry, run.Reason)
			}
			last := w.record(t, semesterID).LastRun
			if last.Outcome != refresh.Failed || last.Reason == "" || last.URL != good.URL || last.Retry != c.retry {
				t.Errorf("recorded %+v", last)
			}
			if version(w.published(t, semesterID)) != "판" {
				t.Error("the old list is gone")
			}
			// The school recovers and the task is repeated. Only a retryable failure fetches again.
			w.school.misbehave(nil)
			before := w.school.requests()
			run, err = w.service(t, semesterID).Refresh(context.Background(), task)
			want := refresh.Superseded
			if c.retry {
				want = refresh.Unchanged
			}
			if err != nil || run.Outcome != want || (w.school.requests() > before) != c.retry {
				t.Errorf("repeated: %+v, %v, %d requests to the school", run, err, w.school.requests()-before)
			}
		})
	}
}

func TestRepeatedAndLateTasksDoNotFetch(t *testing.T) {
	w := newWorld(t)
	w.school.offer(semesterID, titles("판", 30)...)
	late := w.task(semesterID)
	w.Clock.Advance(time.Minute)
	task := w.task(semesterID)
	s := w.service(t, semesterID)
	for _, c := range []struct {
		task refresh.Task
		want refresh.Outcome
	}{{task, refresh.Changed}, {task, refresh.Superseded}, {late, refresh.Superseded}} {
		run, err := s.Refresh(context.Background(), c.task)
		if err != nil || run.Outcome != c.want {
			t.Errorf("run %+v, %v, want %s", run, err, c.want)
		}
	}
	if n := w.school.requests(); n != 1 {
		t.Errorf("the school received %d requests, want 1", n)
	}
}

func TestUnknownSemesterIsRefused(t *testing.T) {
	w := newWorld(t)
	run, err := w.service(t, semesterID).Refresh(context.Background(), w.task("2030-0300"))
	if err != nil || run.Outcome != refresh.Refused || !strings.Contains(run.Reason, "2030-0300") {
		t.Errorf("run %+v, %v", run, err)
	}
}
