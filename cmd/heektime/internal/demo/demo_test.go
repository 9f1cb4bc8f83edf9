package demo_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/demo"
)

// campus is a university on a port, and a browser before it.
type campus struct {
	*demo.University
	address string
	client  *http.Client
}

func open(t *testing.T, seed uint64, lectures int) *campus {
	t.Helper()
	u := demo.NewUniversity(seed, lectures)
	server := httptest.NewServer(u.Handler())
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return &campus{u, server.URL, client}
}

func (s *campus) enter(t *testing.T) {
	t.Helper()
	res, err := s.client.Get(s.address + "/p/v/lectList?lang=ko")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("entrance: %s", res.Status)
	}
}

// ask posts a query; more are further fields and their values in turn.
func (s *campus) ask(year, term string, more ...string) (*http.Response, error) {
	fields := url.Values{"pYear": {year}, "pTerm": {term}, "pCampus": {"1"}, "pGradCd": {"0136"}, "pCourDiv": {""}}
	for i := 0; i < len(more); i += 2 {
		fields.Set(more[i], more[i+1])
	}
	return s.client.PostForm(s.address+"/d/v/lectHakbu", fields)
}

func (s *campus) bytes(t *testing.T, year, term string, more ...string) []byte {
	t.Helper()
	res, err := s.ask(year, term, more...)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", res.Status, body)
	}
	return body
}

type row map[string]any

func (r row) id() string { return fmt.Sprintf("%s-%s", r["COUR_CD"], r["COUR_CLS"]) }

func parse(t *testing.T, body []byte) (code, message string, rows []row) {
	t.Helper()
	var a struct {
		Code    string
		Message string
		Rows    []row
	}
	if err := json.Unmarshal(body, &a); err != nil {
		t.Fatalf("%v in %.200s", err, body)
	}
	return a.Code, a.Message, a.Rows
}

// list is the lasting part of a term's rows by identifier: without what changes by itself.
func (s *campus) list(t *testing.T, year, term string, more ...string) map[string]string {
	t.Helper()
	code, message, rows := parse(t, s.bytes(t, year, term, more...))
	if code != "200" || rows == nil {
		t.Fatalf("code %q, %q, rows %v", code, message, rows)
	}
	lectures := make(map[string]string, len(rows))
	for _, r := range rows {
		id := r.id()
		if _, twice := lectures[id]; twice {
			t.Fatalf("%s stands twice", id)
		}
		delete(r, "APPLY_CNT")
		delete(r, "ROWID")
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		lectures[id] = string(text)
	}
	return lectures
}

func TestSameSeedSameBytes(t *testing.T) {
	one, twin, other := open(t, 7, 1000), open(t, 7, 1000), open(t, 8, 1000)
	for _, s := range []*campus{one, twin, other} {
		s.enter(t)
	}
	for _, term := range []string{"1R", "1S", "2R", "2W"} {
		a, b, c := one.bytes(t, "2026", term), twin.bytes(t, "2026", term), other.bytes(t, "2026", term)
		if !bytes.Equal(a, b) {
			t.Errorf("%s: the same seed gave two lists", term)
		}
		if bytes.Equal(a, c) {
			t.Errorf("%s: two seeds gave the same list", term)
		}
	}
	if bytes.Equal(one.bytes(t, "2026", "2R"), one.bytes(t, "2026", "2R")) {
		t.Error("registered counts did not move between two answers")
	}
	sameLists(t, one.list(t, "2026", "2R"), twin.list(t, "2026", "2R"))
}

