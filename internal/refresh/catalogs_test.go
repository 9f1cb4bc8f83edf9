package refresh_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/listdiff"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/school"
)

// realList returns the path of a real course list, or skips the test: they are not part of the repository.
func realList(t *testing.T, name string) string {
	t.Helper()
	shared := os.Getenv("HEEKTIME_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	file, err := filepath.Abs(filepath.Join(shared, "catalogs", "snu-xls", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Skipf("no real course lists (%v); set HEEKTIME_SHARED to the directory that contains catalogs/", err)
	}
	return file
}

// A school's own downloads of two days are published one after the other. What changed is exactly what a
// comparison of the two lists' JSON finds that has no code in common with the service, and a client that has
// the first list loads little. Go test -v prints the sizes that docs/list-deltas.md has.
func TestRealLists(t *testing.T) {
	first, second := realList(t, "2014-1_20140108T1243.xls.gz"), realList(t, "2014-1_20140112T0358.xls.gz")
	w := newWorld(t)
	w.courses = courseServiceWith(t, courses.Config{Log: discardLog(), FilesRoot: "/"})
	publish := func(file string) []byte {
		t.Helper()
		schools, err := school.Parse(strings.NewReader(fmt.Sprintf(`
schools:
  - id: %s
    name: 서울대학교
    source: {adapter: snu-xls, options: {url: "file://%s"}}
    periods: [{period: 1, timeBegin: "09:00", timeEnd: "10:15"}]
    semesters: [{id: %q, year: 2014, term: 1학기, schedule: "*/10 * * * *"}]
`, schoolID, filepath.ToSlash(file), semesterID)), nil)
		if err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(time.Hour)
		s := w.service(t, semesterID, func(cfg *refresh.Config) { cfg.Schools = schools })
		run, err := s.Refresh(context.Background(), w.task(semesterID))
		if err != nil || run.Outcome != refresh.Changed {
			t.Fatalf("run %+v, %v", run, err)
		}
		return w.content(t, w.record(t, semesterID).Published[0].Name)
	}
	before, after := publish(first), publish(second)
	want := independentDiff(t, before, after)
	var lists [2]schema.CourseList
	for i, body := range [][]byte{before, after} {
		var err error
		if lists[i], err = schema.DecodeCourseList(bytes.NewReader(body)); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, l := range listdiff.Compare(lists[0], lists[1]).Lectures {
		fields := slices.DeleteFunc(slices.Sorted(maps.Keys(l.After)), func(string) bool { return l.Kind != schema.LectureChanged })
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %v %s", l.Identifier, l.Kind, l.Before["identifier"], strings.Join(fields, " "))))
	}
	if slices.Sort(got); !slices.Equal(got, want) || len(want) < 100 {
		t.Errorf("%d changes\n%s\nwant %d\n%s", len(got), strings.Join(got, "\n"), len(want), strings.Join(want, "\n"))
	}
	c := w.changes(t, semesterID)[1]
	if n := c.Added + c.Removed + c.Changed + c.Moved; n != len(want) || c.Complete || c.Before != len(lists[0]) || c.After != len(lists[1]) {
		t.Errorf("change %+v, want %d lectures", c, len(want))
	}
	w.checkDeltas(t, semesterID)
	delta := w.content(t, strings.TrimPrefix(c.Delta, "gs://"+w.Project+"/"))
	t.Logf("%d lectures, %d added, %d removed, %d changed, %d moved: the list has %d bytes, %d gzipped; the delta %d, %d gzipped",
		c.After, c.Added, c.Removed, c.Changed, c.Moved, len(after), gzipped(t, after), len(delta), gzipped(t, delta))
	if gzipped(t, delta) > 4000 {
		t.Errorf("the delta has %d bytes gzipped, want some 2,000", gzipped(t, delta))
	}
}

func gzipped(t *testing.T, body []byte) int {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

// lecturesByID returns the lectures of a list, as JSON, without their identifiers.
func lecturesByID(t *testing.T, body []byte) map[string]map[string]json.RawMessage {
	t.Helper()
	var list []map[string]json.RawMessage
	if err := json.Unmarshal(body, &list); err != nil {
		t.Fatal(err)
	}
	byID := map[string]map[string]json.RawMessage{}
	for _, l := range list {
		var id string
		if err := json.Unmarshal(l["identifier"], &id); err != nil {
			t.Fatal(err)
		}
		delete(l, "identifier")
		byID[id] = l
	}
	return byID
}

// independentDiff compares lists as JSON. A lecture that has gone and a new one that differ in the identifier
// alone have moved, unless more are alike.
func independentDiff(t *testing.T, before, after []byte) (changes []string) {
	t.Helper()
	old, new := lecturesByID(t, before), lecturesByID(t, after)
	content := func(l map[string]json.RawMessage) string { return fmt.Sprintf("%s", l) } // fmt sorts keys
	goneWith, newWith := map[string][]string{}, map[string][]string{}
	for id, l := range old {
		if new[id] == nil {
			goneWith[content(l)] = append(goneWith[content(l)], id)
		}
	}
	for id, l := range new {
		switch was := old[id]; {
		case was == nil:
			newWith[content(l)] = append(newWith[content(l)], id)
		case content(was) != content(l):
			var fields []string
			for _, name := range slices.Sorted(maps.Keys(l)) {
				if string(was[name]) != string(l[name]) {
					fields = append(fields, name)
				}
			}
			changes = append(changes, id+" changed <nil> "+strings.Join(fields, " "))
		}
	}
	for text, ids := range goneWith {
		arrived := newWith[text]
		slices.Sort(ids)
		slices.Sort(arrived)
		if len(ids) == len(arrived) {
			for i := range ids {
				changes = append(changes, arrived[i]+" moved "+ids[i])
			}
			delete(newWith, text)
			continue
		}
		for _, id := range ids {
			changes = append(changes, id+" removed "+id)
		}
	}
	for _, ids := range newWith {
		for _, id := range ids {
			changes = append(changes, id+" added <nil>")
		}
	}
	slices.Sort(changes)
	return changes
}
