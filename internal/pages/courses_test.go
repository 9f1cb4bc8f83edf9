package pages_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/liststore"
	"heek.kr/heektime/internal/pages/catalog"
	"heek.kr/heektime/internal/schema"
)

const courses = "/courses/%EA%B0%80%EC%98%A8%EB%8C%80%ED%95%99%EA%B5%90/2026-0900/"

// library has the objects of course lists.
type library struct {
	objects map[string]schema.CourseList // by name
	opened  int
}

func (l *library) read(_ context.Context, object string) ([]byte, error) {
	l.opened++
	list, ok := l.objects[object]
	if !ok {
		return nil, liststore.ErrNone
	}
	var b bytes.Buffer
	err := list.Encode(&b)
	return b.Bytes(), err
}

func sampleList() schema.CourseList {
	list := schema.CourseList{
		{Identifier: "CS201-01", Title: "자료구조", Professor: "김나무", Credit: 3, Category: []string{"공과대학", "컴퓨터학과"}, Metas: []schema.LectureMeta{schema.Tag("영강")},
			Times: []schema.LectureTime{{Weekday: 0, TimeBegin: 540, TimeEnd: 615, Room: "공학관 301"}}, URL: "https://school.example/syllabus?id=1&x=2"},
		{Identifier: "CS201-02", Title: "자료구조", Professor: "이바다", Credit: 3, Category: []string{"공과대학", "컴퓨터학과"}},
		{Identifier: "GE1/../2 가", Title: `</script><img src=x onerror=alert(1)>` + "\u202e", Category: []string{"교양 / 기초"}, URL: "javascript:alert(1)"},
		{Identifier: "ZZ999", Title: "세미나"},
	}
	list.Sort()
	return list
}

func TestCoursePages(t *testing.T) {
	w := newWorld(t)
	w.publish(t, "1", sampleList())
	for path, wants := range map[string][]string{
		"/courses/": {"가온대학교", "2026년 2학기", courses},
		courses:     {"공과대학", "컴퓨터학과", "세미나", "<bdi>교양 / 기초</bdi>", "BreadcrumbList"},
		courses + url.PathEscape("공과대학") + "/":                                 {"컴퓨터학과"},
		courses + url.PathEscape("공과대학") + "/" + url.PathEscape("컴퓨터학과") + "/": {"자료구조", "CS201-02", "월 9:00–10:15"},
		courses + "CS201-01": {`"@type":"Course"`, `"courseCode":"CS201-01"`, "공학관 301", "영강", "3학점", "다른 분반", "이바다", `href="https://school.example/syllabus?id=1&amp;x=2"`},
	} {
		res := w.get(t, path)
		text := res.Body.String()
		if res.Code != http.StatusOK || res.Header().Get("X-Robots-Tag") != "" || !strings.Contains(res.Header().Get("Cache-Control"), "s-maxage=3600") {
			t.Errorf("%s: %d %v", path, res.Code, res.Header())
		}
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not have %s", path, want)
			}
		}
		if !strings.Contains(text, `<link rel="canonical" href="https://heektime.example`+path+`">`) || strings.Contains(text, "noindex") {
			t.Errorf("%s: not for search engines: %.600s", path, text)
		}
		validate(t, text)
		checkData(t, text)
		again := w.get(t, path+"?lang=ko", "If-None-Match", res.Header().Get("ETag"))
		if again.Code != http.StatusNotModified {
			t.Errorf("%s: %d for a client that has it", path, again.Code)
		}
	}
}

// checkData checks that structured data is JSON.
func checkData(t *testing.T, page string) {
	t.Helper()
	for _, rest := range strings.Split(page, `<script type="application/ld+json">`)[1:] {
		text, _, _ := strings.Cut(rest, "</script>")
		if !json.Valid([]byte(text)) {
			t.Errorf("not JSON: %s", text)
		}
	}
}

