package api_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/internal/schema"
)

func get(t testing.TB, url string, header map[string]string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "identity")
	for name, value := range header {
		req.Header.Set(name, value)
	}
	return send(t, req)
}

// The list has all that new apps find in it and what old ones look for besides; a browser may read it, and a CDN keep it.
func TestCourseList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := w.url + w.listPath(t)
	r := get(t, url, map[string]string{"Origin": "https://old.example"})
	var list []map[string]any
	if r.into(t, &list); r.status != 200 || len(list) != 2 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	var first struct {
		schema.Lecture
		Times []timeAnswer `json:"times"`
		Tags  []struct{ Name string }
	}
	text, _ := json.Marshal(list[0])
	if err := json.Unmarshal(text, &first); err != nil {
		t.Fatal(err)
	}
	if first.Identifier != "COSE372-02" || first.URL == "" || len(first.Metas) != 1 || first.Tags[0].Name != "영강" ||
		*first.Times[0].PeriodBegin != 2 || *first.Times[0].PeriodEnd != 2 || first.Times[1].PeriodBegin != nil {
		t.Errorf("first lecture: %s", text)
	}
	for _, l := range list {
		for _, name := range []string{"identifier", "title", "professor", "credit", "times", "category", "metas", "url", "tags"} {
			if l[name] == nil {
				t.Errorf("%v has no %s", l, name)
			}
		}
	}
	tag := r.header.Get("Etag")
	if tag == "" || r.header.Get("Cache-Control") != "public, max-age=31536000, immutable" || r.header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("headers: %v", r.header)
	}
	if again := get(t, url, map[string]string{"If-None-Match": tag}); again.status != 304 || again.body != "" {
		t.Errorf("not modified: %d %s", again.status, again.body)
	}
	zipped := get(t, url, map[string]string{"Accept-Encoding": "br, gzip"})
	plain, err := gzip.NewReader(strings.NewReader(zipped.body))
	if err != nil || zipped.header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("compressed: %v, %v", zipped.header, err)
	}
	if unzipped, err := io.ReadAll(plain); err != nil || string(unzipped) != r.body {
		t.Errorf("compressed it is another list: %v", err)
	}
	if head := call(t, "HEAD", url, "", nil); head.status != 200 || head.body != "" || head.header.Get("Etag") != tag {
		t.Errorf("HEAD: %d %v", head.status, head.header)
	}
	// What stands in the list can be added as it stands, also what has hardly anything in it.
	u := w.signUp(t, "minsu")
	made := w.makeTimetable(t, u, oldKorea, "시간표")
	for _, l := range append(list, map[string]any{"identifier": "X-1", "title": "", "professor": "", "credit": 0, "times": []any{}, "category": []any{},
		"metas": []any{}, "url": "", "tags": []any{}}) {
		w.addLecture(t, u, made.ID, l)
	}
}

// A new list, or other periods, has another address. The old one gives the new list, which nobody keeps.
func TestCourseListChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.listPath(t)
	w.publish(t, "lectures/고려대학교-서울/2022-0900/4567.json", schema.CourseList{dataLecture()})
	fields := map[string]any{"year": 2022, "term": "2학기", "status": "normal", "periods": []any{}, "lecturesUrl": "gs://demo-test/lectures/고려대학교-서울/2022-0900/4567.json"}
	w.set(t, koreaFall, fields)
	if got := w.listPath(t); got != before {
		t.Errorf("the catalog is not kept for a while: %s", got)
	}
	w.Clock.Advance(6 * time.Minute)
	after := w.listPath(t)
	if after == before {
		t.Fatal("the address stays")
	}
	var list []any
	r := get(t, w.url+before, nil)
	if r.into(t, &list); len(list) != 1 || r.header.Get("Cache-Control") != "no-cache" {
		t.Errorf("the old address: %v %s", r.header, r.body)
	}
	fields["periods"] = []any{period(1, 630, 705)}
	w.set(t, koreaFall, fields)
	w.Clock.Advance(6 * time.Minute)
	if w.listPath(t) == after {
		t.Error("other periods, and the address stays")
	}
}

// A list that is not there or not whole is an error that passes, and nothing that anybody keeps.
func TestBrokenCourseList(t *testing.T) {
	t.Parallel()
	var whole bytes.Buffer
	if err := (schema.CourseList{dataLecture()}).Encode(&whole); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"cut off": whole.String()[:whole.Len()-20], "without an end": whole.String()[:whole.Len()-2], "no JSON": "<html>", "an object": "{}",
		"of other things": `[{"title": 1}]`, "empty": "", "not there": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			object := "lectures/broken.json"
			if name != "not there" {
				w.store(t, object, []byte(content))
			}
			w.set(t, koreaFall, map[string]any{"year": 2022, "term": "2학기", "status": "normal", "lecturesUrl": "gs://demo-test/" + object})
			url := w.url + w.listPath(t)
			if r := get(t, url, nil); r.status != 503 || r.code(t) != "SV002" || r.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%d %v %s", r.status, r.header, r.body)
			}
			w.store(t, object, whole.Bytes())
			if r := get(t, url, nil); r.status != 200 {
				t.Errorf("mended: %d %s", r.status, r.body)
			}
		})
	}
	w := newWorld(t)
	w.store(t, "lectures/none.json", []byte("[]"))
	w.set(t, koreaFall, map[string]any{"year": 2022, "term": "2학기", "status": "normal", "lecturesUrl": "gs://demo-test/lectures/none.json"})
	if r := get(t, w.url+w.listPath(t), nil); r.status != 200 || strings.TrimSpace(r.body) != "[]" {
		t.Errorf("a list of nothing: %d %s", r.status, r.body)
	}
	w.set(t, demoSpring, map[string]any{"year": 2026, "term": "1학기", "status": "normal", "lecturesUrl": "https://example.com/x"})
	w.Clock.Advance(6 * time.Minute)
	var answer struct{ URL string }
	call(t, "GET", w.url+"/semesters/"+oldDemo+"/lectures-url", "", nil).into(t, &answer)
	if r := get(t, w.url+strings.TrimPrefix(answer.URL, publicURL+"/apis/v2"), nil); r.status != 503 {
		t.Errorf("a list elsewhere: %d %s", r.status, r.body)
	}
}

// A semester that is new is found although the catalog is kept.
func TestNewSemester(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.signUp(t, "minsu")
	call(t, "GET", w.url+"/schools", "", nil)
	w.set(t, "schools/중앙대학교-서울", map[string]any{"name": "중앙대학교"})
	w.set(t, "schools/중앙대학교-서울/semesters/2026-0600", map[string]any{"year": 2026, "term": "여름학기", "status": "normal"})
	// Of two semesters that would have one id, the later one has its new one.
	w.set(t, "schools/중앙대학교-서울/semesters/2026-0700", map[string]any{"year": 2026, "term": "여름학기", "status": "normal"})
	w.Clock.Advance(time.Minute)
	w.set(t, "schools/새대학교-서울", map[string]any{"name": "새대학교", "legacyId": "new_univ"})
	w.set(t, "schools/새대학교-서울/semesters/2026-0900", map[string]any{"year": 2026.0, "term": "2학기", "status": "normal"})
	for _, id := range []string{"new_univ/2026-2학기", "chungang_univ_seoul/2026-여름학기", "chungang_univ_seoul/2026-0700", "korea_univ_anam/2023-1학기"} {
		if made := w.makeTimetable(t, u, id, "시간표"); made.Semester.ID != id {
			t.Errorf("%s: %+v", id, made.Semester)
		}
	}
}
