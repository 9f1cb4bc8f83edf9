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

// A course list has the fields for new apps and those for old apps, and browsers and CDNs may cache
// it.
func TestCourseList(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	url := fx.url + fx.listPath(t)
	r := get(t, url, map[string]string{"Origin": "https://old.example"})
	var list []map[string]any
	if r.into(t, &list); r.status != 200 || len(list) != 2 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	var first struct {
		schema.Lecture
		Times []timeResponse `json:"times"`
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
				t.Errorf("lecture %v has no %s", l, name)
			}
		}
	}
	tag := r.header.Get("Etag")
	if tag == "" || r.header.Get("Cache-Control") != "public, max-age=31536000, immutable" || r.header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("headers: %v", r.header)
	}
	if again := get(t, url, map[string]string{"If-None-Match": tag}); again.status != 304 || again.body != "" {
		t.Errorf("with If-None-Match: %d %s", again.status, again.body)
	}
	compressed := get(t, url, map[string]string{"Accept-Encoding": "br, gzip"})
	plain, err := gzip.NewReader(strings.NewReader(compressed.body))
	if err != nil || compressed.header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("compressed: %v, %v", compressed.header, err)
	}
	if body, err := io.ReadAll(plain); err != nil || string(body) != r.body {
		t.Errorf("the compressed list differs: %v", err)
	}
	if head := call(t, "HEAD", url, "", nil); head.status != 200 || head.body != "" || head.header.Get("Etag") != tag {
		t.Errorf("HEAD: %d %v", head.status, head.header)
	}
	// Every lecture of a list can be added unchanged, even an almost empty one.
	u := fx.signUp(t, "minsu")
	made := fx.makeTimetable(t, u, oldKorea, "시간표")
	for _, l := range append(list, map[string]any{
		"identifier": "X-1", "title": "", "professor": "", "credit": 0, "times": []any{}, "category": []any{},
		"metas": []any{}, "url": "", "tags": []any{},
	}) {
		fx.addLecture(t, u, made.ID, l)
	}
}

// A new list and new periods both change the URL. The old URL serves the new list, uncached.
func TestCourseListChanges(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	before := fx.listPath(t)
	fx.publish(t, "lectures/고려대학교-서울/2022-0900/4567.json", schema.CourseList{dataLecture()})
	if updated := get(t, fx.url+before, nil).header.Get("X-HeekTime-List-Updated"); updated != "" {
		t.Errorf("a semester without listChangedAt has a list that was updated %s", updated)
	}
	fields := map[string]any{"year": 2022, "term": "2학기", "status": "normal", "periods": []any{},
		"listChangedAt": time.Date(2022, 9, 1, 9, 30, 15, 999, time.FixedZone("KST", 9*60*60)),
		"lecturesUrl":   "gs://demo-test/lectures/고려대학교-서울/2022-0900/4567.json"}
	fx.set(t, koreaFall, fields)
	if got := fx.listPath(t); got != before {
		t.Errorf("the catalog is not cached: %s", got)
	}
	fx.Clock.Advance(6 * time.Minute)
	after := fx.listPath(t)
	if after == before {
		t.Fatal("a new list did not change the URL")
	}
	var list []any
	r := get(t, fx.url+before, nil)
	const updated = "Thu, 01 Sep 2022 00:30:15 GMT"
	for _, url := range []string{after, before, "/semesters/" + oldKorea + "/lectures-url"} {
		r := get(t, fx.url+url, map[string]string{"Origin": "https://old.example"})
		if got := r.header.Get("X-HeekTime-List-Updated"); got != updated || !strings.Contains(r.header.Get("Access-Control-Expose-Headers"), "X-HeekTime-List-Updated") {
			t.Errorf("%s was updated %q, want %q: %v", url, got, updated, r.header)
		}
	}
	if r.into(t, &list); len(list) != 1 || r.header.Get("Cache-Control") != "no-cache" {
		t.Errorf("the old URL: %v %s", r.header, r.body)
	}
	fields["periods"] = []any{period(1, 630, 705)}
	fx.set(t, koreaFall, fields)
	fx.Clock.Advance(6 * time.Minute)
	if fx.listPath(t) == after {
		t.Error("new periods did not change the URL")
	}
}