// What a school writes into its list is text.
func TestStrangeCourses(t *testing.T) {
	w := newWorld(t)
	w.publish(t, "1", sampleList())
	path := courses + catalog.Slug("GE1/../2 가")
	if strings.Contains(path, "/..") || strings.Contains(path, " ") {
		t.Errorf("address %s", path)
	}
	res := w.get(t, (&url.URL{Path: mustUnescape(t, path)}).EscapedPath())
	text := res.Body.String()
	if res.Code != http.StatusOK || strings.Contains(text, "<img") || strings.Contains(text, "\u202e") || strings.Contains(text, "javascript:") {
		t.Errorf("%d %s", res.Code, text)
	}
	validate(t, text)
	checkData(t, text)
}

func mustUnescape(t *testing.T, path string) string {
	t.Helper()
	plain, err := url.PathUnescape(path)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// What is not there is the same 404 as that of a timetable.
func TestCoursesNotFound(t *testing.T) {
	w := newWorld(t)
	w.publish(t, "1", sampleList())
	want := w.get(t, "/user/nobody/timetable/abcdefghij/")
	for _, path := range []string{
		courses + "CS999", courses + "CS999/", courses + url.PathEscape("공과대학") + "/x/", courses + "?page=2", "/courses/other/2026-0900/", "/courses/other/2026-0900/x",
		strings.Replace(courses, "2026-0900", "2026-0300", 1), strings.Replace(courses, "2026-0900", "2026-9900", 1),
		"/courses/__x__/2026-0900/", "/sitemap-x.xml", "/sitemap-other.2026-0900.xml", "/sitemap-.xml", "/sitemap-a.b.xml", "/favicon.ico",
		"/sitemap-%EA%B0%80%EC%98%A8%EB%8C%80%ED%95%99%EA%B5%90.2026-0900.xml?x=1",
	} {
		if res := w.get(t, path); res.Code != http.StatusNotFound || res.Body.String() != want.Body.String() {
			t.Errorf("%s: %d %.100s", path, res.Code, res.Body)
		}
	}
	for _, query := range []string{"?page=1", "?page=0", "?page=02", "?page=-2", "?page=x", "?page=99999999999999999999", "?size=1", "?page=2&page=2"} {
		if res := w.get(t, courses+query); res.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", query, res.Code)
		}
	}
}

// A semester's document is read every ten minutes, and its list once.
func TestCoursesCost(t *testing.T) {
	w := newWorld(t)
	w.publish(t, "1", sampleList())
	cost := emulatortest.CostOf(w.Measure(t, func() {
		for _, path := range []string{courses, courses + "CS201-01", courses + "ZZ999", courses + "none"} {
			w.get(t, path)
		}
	}))
	if want := (emulatortest.Cost{Reads: 1}); cost != want || w.library.opened != 1 {
		t.Errorf("cost %v and %d lists, want %v and one", cost, w.library.opened, want)
	}
	tag := w.get(t, courses).Header().Get("ETag")
	w.publish(t, "2", sampleList()[1:])
	w.now = w.now.Add(11 * time.Minute)
	if res := w.get(t, courses, "If-None-Match", tag); res.Code != http.StatusOK || w.library.opened != 2 {
		t.Errorf("after another list: %d, %d lists", res.Code, w.library.opened)
	}
	w.get(t, courses)
	if w.library.opened != 2 {
		t.Errorf("%d lists, want two", w.library.opened)
	}
}

// One who requests the pages of many semesters in turn makes the service load few lists.
func TestFewListsAreLoaded(t *testing.T) {
	w := newWorld(t)
	busy := 0
	for i := range 60 {
		id := schema.SemesterID(fmt.Sprintf("%d-0300", 1900+i))
		w.publishAs(t, id, "1", sampleList())
		if res := w.get(t, strings.Replace(courses, "2026-0900", string(id), 1)); res.Code == http.StatusServiceUnavailable {
			busy++
		}
	}
	if busy == 0 || w.library.opened > 40 {
		t.Errorf("%d lists are loaded, %d requests rejected", w.library.opened, busy)
	}
}