func TestSizeIsThatOfARealSchool(t *testing.T) {
	s := open(t, 1, 5000)
	s.enter(t)
	body := s.bytes(t, "2026", "2R")
	if len(body) < 2e6 || len(body) > 4e6 {
		t.Errorf("%d bytes, want 2 to 4 MB", len(body))
	}
	var a struct {
		Rows []struct {
			Code  string `json:"COUR_CD"`
			Class string `json:"COUR_CLS"`
		}
	}
	if err := json.Unmarshal(body, &a); err != nil {
		t.Fatal(err)
	}
	unique := map[string]bool{}
	for _, r := range a.Rows {
		unique[r.Code+"-"+r.Class] = true
	}
	if len(a.Rows) != 5000 || len(unique) != 5000 {
		t.Errorf("%d rows, %d identifiers, want 5,000 of each", len(a.Rows), len(unique))
	}
}

func TestTermsDiffer(t *testing.T) {
	s := open(t, 1, 1000)
	s.enter(t)
	lists := map[string]map[string]string{}
	for term, want := range map[string]int{"1R": 1000, "1S": 50, "2R": 1000, "2W": 50} {
		lists[term] = s.list(t, "2026", term)
		if got := len(lists[term]); got != want {
			t.Errorf("%s has %d lectures, want %d", term, got, want)
		}
	}
	shared := 0
	for id := range lists["1R"] {
		if _, ok := lists["2R"][id]; ok {
			shared++
		}
	}
	if shared == 0 || shared == 1000 {
		t.Errorf("%d of 1000 identifiers stand in both semesters", shared)
	}
}

// TestRowsAreOfTheSourcesShape reads each field with the grammar of the source, once its dirt is washed off, and counts
// that every kind of dirt is there.
func TestRowsAreOfTheSourcesShape(t *testing.T) {
	s := open(t, 1, 2000)
	s.enter(t)
	_, _, rows := parse(t, s.bytes(t, "2026", "2R"))
	seen := map[string]int{}
	saw := func(what string, yes bool) {
		if yes {
			seen[what]++
		} else {
			seen[what] += 0
		}
	}
	credit := regexp.MustCompile(`^(0|0\.5|[123])\( *\d\)$`)
	meeting := regexp.MustCompile(`^[월화수목금토]\(([1-8])(-[1-9])?\)( [가-힣0-9]+ (B?\d{3}호|대강의실))?$`)
	br := regexp.MustCompile(`(?i)\s*<br ?/?>\s*`)
	spaces := regexp.MustCompile(`(?:\x{a0}|&nbsp;| )+`)
	for _, r := range rows {
		if !credit.MatchString(r["CREDIT"].(string)) {
			t.Errorf("%s: credit %q", r.id(), r["CREDIT"])
		}
		title := r["COUR_NM"].(string)
		if strings.TrimSpace(title) == "" || r["DEPARTMENT"] == "" || r["ISU_NM"] == "" {
			t.Errorf("%s: no title, department or category", r.id())
		}
		if want := fmt.Sprintf("%s@%s", r["COUR_CD"], r["COUR_CLS"]); r["PARAMS"] != want {
			t.Errorf("%s: PARAMS %q", r.id(), r["PARAMS"])
		}
		times, _ := r["TIME_ROOM"].(string)
		professor, _ := r["PROF_NM"].(string)
		if times != "" {
			for _, m := range br.Split(times, -1) {
				clean := spaces.ReplaceAllString(m, " ")
				if !meeting.MatchString(clean) {
					t.Errorf("%s: meeting %q in %q", r.id(), clean, times)
				}
				saw("meeting without room", !strings.Contains(clean, " "))
			}
		}
		saw("null professor", r["PROF_NM"] == nil)
		saw("empty professor", r["PROF_NM"] == "")
		saw("several professors", strings.Contains(professor, ", "))
		saw("null time", r["TIME_ROOM"] == nil)
		saw("empty time", r["TIME_ROOM"] == "")
		saw("three meetings", len(br.FindAllString(times, -1)) == 2)
		saw("odd line break", br.MatchString(times) && !strings.Contains(times, "<br>"))
		saw("no-break space in a room", strings.ContainsRune(times, '\u00a0'))
		saw("entity in a room", strings.Contains(times, "&nbsp;"))
		saw("entity in a title", strings.Contains(title, "&middot;"))
		saw("line break in a title", strings.Contains(title, "<br>"))
		saw("padded title", title != strings.TrimSpace(title))
		saw("taught in English", strings.Contains(title, "(영강)"))
		saw("no credit", strings.HasPrefix(r["CREDIT"].(string), "0("))
		saw("half a credit", strings.HasPrefix(r["CREDIT"].(string), "0.5("))
		saw("padded credit", strings.Contains(r["CREDIT"].(string), "( "))
	}
	for what, count := range seen {
		if count == 0 || count > 400 {
			t.Errorf("%s: %d of %d rows", what, count, len(rows))
		}
	}
}