// A missing or incomplete list is a temporary error that is never cached.
func TestBrokenCourseList(t *testing.T) {
	t.Parallel()
	var complete bytes.Buffer
	if err := (schema.CourseList{dataLecture()}).Encode(&complete); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"truncated lecture": complete.String()[:complete.Len()-20], "truncated end": complete.String()[:complete.Len()-2],
		"not JSON": "<html>", "object": "{}", "invalid lecture": `[{"title": 1}]`, "empty": "", "missing": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fx := newFixture(t)
			object := "lectures/broken.json"
			if name != "missing" {
				fx.store(t, object, []byte(content))
			}
			fx.set(t, koreaFall, map[string]any{"year": 2022, "term": "2학기", "status": "normal", "lecturesUrl": "gs://demo-test/" + object})
			url := fx.url + fx.listPath(t)
			if r := get(t, url, nil); r.status != 503 || r.code(t) != "SV002" || r.header.Get("Cache-Control") != "no-store" {
				t.Errorf("broken list: %d %v %s", r.status, r.header, r.body)
			}
			fx.store(t, object, complete.Bytes())
			if r := get(t, url, nil); r.status != 200 {
				t.Errorf("repaired list: %d %s", r.status, r.body)
			}
		})
	}
	fx := newFixture(t)
	fx.store(t, "lectures/none.json", []byte("[]"))
	fx.set(t, koreaFall, map[string]any{"year": 2022, "term": "2학기", "status": "normal", "lecturesUrl": "gs://demo-test/lectures/none.json"})
	if r := get(t, fx.url+fx.listPath(t), nil); r.status != 200 || strings.TrimSpace(r.body) != "[]" {
		t.Errorf("empty list: %d %s", r.status, r.body)
	}
	fx.set(t, demoSpring, map[string]any{"year": 2026, "term": "1학기", "status": "normal", "lecturesUrl": "https://example.com/x"})
	fx.Clock.Advance(6 * time.Minute)
	var found struct{ URL string }
	call(t, "GET", fx.url+"/semesters/"+oldDemo+"/lectures-url", "", nil).into(t, &found)
	if r := get(t, fx.url+strings.TrimPrefix(found.URL, publicURL+"/apis/v2"), nil); r.status != 503 {
		t.Errorf("list outside Cloud Storage: %d %s", r.status, r.body)
	}
}

// A new semester is found even though the catalog is cached.
func TestNewSemester(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	u := fx.signUp(t, "minsu")
	call(t, "GET", fx.url+"/schools", "", nil)
	fx.set(t, "schools/중앙대학교-서울", map[string]any{"name": "중앙대학교"})
	fx.set(t, "schools/중앙대학교-서울/semesters/2026-0600", map[string]any{"year": 2026, "term": "여름학기", "status": "normal"})
	// Two semesters would have the same ID: the later one gets an ID with its Firestore ID.
	fx.set(t, "schools/중앙대학교-서울/semesters/2026-0700", map[string]any{"year": 2026, "term": "여름학기", "status": "normal"})
	fx.Clock.Advance(time.Minute)
	fx.set(t, "schools/새대학교-서울", map[string]any{"name": "새대학교", "legacyId": "new_univ"})
	fx.set(t, "schools/새대학교-서울/semesters/2026-0900", map[string]any{"year": 2026.0, "term": "2학기", "status": "normal"})
	for _, id := range []string{"new_univ/2026-2학기", "chungang_univ_seoul/2026-여름학기", "chungang_univ_seoul/2026-0700", "korea_univ_anam/2023-1학기"} {
		if made := fx.makeTimetable(t, u, id, "시간표"); made.Semester.ID != id {
			t.Errorf("semester %s: %+v", id, made.Semester)
		}
	}
}