// The pages of a semester that is over stay, and say so.
func TestOver(t *testing.T) {
	w := newWorld(t)
	w.publish(t, "1", sampleList())
	before := w.get(t, courses+"CS201-01")
	w.now = time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	after := w.get(t, courses+"CS201-01", "If-None-Match", before.Header().Get("ETag"))
	if strings.Contains(before.Body.String(), "끝난 학기") || after.Code != http.StatusOK || !strings.Contains(after.Body.String(), "끝난 학기") {
		t.Errorf("%d %s", after.Code, after.Body)
	}
}

// A long list has several pages.
func TestPaging(t *testing.T) {
	w := newWorld(t)
	var list schema.CourseList
	for i := range 650 {
		list = append(list, schema.Lecture{Identifier: fmt.Sprintf("A%04d", i), Title: fmt.Sprintf("강의 %04d", i)})
	}
	w.publish(t, "1", list)
	found := 0
	for _, query := range []string{"", "?page=2", "?page=3"} {
		res := w.get(t, courses+query)
		found += strings.Count(res.Body.String(), `scope="rowgroup"`)
		validate(t, res.Body.String())
	}
	if found != len(list) {
		t.Errorf("%d lectures on three pages, want %d", found, len(list))
	}
}

func TestSitemaps(t *testing.T) {
	w := newWorld(t)
	w.publish(t, "1", sampleList())
	robots := w.get(t, "/robots.txt").Body.String()
	if !strings.Contains(robots, "Sitemap: https://heektime.example/sitemap.xml\n") || strings.Contains(robots, "/user") {
		t.Errorf("robots.txt: %s", robots)
	}
	type entry struct {
		Location string `xml:"loc"`
		Modified string `xml:"lastmod"`
	}
	var index struct {
		Sitemaps []entry `xml:"sitemap"`
	}
	if err := xml.Unmarshal(w.get(t, "/sitemap.xml").Body.Bytes(), &index); err != nil || len(index.Sitemaps) != 1 {
		t.Fatalf("%v %+v", err, index)
	}
	at := index.Sitemaps[0]
	if at.Modified != "2026-08-20T00:00:00Z" {
		t.Errorf("lastmod %q", at.Modified)
	}
	var set struct {
		URLs []entry `xml:"url"`
	}
	path := strings.TrimPrefix(at.Location, "https://heektime.example")
	if err := xml.Unmarshal(w.get(t, path).Body.Bytes(), &set); err != nil || len(set.URLs) != 8 {
		t.Fatalf("%s: %v, %d addresses: %+v", path, err, len(set.URLs), set.URLs)
	}
	for _, u := range set.URLs {
		path := strings.TrimPrefix(u.Location, "https://heektime.example")
		res := w.get(t, path)
		if res.Code != http.StatusOK || u.Modified != at.Modified || !strings.Contains(res.Body.String(), `<link rel="canonical" href="`+u.Location+`">`) {
			t.Errorf("%+v: %d", u, res.Code)
		}
	}
}

// Names that differ have different slugs, which need no more than letters.
func FuzzSlug(f *testing.F) {
	for _, name := range []string{"CS201-01", "", "..", "a/b", "가 나", strings.Repeat("가", 300), "\u1100\u1161", "~", "a~b", "a-b", "a b"} {
		f.Add(name, name+" ")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := catalog.Slug(a), catalog.Slug(b)
		if x == y && norm.NFC.String(a) != norm.NFC.String(b) {
			t.Errorf("%q and %q have the slug %q", a, b, x)
		}
		if x == "" || x == "." || x == ".." || strings.ContainsAny(x, "/?#% \\") || len(x) > 400 {
			t.Errorf("%q has the slug %q", a, x)
		}
	})
}