func TestWhoComesWithoutCookieIsRefused(t *testing.T) {
	s, elsewhere := open(t, 1, 50), open(t, 2, 50)
	refused := func(why, year, term string) {
		t.Helper()
		if code, message, rows := parse(t, s.bytes(t, year, term)); code != "500" || message == "" || rows != nil {
			t.Errorf("%s: code %q, message %q, %d rows", why, code, message, len(rows))
		}
	}
	refused("no cookie", "2026", "2R")
	elsewhere.enter(t)
	address, err := url.Parse(s.address)
	if err != nil {
		t.Fatal(err)
	}
	// Cookies know no ports, so the other jar has its cookie under this address too.
	s.client.Jar.SetCookies(address, elsewhere.client.Jar.Cookies(address))
	refused("another school's cookie", "2026", "2R")
	s.enter(t)
	refused("a year that is not open", "2031", "2R")
	refused("a term that is not open", "2026", "2X")
	refused("no term", "2026", "")
	if got := len(s.list(t, "2026", "2R")); got != 50 {
		t.Errorf("%d lectures, want 50", got)
	}
	res, err := s.client.Get(s.address + "/d/v/lectHakbu")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET of the list: %s", res.Status)
	}
}

func TestQueriesNarrowTheListDown(t *testing.T) {
	s := open(t, 1, 500)
	s.enter(t)
	all := s.list(t, "2026", "2R")
	majors, liberal := s.list(t, "2026", "2R", "pCourDiv", "00"), s.list(t, "2026", "2R", "pCourDiv", "01")
	if len(majors) == 0 || len(liberal) == 0 || len(majors)+len(liberal) != len(all) {
		t.Errorf("%d majors and %d liberal arts of %d", len(majors), len(liberal), len(all))
	}
	one := s.list(t, "2026", "2R", "pCol", "1600", "pDept", "1601")
	if len(one) == 0 || len(one) >= len(majors) {
		t.Errorf("%d of %d majors are of one department", len(one), len(majors))
	}
	for id := range one {
		if !strings.HasPrefix(id, "CSEN") {
			t.Errorf("%s is of another department", id)
		}
	}
	for _, nobody := range [][]string{{"pCampus", "2"}, {"pGradCd", "0309"}, {"pCourDiv", "77"}} {
		if got := s.list(t, "2026", "2R", nobody...); len(got) != 0 {
			t.Errorf("%v: %d lectures", nobody, len(got))
		}
	}
}

