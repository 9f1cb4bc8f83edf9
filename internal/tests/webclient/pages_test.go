package webclient

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"heek.kr/heektime/emulator/sdktest"
	"heek.kr/heektime/internal/auth/fairsemaphore"
	"heek.kr/heektime/internal/pages"
	"heek.kr/heektime/internal/pages/catalog"
	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/ratelimit"
	"heek.kr/heektime/internal/schema"
)

// devices are those on which the pages are opened.
var devices = map[string]sdktest.Device{
	"phone": {Width: 360, Height: 780, Phone: true}, "phone-dark": {Width: 360, Height: 780, Phone: true, Dark: true},
	"desktop": {Width: 1280, Height: 900}, "desktop-dark": {Width: 1280, Height: 900, Dark: true},
}

// screenshots is the environment variable with a folder for pictures of the pages, to look at.
const screenshots = "SCREENSHOTS"

// site serves the pages service with a user who shares a timetable.
func (w *world) site(t *testing.T) string {
	t.Helper()
	at := time.Date(2026, 8, 20, 0, 0, 0, 0, time.UTC)
	w.put(t, semester2, schema.Semester{
		Year: 2026, Term: schema.SecondTerm, Status: schema.StatusNormal, LecturesURL: "gs://lists/list.json", ListChangedAt: at,
	}.Fields())
	w.put(t, "users/u1", schema.User{Username: "byeoli", CreatedAt: at, UpdatedAt: at}.Fields())
	w.put(t, "users/u1/timetables/abcdefghij", schema.Timetable{
		Title: "3학년 2학기 시간표", Visibility: schema.Public, Semester: w.admin.Doc(semester2), CreatedAt: at, UpdatedAt: at,
	}.Fields())
	meeting := func(day, begin, end int, room string) schema.LectureTime {
		return schema.LectureTime{Weekday: day, TimeBegin: begin, TimeEnd: end, Room: room}
	}
	for id, l := range map[string]schema.Lecture{
		"l1": {Identifier: "CS201-01", Title: "자료구조", Professor: "김나무", Credit: 3, Times: []schema.LectureTime{meeting(0, 540, 615, "공학관 301"), meeting(2, 540, 615, "공학관 301")}},
		"l2": {Identifier: "CS301-02", Title: "운영체제", Professor: "이바다", Credit: 3, Times: []schema.LectureTime{meeting(0, 630, 705, "전산관/101"), meeting(3, 630, 705, "전산관/101")}},
		"l3": {Identifier: "PH210-01", Title: "서양철학의 이해와 현대사회의 여러 문제들", Professor: "최별", Credit: 2, Times: []schema.LectureTime{meeting(1, 900, 975, "인문관 대강당"), meeting(4, 630, 705, "인문관 대강당")}},
		"l4": {Identifier: "EN110-07", Title: "Academic English Ⅱ", Professor: "J. Smith", Credit: 2, Times: []schema.LectureTime{meeting(2, 810, 920, "국제관 205")}},
		"l5": {Identifier: "AR115-01", Title: "사진과 영상", Professor: "정구름", Credit: 3, Times: []schema.LectureTime{meeting(4, 780, 950, "예술관 지하 1층 스튜디오 ②")}},
		"l6": {Identifier: "CS499-01", Title: "졸업논문", Professor: "김나무", Credit: 1},
		"l7": {Identifier: "XX000-01", Title: strings.Repeat("🌸", 150) + "\u202e</script><b>끝", Credit: 1, Times: []schema.LectureTime{meeting(3, 780, 840, strings.Repeat("방", 200))}},
	} {
		w.put(t, "users/u1/timetables/abcdefghij/lectures/"+id, l.Fields(at, at))
	}
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler.ServeHTTP(rw, r) }))
	t.Cleanup(server.Close)
	semesters := share.NewSemesters(w.admin, time.Now)
	var err error
	handler, err = pages.New(pages.Config{
		Timetables: share.NewReader(w.admin, semesters), Views: w, Courses: catalog.NewReader(w.admin, semesters, readList, time.Now), Drawing: fairsemaphore.New(2, 100),
		Calls: ratelimit.New(ratelimit.Limit{PerSecond: 1000, Burst: 1000}), Client: func(*http.Request) string { return "" },
		Origin: server.URL, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return server.URL
}

// Count records that a page reported a view.
func (w *world) Count(_ context.Context, username, timetableID, _ string) error {
	w.viewed <- username + "/" + timetableID
	return nil
}

// readList reads the course list of the site.
func readList(context.Context, string) ([]byte, error) {
	var b bytes.Buffer
	var list schema.CourseList
	for i := range 40 {
		list = append(list, schema.Lecture{
			Identifier: fmt.Sprintf("CS%03d-%02d", 201+i/2, 1+i%2), Title: []string{"자료구조", "운영체제", "서양철학의 이해와 현대사회의 여러 문제들", "Academic English Ⅱ"}[i%4], Professor: "김나무",
			Credit: 3, Category: []string{[]string{"공과대학", "문과대학"}[i%2], []string{"컴퓨터학과", "철학과", "전자공학과"}[i%3]}, Metas: []schema.LectureMeta{schema.Tag("영강")},
			Times: []schema.LectureTime{{Weekday: i % 5, TimeBegin: 540, TimeEnd: 615, Room: "공학관 301"}, {Weekday: (i + 2) % 5, TimeBegin: 540, TimeEnd: 615, Room: "공학관 301"}},
			URL:   "https://school.example/syllabus",
		})
	}
	err := list.Encode(&b)
	return b.Bytes(), err
}

// The pages that visitors see, on each device: nothing overflows, nothing is loaded from elsewhere, the policy blocks
// nothing, and a keyboard and a screen reader reach everything.
func TestSharedPages(t *testing.T) {
	browser := sdktest.OpenBrowser(t)
	origin := newWorld(t, place{}).site(t)
	t.Run("devices", func(t *testing.T) { showOnDevices(t, browser, origin) })
	t.Run("keyboard", func(t *testing.T) { reachByKeyboard(t, browser, origin) })
	t.Run("screen reader", func(t *testing.T) { readAloud(t, browser, origin) })
}

const courses = "/courses/데모대학교-서울/2026-0900/"

func showOnDevices(t *testing.T, browser *sdktest.Browser, origin string) {
	t.Helper()
	for name, path := range map[string]string{
		"timetable": "/user/byeoli/timetable/abcdefghij/?lang=ko", "english": "/user/byeoli/timetable/abcdefghij/?lang=en", "missing": "/user/nobody/timetable/abcdefghij/",
		"compare": "/compare?u=byeoli&lang=ko", "schools": "/courses/?lang=ko", "semester": courses + "?lang=ko", "college": courses + "공과대학/?lang=ko", "department": courses + "공과대학/컴퓨터학과/?lang=ko",
		"lecture": courses + "CS201-01?lang=ko",
	} {
		page := browser.Open(t, "about:blank")
		for device, emulated := range devices {
			if err := page.Emulate(emulated); err != nil {
				t.Fatal(err)
			}
			if err := page.Navigate(t.Context(), origin+path); err != nil {
				t.Fatal(err)
			}
			checkLayout(t, page, name+" on a "+device, origin)
			if folder := os.Getenv(screenshots); folder != "" {
				png, err := page.Screenshot(t.Context())
				if err == nil {
					err = os.WriteFile(filepath.Join(folder, name+"-"+device+".png"), png, 0o644)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		if said := page.Console(); strings.Contains(said, "Content Security Policy") {
			t.Errorf("%s: %s", name, said)
		}
	}
}

// checkLayout checks that a page is not wider than its window, and what it loaded.
func checkLayout(t *testing.T, page *sdktest.Page, name, origin string) {
	t.Helper()
	var got struct {
		Width, Window      int
		Background, Scheme string
		Loaded             []string
		Empty              int
	}
	err := page.Eval(t.Context(), `({
		width: document.documentElement.scrollWidth, window: window.innerWidth,
		background: getComputedStyle(document.body).backgroundColor, scheme: matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light",
		loaded: performance.getEntriesByType("resource").map(entry => entry.name),
		empty: [...document.querySelectorAll(".block")].filter(block => block.clientHeight < 5 || block.clientWidth < 5).length,
	})`, &got)
	if err != nil {
		t.Fatal(err)
	}
	if got.Width > got.Window || got.Empty > 0 {
		t.Errorf("%s: %+v", name, got)
	}
	if dark := got.Background == "rgb(13, 15, 20)"; dark != (got.Scheme == "dark") {
		t.Errorf("%s: background %s, scheme %s", name, got.Background, got.Scheme)
	}
	for _, address := range got.Loaded {
		if !strings.HasPrefix(address, origin+"/") && !strings.HasPrefix(address, "data:") {
			t.Errorf("%s loads %s", name, address)
		}
	}
}

// With a keyboard only, all links are reached in their order, and the wallpapers open.
func reachByKeyboard(t *testing.T, browser *sdktest.Browser, origin string) {
	t.Helper()
	page := browser.Open(t, origin+"/user/byeoli/timetable/abcdefghij/?lang=en")
	var reached []string
	for range 12 {
		if err := page.Press(t.Context(), kb.Tab); err != nil {
			t.Fatal(err)
		}
		var text string
		if err := page.Eval(t.Context(), `document.activeElement.textContent.trim()`, &text); err != nil {
			t.Fatal(err)
		}
		reached = append(reached, text)
		if text == "Wallpapers" {
			if err := page.Press(t.Context(), kb.Enter); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := []string{"Subscribe in a calendar", "View as a picture", "Wallpapers", "1080×2340 light", "1080×2340 dark"}
	if !slices.Equal(reached[:len(want)], want) {
		t.Errorf("reached %q, want %q first", reached, want)
	}
}

// A screen reader reads the table, not the picture of the week.
func readAloud(t *testing.T, browser *sdktest.Browser, origin string) {
	t.Helper()
	page := browser.Open(t, origin+"/user/byeoli/timetable/abcdefghij/?lang=ko")
	nodes, err := page.AccessibilityTree()
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	var names []string
	for _, n := range nodes {
		count[n.Role]++
		names = append(names, n.Role+" "+n.Name)
	}
	for role, want := range map[string]int{"main": 1, "contentinfo": 1, "table": 1, "heading": 1, "navigation": 1, "columnheader": 3} {
		if count[role] != want {
			t.Errorf("%d nodes have the role %s, want %d", count[role], role, want)
		}
	}
	for _, want := range []string{"heading 3학년 2학기 시간표", "table 강의", "rowheader 자료구조 김나무 · 3학점 · CS201-01", "cell 월 9:00–10:15", "link 캘린더에서 구독"} {
		if !slices.Contains(names, want) {
			text, _ := json.Marshal(names)
			t.Errorf("no %q in %s", want, text)
			break
		}
	}
}
