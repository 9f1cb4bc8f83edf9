package demo_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"testing"

	"heek.kr/heektime/cmd/heektime/internal/demo"
)

// campus is a university with its server running and a client with cookies.
type campus struct {
	*demo.University
	url    string
	client *http.Client
}

func start(t *testing.T, seed uint64, lectures int) *campus {
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

// openSearch opens the search page for its cookie.
func (s *campus) openSearch(t *testing.T) {
	t.Helper()
	res, err := s.client.Get(s.url + "/p/v/lectList?lang=ko")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("search page: %s", res.Status)
	}
}

// query queries for a list. more are pairs of field and value.
func (s *campus) query(year, term string, more ...string) (*http.Response, error) {
	fields := url.Values{"pYear": {year}, "pTerm": {term}, "pCampus": {"1"}, "pGradCd": {"0136"}, "pCourDiv": {""}}
	for i := 0; i < len(more); i += 2 {
		fields.Set(more[i], more[i+1])
	}
	return s.client.PostForm(s.url+"/d/v/lectHakbu", fields)
}

// body queries for a list and returns the response's body.
func (s *campus) body(t *testing.T, year, term string, more ...string) []byte {
	t.Helper()
	res, err := s.query(year, term, more...)
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

// list queries for a list and returns its rows by identifier, without the fields that differ in every
// response.
func (s *campus) list(t *testing.T, year, term string, more ...string) map[string]string {
	t.Helper()
	code, message, rows := parse(t, s.body(t, year, term, more...))
	if code != "200" || rows == nil {
		t.Fatalf("code %q, message %q, rows %v", code, message, rows)
	}
	lectures := make(map[string]string, len(rows))
	for _, r := range rows {
		id := r.id()
		if _, ok := lectures[id]; ok {
			t.Fatalf("%s is duplicated", id)
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

func checkEqualLists(t *testing.T, a, b map[string]string) {
	t.Helper()
	if n := differences(a, b); n > 0 {
		t.Errorf("lists of %d and %d lectures differ in %d", len(a), len(b), n)
	}
}

// differences counts the lectures that differ or are in only one list.
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
