package demo_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestRejectedQueries(t *testing.T) {
	s, other := start(t, 1, 50), start(t, 2, 50)
	checkRejected := func(why, year, term string) {
		t.Helper()
		if code, message, rows := parse(t, s.body(t, year, term)); code != "500" || message == "" || rows != nil {
			t.Errorf("%s: code %q, message %q, %d rows", why, code, message, len(rows))
		}
	}
	checkRejected("no cookie", "2026", "2R")
	other.openSearch(t)
	u, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	// Cookies ignore ports, so the other jar returns its cookie for this URL.
	s.client.Jar.SetCookies(u, other.client.Jar.Cookies(u))
	checkRejected("another school's cookie", "2026", "2R")
	s.openSearch(t)
	checkRejected("unknown year", "2031", "2R")
	checkRejected("unknown term", "2026", "2X")
	checkRejected("no term", "2026", "")
	if got := len(s.list(t, "2026", "2R")); got != 50 {
		t.Errorf("got %d lectures, want 50", got)
	}
	res, err := s.client.Get(s.url + "/d/v/lectHakbu")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET of the list: %s, want 405", res.Status)
	}
}

func TestQueryFilters(t *testing.T) {
	s := start(t, 1, 500)
	s.openSearch(t)
	all := s.list(t, "2026", "2R")
	majors, liberal := s.list(t, "2026", "2R", "pCourDiv", "00"), s.list(t, "2026", "2R", "pCourDiv", "01")
	if len(majors) == 0 || len(liberal) == 0 || len(majors)+len(liberal) != len(all) {
		t.Errorf("%d courses of departments and %d of liberal arts, want %d in total", len(majors), len(liberal), len(all))
	}
	one := s.list(t, "2026", "2R", "pCol", "1600", "pDept", "1601")
	if len(one) == 0 || len(one) >= len(majors) {
		t.Errorf("%d of %d courses are of one department", len(one), len(majors))
	}
	for id := range one {
		if !strings.HasPrefix(id, "CSEN") {
			t.Errorf("%s belongs to another department", id)
		}
	}
	for _, filter := range [][]string{{"pCampus", "2"}, {"pGradCd", "0309"}, {"pCourDiv", "77"}} {
		if got := s.list(t, "2026", "2R", filter...); len(got) != 0 {
			t.Errorf("%v: got %d lectures, want none", filter, len(got))
		}
	}
}

func TestControls(t *testing.T) {
	s := start(t, 1, 100)
	s.openSearch(t)
	for _, c := range []struct {
		path, field, value string
		status             int
		want               string
	}{
		{"/demo/fail", "mode", "sulking", 400, "half-lost"},
		{"/demo/fail", "mode", "half-lost", 200, "half-lost"},
		{"/demo/change", "n", "none", 400, "number"},
		{"/demo/change", "n", "1", 200, "2026 2R"},
	} {
		res, err := s.client.PostForm(s.url+c.path, url.Values{c.field: {c.value}})
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != c.status || !strings.Contains(string(body), c.want) {
			t.Errorf("%s %s: got %s: %s; want %d: %s", c.path, c.value, res.Status, body, c.status, c.want)
		}
	}
	if got := len(s.list(t, "2026", "2R")); got != 50 {
		t.Errorf("got %d lectures in mode half-lost, want 50", got)
	}
}