func TestChangeIsExactlyWhatItSays(t *testing.T) {
	s, twin := open(t, 1, 200), open(t, 1, 200)
	s.enter(t)
	twin.enter(t)
	over := s.list(t, "2026", "1R")
	kinds := map[demo.What]int{}
	for _, n := range []int{4, 1, 1, 1, 1, 10} {
		before := map[string]map[string]string{"2R": s.list(t, "2026", "2R"), "2W": s.list(t, "2026", "2W")}
		changes := s.Change(n)
		if !slices.Equal(changes, twin.Change(n)) {
			t.Fatalf("Change(%d) of two same universities differs", n)
		}
		after := map[string]map[string]string{"2R": s.list(t, "2026", "2R"), "2W": s.list(t, "2026", "2W")}
		if len(changes) != 2*n {
			t.Fatalf("Change(%d) made %d changes in two terms", n, len(changes))
		}
		for _, c := range changes {
			kinds[c.What]++
			old, had := before[c.Term][c.Identifier]
			now, has := after[c.Term][c.Identifier]
			switch c.What {
			case demo.Added:
				if had || !has {
					t.Errorf("%v: there before %v, after %v", c, had, has)
				}
			case demo.Removed:
				if !had || has {
					t.Errorf("%v: there before %v, after %v", c, had, has)
				}
			default:
				if !had || !has || old == now {
					t.Errorf("%v: from %s to %s", c, old, now)
				}
			}
			delete(before[c.Term], c.Identifier)
			delete(after[c.Term], c.Identifier)
		}
		sameLists(t, before["2R"], after["2R"])
		sameLists(t, before["2W"], after["2W"])
	}
	for _, what := range []demo.What{demo.TimeMoved, demo.RoomChanged, demo.Added, demo.Removed} {
		if kinds[what] == 0 {
			t.Errorf("%s never happened", what)
		}
	}
	sameLists(t, over, s.list(t, "2026", "1R"))
	sameLists(t, twin.list(t, "2026", "2R"), s.list(t, "2026", "2R"))
}

func TestChangeKnowsItsBounds(t *testing.T) {
	s := open(t, 1, 1)
	s.enter(t)
	if changes := append(s.Change(0), s.Change(-3)...); len(changes) != 0 {
		t.Errorf("%v", changes)
	}
	for slot := range 8 { // each kind of change comes first in some slot
		s.Drift(time.Date(2026, 11, 20, 12, 10*slot, 0, 0, time.UTC))
		if len(s.list(t, "2026", "2R")) == 0 {
			t.Fatal("the last lecture was removed by a slot")
		}
	}
	for range 8 {
		s.Change(1000)
		if len(s.list(t, "2026", "2R")) == 0 {
			t.Fatal("the last lecture was removed by a change")
		}
	}
}

func TestDriftGoesBySlotsOfTheClock(t *testing.T) {
	s, restarted := open(t, 1, 300), open(t, 1, 300)
	s.enter(t)
	restarted.enter(t)
	still, over := s.list(t, "2026", "2R"), s.list(t, "2026", "1R")
	slot := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	s.Drift(slot)
	first := s.list(t, "2026", "2R")
	if n := differences(still, first); n == 0 || n > 10 {
		t.Errorf("a slot differs from the base in %d lectures", n)
	}
	s.Drift(slot.Add(9*time.Minute + 59*time.Second))
	sameLists(t, first, s.list(t, "2026", "2R"))
	s.Drift(slot.Add(10 * time.Minute))
	second := s.list(t, "2026", "2R")
	if n := differences(first, second); n == 0 || n > 20 {
		t.Errorf("two slots differ in %d lectures", n)
	}
	restarted.Drift(slot.Add(15 * time.Minute))
	sameLists(t, second, restarted.list(t, "2026", "2R"))
	sameLists(t, over, s.list(t, "2026", "1R"))
}

func sameLists(t *testing.T, a, b map[string]string) {
	t.Helper()
	if n := differences(a, b); n > 0 {
		t.Errorf("lists of %d and %d lectures differ in %d", len(a), len(b), n)
	}
}

// differences counts the identifiers that only one has or that differ.
func differences(a, b map[string]string) (n int) {
	for id, text := range a {
		if b[id] != text {
			n++
		}
	}
	for id := range b {
		if _, ok := a[id]; !ok {
			n++
		}
	}
	return n
}

