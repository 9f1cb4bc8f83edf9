package webclient

import (
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/sdktest"
)

// TestAppCost holds the app to the reads in docs/web.md, by the cloud's own bill, in both layouts: on a wide screen, the search is
// open from the start.
func TestAppCost(t *testing.T) {
	browser := sdktest.OpenBrowser(t)
	for name, screen := range map[string]sdktest.Screen{"phone": phone, "desktop": desktop} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			appCost(t, browser, screen)
		})
	}
}

// costs measures the reads of what do does, which has to wait until it sees the results.
func (a *app) costs(w *world, what string, least, most int, do func()) {
	a.t.Helper()
	usage := w.Measure(a.t, do)
	if got := emulatortest.CostOf(usage); got.Reads < least || got.Reads > most {
		a.t.Errorf("%s costs %v, want %d to %d reads:\n%s", what, got, least, most, reads(usage))
	}
}

// passes lets time pass, in the cloud and on the device.
func (a *app) passes(w *world, minutes int) {
	a.t.Helper()
	w.Advance(a.t, time.Duration(minutes)*time.Minute)
	a.eval(nil, "ui.pass(%d)", minutes)
}

// appCost opens the app, searches, shares and comes back later, as a visitor and with an account. It is long because what each step costs
// depends on those before it.
func appCost(t *testing.T, b *sdktest.Browser, screen sdktest.Screen) {
	w := newAppWorld(t)
	student := w.studentWithLectures(t)
	search := func(a *app) {
		a.t.Helper()
		a.open("강의 찾기")
		a.sees("강의 160개")
		for query, want := range map[string]string{"ㄷㅇㅌㄱㅈ": "강의 20개", "ㄷㅇㅌ": "강의 40개", "글쓰기": "강의 20개"} {
			a.eval(nil, "document.querySelector('.search input').focus()") // as a finger does
			a.fill("강의 찾기", query)
			a.sees(want)
		}
		a.fill("강의 찾기", "")
	}

	var a *app
	(&app{t: t}).costs(w, "a visitor's first visit", 3, 3, func() { // the school and two semesters
		a = openApp(t, b, w, screen)
		a.click("데모대학교-서울")
		a.click("2026년 2학기")
		a.sees("아직 비어 있어요")
	})
	a.costs(w, "a visitor's search", 0, 0, func() { search(a) })

	a = openApp(t, b, w, screen)
	a.sees("데모대학교-서울")                          // a fresh device lists the schools before anybody signs in
	const fresh = 1 + 1 + 1 + lecturesOfStudent // the user, the newest timetable, its semester, its lectures
	a.costs(w, "opening on a fresh device", fresh, fresh, func() {
		a.click("이미 계정이 있어요")
		a.fill("이메일 또는 예전 아이디", student)
		a.fill("비밀번호", "heektime")
		a.click("로그인")
		a.sees("총 9학점")
		a.eval(nil, "ui.until(() => ui.settled())")
	})
	a.costs(w, "a search", 0, 0, func() { search(a) })
	open := func() {
		a.eval(nil, "location.hash = ''")
		a.load()
		a.sees("총 9학점")
		a.sees("저장했어요")
		a.eval(nil, "ui.until(() => ui.settled())")
	}
	a.costs(w, "opening within 30 minutes", 0, 0, open)
	a.costs(w, "the account", 1, 1, func() {
		a.open("내 정보")
		a.eval(nil, "ui.until(() => performance.getEntriesByType('resource').some(({ name }) => name.includes('/users/haneul')))")
	})
	a.costs(w, "sharing", 3, 3, func() { // the username, that there are no views, and what the rules read for the write
		if screen.Phone {
			a.open("시간표")
		}
		a.click("공유")
		a.click("시간표 공개하기")
		a.sees("지난 7일 동안 열어 본 사람이 없어요.")
		a.click("닫기")
		a.seesNot("아직 저장하지 못했어요")
	})
	a.passes(w, 31)
	a.costs(w, "opening later", 2, 2, open)
	// Listening to the semester again, and its change.
	a.costs(w, "the first search after half an hour, and another list meanwhile", 2, 2, func() {
		search(a)
		switchList(t, w, a, appList(), func() {})
	})
	a.press(kb.Tab + kb.Tab) // the syllabus, and the button that adds
	a.press(kb.Enter)
	a.sees("총 12학점")
}

// lecturesOfStudent is how many lectures studentWithLectures has.
const lecturesOfStudent = 3

// studentWithLectures creates an account with a timetable of three lectures, and returns its address.
func (w *world) studentWithLectures(t *testing.T) string {
	t.Helper()
	const address = "haneul@example.com"
	w.SeedUsers(t, emulatortest.User{UID: "haneul", Email: address, Password: "heektime"})
	now := time.Now()
	w.put(t, "users/haneul", map[string]any{"username": "하늘하늘", "createdAt": now, "updatedAt": now})
	w.putTimetable(t, "users/haneul/timetables/abcdefghij", "내 시간표", 0, 21, 42) // 데이터구조, 데이터베이스시스템, 운영체제
	return address
}

// putTimetable creates a timetable of the second semester with lectures of appList, by their places there.
func (w *world) putTimetable(t *testing.T, path, title string, lectures ...int) {
	t.Helper()
	now := time.Now()
	w.put(t, path, map[string]any{"title": title, "visibility": "private", "semester": w.admin.Doc(semester2), "createdAt": now, "updatedAt": now})
	for _, i := range lectures {
		l := appList()[i]
		delete(l, "url")
		l["createdAt"], l["updatedAt"] = now, now
		w.put(t, path+"/lectures/"+l["identifier"].(string), l)
	}
}

// switchList publishes a list with some lectures more while the student searches, with the keyboard: what was typed, the row with the
// focus and its place on the screen stay. The app asks for it, if it does not listen.
func switchList(t *testing.T, w *world, a *app, list []map[string]any, ask func()) {
	t.Helper()
	a.eval(nil, "document.querySelector('.search input').focus()")
	a.fill("강의 찾기", "데이터")
	a.sees("강의 40개")
	a.press(kb.ArrowDown)
	a.eval(nil, "ui.until(() => document.activeElement.closest('[aria-posinset=\"1\"]'))")
	a.press(kb.PageDown + kb.PageDown + kb.ArrowDown)
	a.eval(nil, "ui.until(() => document.activeElement.closest('[aria-posinset=\"18\"]'))")
	type place struct {
		Text string
		Top  float64
	}
	where := func() (p place) {
		t.Helper()
		a.eval(&p, "({ text: document.activeElement.innerText, top: Math.round(document.activeElement.getBoundingClientRect().top) })")
		return p
	}
	before := where()
	for i := range 5 { // found first: they have the same title, and lower codes
		extra := map[string]any{}
		for key, value := range list[i] {
			extra[key] = value
		}
		extra["identifier"] = "AAAA00" + string(rune('0'+i)) + "-01"
		list = append(list, extra)
	}
	slices.SortFunc(list, func(x, y map[string]any) int {
		if x["identifier"].(string) < y["identifier"].(string) {
			return -1
		}
		return 1
	})
	w.publishList(t, listObject(1), list)
	ask()
	a.sees("강의 45개")
	if got := where(); got != before {
		t.Errorf("after the switch the focus is on %+v, want %+v", got, before)
	}
	a.eval(nil, "ui.until(() => document.activeElement.closest('[aria-posinset=\"23\"]'))")
	a.press(kb.ArrowDown)
	a.eval(nil, "ui.until(() => document.activeElement.closest('[aria-posinset=\"24\"]'))")
}
