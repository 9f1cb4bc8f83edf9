package pages_test

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"heek.kr/heektime/emulator/emulatortest"
)

func TestTimetablePage(t *testing.T) {
	w := newWorld(t)
	res := w.get(t, shared+"/")
	h := res.Header()
	if res.Code != http.StatusOK || h.Get("Content-Type") != "text/html; charset=utf-8" || h.Get("X-Robots-Tag") != "noindex" ||
		!strings.Contains(h.Get("Cache-Control"), "s-maxage=") || !strings.Contains(h.Get("Cache-Control"), "stale-while-revalidate=") {
		t.Fatalf("%d %v", res.Code, h)
	}
	policy := h.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	text := res.Body.String()
	for _, want := range []string{
		"<bdi>2학기</bdi>", "2026년 2학기", "@byeoli", "자료구조", "월 9:00–10:15", "공학관 301", "김나무",
		`<link rel="canonical" href="https://heektime.example/user/byeoli/timetable/abcdefghij/">`,
		`<meta property="og:image" content="https://heektime.example/user/byeoli/timetable/abcdefghij.png?lang=ko">`,
		`<meta name="twitter:card" content="summary_large_image">`, `<meta name="robots" content="noindex">`,
		`href="webcal://heektime.example/user/byeoli/timetable/abcdefghij.ics?lang=ko"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not have %s", want)
		}
	}
	validate(t, text)
	again := w.get(t, shared+"/", "If-None-Match", `W/`+h.Get("ETag"))
	if again.Code != http.StatusNotModified || again.Body.Len() > 0 || again.Header().Get("Vary") != "Accept-Language" {
		t.Errorf("%d with %d bytes for a client that has it, Vary %q", again.Code, again.Body.Len(), again.Header().Get("Vary"))
	}
	if res := w.get(t, shared+"?lang=en"); res.Code != http.StatusMovedPermanently || res.Header().Get("Location") != shared+"/?lang=en" {
		t.Errorf("without the slash: %d to %q", res.Code, res.Header().Get("Location"))
	}
}

// A page has the language that the visitor prefers, unless its address says which.
func TestLanguages(t *testing.T) {
	w := newWorld(t)
	tags := map[string]string{}
	for _, c := range []struct{ query, accept, want string }{
		{"", "", "ko"}, {"", "ko-KR,ko;q=0.9,en;q=0.8", "ko"}, {"", "en-US,en;q=0.9,ko;q=0.8", "en"}, {"", "de", "en"}, {"", "*", "ko"},
		{"", "\x00;q=x,", "ko"}, {"", strings.Repeat("en,", 5000), "en"}, {"?lang=ko", "en", "ko"}, {"?lang=en", "ko", "en"},
	} {
		res := w.get(t, shared+"/"+c.query, "Accept-Language", c.accept)
		if !strings.Contains(res.Body.String(), `<html lang="`+c.want+`">`) {
			t.Errorf("%q, %.40q: not in %s", c.query, c.accept, c.want)
		}
		if varies := res.Header().Get("Vary") == "Accept-Language"; varies != (c.query == "") {
			t.Errorf("%q: Vary %q", c.query, res.Header().Get("Vary"))
		}
		if tag := tags[c.want]; tag != "" && tag != res.Header().Get("ETag") {
			t.Errorf("%q, %.40q: another ETag", c.query, c.accept)
		}
		tags[c.want] = res.Header().Get("ETag")
	}
	if tags["ko"] == tags["en"] {
		t.Error("the languages share an ETag")
	}
	for _, query := range []string{"?lang=fr", "?size=preview", "?utm_source=x", "?lang=ko&lang=en", "?%zz"} {
		if res := w.get(t, shared+"/"+query); res.Code != http.StatusBadRequest || res.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d", query, res.Code)
		}
	}
}

// A page costs as much as a picture, also for a client that has it.
func TestPageCost(t *testing.T) {
	w := newWorld(t)
	w.get(t, shared+"/") // reads the semester
	cost := emulatortest.CostOf(w.Measure(t, func() { w.get(t, shared+"/") }))
	if want := (emulatortest.Cost{Reads: 3}); cost != want {
		t.Errorf("cost %v, want %v", cost, want)
	}
}

// A client that sends too many requests has to wait, and costs nothing.
func TestTooManyRequests(t *testing.T) {
	w := newWorld(t, limitedTo(2))
	for range 2 {
		if res := w.get(t, shared+"/"); res.Code != http.StatusOK {
			t.Fatalf("status %d", res.Code)
		}
	}
	cost := emulatortest.CostOf(w.Measure(t, func() {
		if res := w.get(t, shared+"/"); res.Code != http.StatusTooManyRequests || res.Header().Get("Retry-After") == "" || res.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%d %v", res.Code, res.Header())
		}
	}))
	if cost.Total() != 0 {
		t.Errorf("cost %v", cost)
	}
}

// void are the elements without an end tag.
var void = map[string]bool{"meta": true, "link": true, "br": true, "img": true, "input": true}

// validate checks what a validator would find first: elements that are not closed or closed in another order,
// IDs and attributes that are duplicated, and attributes that would be against the policy.
func validate(t *testing.T, page string) {
	t.Helper()
	if !strings.HasPrefix(page, "<!doctype html>\n") {
		t.Error("no doctype")
	}
	var open []string
	ids := map[string]bool{}
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		token := z.Token()
		switch kind {
		case html.StartTagToken:
			if !void[token.Data] {
				open = append(open, token.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Fatalf("</%s> after %v", token.Data, open)
			}
			open = open[:len(open)-1]
		}
		names := map[string]bool{}
		for _, a := range token.Attr {
			if names[a.Key] || a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("<%s> has %s", token.Data, a.Key)
			}
			names[a.Key] = true
			if a.Key == "id" {
				if ids[a.Val] {
					t.Errorf("the ID %s is duplicated", a.Val)
				}
				ids[a.Val] = true
			}
			if strings.Contains(a.Val, "ZgotmplZ") {
				t.Errorf("<%s %s> was filtered", token.Data, a.Key)
			}
		}
	}
	if len(open) > 0 {
		t.Errorf("not closed: %v", open)
	}
}