func TestFailures(t *testing.T) {
	s := open(t, 1, 80)
	s.enter(t)
	healthy := s.bytes(t, "2026", "2R")
	count := len(s.list(t, "2026", "2R"))
	// read is an answer with however much of it came.
	read := func(t *testing.T, f demo.Failure) (*http.Response, []byte, error) {
		s.Fail(f)
		res, err := s.ask("2026", "2R")
		if err != nil {
			return nil, nil, err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		return res, body, err
	}
	tests := map[demo.Failure]func(t *testing.T, res *http.Response, body []byte, err error){
		demo.Silent: func(t *testing.T, res *http.Response, _ []byte, err error) {
			if res != nil || err == nil {
				t.Errorf("answered %v", res)
			}
		},
		demo.Garbage: func(t *testing.T, res *http.Response, body []byte, err error) {
			if err != nil || res.StatusCode != 200 || json.Valid(body) || len(body) == 0 {
				t.Errorf("%v, %d bytes", err, len(body))
			}
		},
		demo.Broken: func(t *testing.T, _ *http.Response, body []byte, err error) {
			if err == nil || len(body) < len(healthy)/3 || len(body) > len(healthy)*2/3 {
				t.Errorf("%v after %d bytes of %d", err, len(body), len(healthy))
			}
		},
		demo.Truncated: func(t *testing.T, res *http.Response, body []byte, err error) {
			if err != nil || res.StatusCode != 200 || json.Valid(body) || len(body) < len(healthy)/3 || len(body) > len(healthy)*2/3 {
				t.Errorf("%v after %d bytes of %d", err, len(body), len(healthy))
			}
		},
		demo.ServerError: func(t *testing.T, res *http.Response, _ []byte, err error) {
			if err != nil || res.StatusCode != 500 {
				t.Errorf("%v, %v", res, err)
			}
		},
		demo.ErrorPage: func(t *testing.T, res *http.Response, body []byte, err error) {
			if err != nil || res.StatusCode != 200 || !bytes.Contains(body, []byte("<html")) {
				t.Errorf("%v, %s", err, body)
			}
		},
		demo.Huge: func(t *testing.T, _ *http.Response, body []byte, err error) {
			if len(body) < 9*len(healthy) || err != nil {
				t.Errorf("%v after %d bytes, healthy are %d", err, len(body), len(healthy))
			}
			if got := len(s.list(t, "2026", "2R")); got != 10*count {
				t.Errorf("%d lectures, of %d", got, count)
			}
		},
		demo.Empty: func(t *testing.T, _ *http.Response, body []byte, err error) {
			if string(body) != `{"code":"200","rows":[]}` || err != nil {
				t.Errorf("%v, %s", err, body)
			}
		},
		demo.HalfLost: func(t *testing.T, _ *http.Response, _ []byte, err error) {
			if got := len(s.list(t, "2026", "2R")); got != count/2 || err != nil {
				t.Errorf("%v, %d lectures, of %d", err, got, count)
			}
		},
	}
	for _, f := range demo.Failures() {
		if f == demo.Healthy || f == demo.Hanging || f == demo.Slow {
			continue // the first is every other test, the others have their own
		}
		t.Run(string(f), func(t *testing.T) {
			check, ok := tests[f]
			if !ok {
				t.Fatal("not tested")
			}
			res, body, err := read(t, f)
			check(t, res, body, err)
			s.Fail(demo.Healthy)
			if got := len(s.list(t, "2026", "2R")); got != count {
				t.Errorf("%d lectures once healthy again, want %d", got, count)
			}
		})
	}
}

func TestDeveloperControls(t *testing.T) {
	s := open(t, 1, 100)
	s.enter(t)
	for _, c := range []struct {
		path, field, value string
		status             int
		says               string
	}{
		{"/demo/fail", "mode", "sulking", 400, "half-lost"},
		{"/demo/fail", "mode", "half-lost", 200, "half-lost"},
		{"/demo/change", "n", "none", 400, "number"},
		{"/demo/change", "n", "1", 200, "2026 2R"},
	} {
		res, err := s.client.PostForm(s.address+c.path, url.Values{c.field: {c.value}})
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != c.status || !strings.Contains(string(body), c.says) {
			t.Errorf("%s %s: %s: %s", c.path, c.value, res.Status, body)
		}
	}
	if got := len(s.list(t, "2026", "2R")); got != 50 {
		t.Errorf("%d lectures with half lost, want 50", got)
	}
}
