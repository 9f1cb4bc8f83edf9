package pages_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/schema"
)

// other gives a second user a public timetable.
func (w *world) other(t *testing.T, times ...schema.LectureTime) {
	t.Helper()
	at := time.Date(2026, 8, 20, 0, 0, 0, 0, time.UTC)
	timetable := schema.Timetable{Title: "가을", Visibility: schema.Public, Semester: w.fs.Doc("schools/가온대학교/semesters/2026-0900"), CreatedAt: at, UpdatedAt: at}
	for path, fields := range map[string]map[string]any{
		"users/u2":                                   schema.User{Username: "haneul", CreatedAt: at, UpdatedAt: at}.Fields(),
		"users/u2/timetables/klmnopqrst":             timetable.Fields(),
		"users/u2/timetables/klmnopqrst/lectures/l1": schema.Lecture{Identifier: "X", Title: "비밀 강의", Times: times}.Fields(at, at),
	} {
		if _, err := w.fs.Doc(path).Set(t.Context(), fields); err != nil {
			t.Fatal(err)
		}
	}
}

// Two people are free when neither has a lecture. The page does not say which lectures they have.
func TestCompare(t *testing.T) {
	w := newWorld(t)
	w.other(t, schema.LectureTime{Weekday: 0, TimeBegin: 600, TimeEnd: 720, Room: "방"}, schema.LectureTime{Weekday: 2, TimeBegin: 1140, TimeEnd: 1200})
	for _, address := range []string{"/compare?u=byeoli,haneul", "/compare?u=byeoli/abcdefghij,haneul/klmnopqrst", "/compare?u=byeoli,haneul,byeoli"} {
		res := w.get(t, address)
		text := res.Body.String()
		if res.Code != http.StatusOK || res.Header().Get("X-Robots-Tag") != "noindex" {
			t.Errorf("%s: %d %v", address, res.Code, res.Header())
		}
		for _, want := range []string{
			"함께 비는 시간", "@byeoli", "@haneul", "<td>12:00–20:00</td>", "<td>9:00–20:00</td>", "<td>9:00–19:00</td>",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not have %s", address, want)
			}
		}
		if strings.Contains(text, "비밀 강의") || strings.Contains(text, "자료구조") {
			t.Errorf("%s shows a lecture", address)
		}
		validate(t, text)
		if again := w.get(t, address, "If-None-Match", res.Header().Get("ETag")); again.Code != http.StatusNotModified {
			t.Errorf("%s: %d for a client that has it", address, again.Code)
		}
	}
}

// A name without a public timetable is named, whatever the reason. Without any there is nothing to see.
func TestCompareMissing(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"nobody", "byeoli/privatexyz", "byeoli/unknown123", "__x__", "../x"} {
		res := w.get(t, "/compare?u=byeoli,"+name)
		if res.Code != http.StatusOK || !strings.Contains(res.Body.String(), "<bdi>@"+name+"</bdi>님의") {
			t.Errorf("%s: %d", name, res.Code)
		}
	}
	want := w.get(t, "/user/nobody/timetable/abcdefghij/")
	if res := w.get(t, "/compare?u=nobody,byeoli/privatexyz"); res.Code != http.StatusNotFound || res.Body.String() != want.Body.String() {
		t.Errorf("nobody: %d", res.Code)
	}
	for _, query := range []string{"", "?u=", "?u=a,,b", "?u=a,b,c,d,e,f", "?u=" + strings.Repeat("a", 300), "?u=a&u=b", "?u=a&more=1", "?u=a&lang=fr"} {
		if res := w.get(t, "/compare"+query); res.Code != http.StatusBadRequest || res.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d", query, res.Code)
		}
	}
}

// Comparing costs what its timetables cost, also in the limit of requests.
func TestCompareCost(t *testing.T) {
	w := newWorld(t, limitedTo(3))
	w.other(t)
	w.get(t, shared+".ics") // reads the semester
	cost := emulatortest.CostOf(w.Measure(t, func() { w.get(t, "/compare?u=byeoli,haneul") }))
	if want := (emulatortest.Cost{Reads: 6}); cost != want {
		t.Errorf("cost %v, want %v", cost, want)
	}
	if res := w.get(t, "/compare?u=byeoli"); res.Code != http.StatusTooManyRequests {
		t.Errorf("after three: %d", res.Code)
	}
}
