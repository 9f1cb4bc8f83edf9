package webclient

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"google.golang.org/api/iterator"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/sdktest"
	"heek.kr/heektime/internal/schema"
)

// newAppWorld is a world that serves the app and has a course list.
func newAppWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, place{}, func(cfg *emulator.Config) { emulatortest.Project(t, "../../..")(cfg) })
	w.publishList(t, listObject(0), appList())
	return w
}

// listObject is the name of the n-th course list of the second semester.
func listObject(n int) string {
	return fmt.Sprintf("lectures/데모대학교-서울/2026-0900/%032x.json", n)
}

// appList is a course list of 20 sections of each of 8 courses.
func appList() (list []map[string]any) {
	for i, title := range []string{"데이터구조", "데이터베이스시스템", "운영체제", "컴퓨터네트워크", "선형대수학", "확률과통계", "인공지능개론", "글쓰기"} {
		for section := range 20 {
			list = append(list, map[string]any{
				"identifier": fmt.Sprintf("COSE%03d-%02d", 100+i, section), "title": title, "professor": fmt.Sprintf("교수%d", section), "credit": 3.0,
				"times":    []any{map[string]any{"weekday": section % 5, "timeBegin": 540 + 75*(section%6), "timeEnd": 615 + 75*(section%6), "room": fmt.Sprintf("정보관 %d", 200+section)}},
				"category": []any{"정보대학", "컴퓨터학과"}, "metas": []any{map[string]any{"type": "tag", "name": "영강"}}, "url": "https://example.com/",
			})
		}
	}
	return list
}

// appJourney: browse without an account, search, add, undo; sign up, which takes the plan along; edit it on two
// devices, offline and back; share it; reopen the app without a network; and see why a write was refused.
func appJourney(t *testing.T, b *sdktest.Browser, screen sdktest.Screen) {
	w := newAppWorld(t)
	a := openApp(t, b, w, screen)
	if screen.Phone {
		beginWithFinger(a)
	} else {
		beginWithKeyboard(a)
	}
	buildPlan(a)
	uid := signUpInApp(t, w, a)
	useTwoDevices(a, openApp(t, b, w, screen))
	sharePlan(t, w, a, uid)
	reopenOffline(a)

	a.open("담은 강의")
	// An operator blocks the account: writes are refused, and what was shown is taken back.
	w.put(t, "deletions/"+uid, map[string]any{"block": map[string]any{}})
	a.click("데이터구조 빼기")
	a.sees("저장하지 못해서 되돌렸어요")
	a.sees("총 6학점")
	if console := a.page.Console(); strings.Contains(console, "Content Security Policy") {
		t.Errorf("the page's policy forbids something that it does:\n%s", console)
	}
}

// beginWithFinger chooses a semester, searches with initial consonants, and adds.
func beginWithFinger(a *app) {
	a.t.Helper()
	a.sees("시간표, 2분이면 돼요")
	a.accessible("welcome")
	a.click("데모대학교-서울")
	a.click("2026년 2학기")
	a.sees("아직 비어 있어요")
	a.accessible("empty timetable")

	a.open("강의 찾기")
	a.sees("강의 160개")
	a.fill("강의 찾기", "ㄷㅇㅌㄱㅈ")
	a.sees("강의 20개")
	a.accessible("search")
	a.click("데이터구조 담기")
	a.sees("총 3학점")
	a.accessible("after adding")
}

// beginWithKeyboard does the same without a pointer, and with the keyboard's language still English.
func beginWithKeyboard(a *app) {
	a.t.Helper()
	a.sees("데모대학교-서울")
	a.accessible("welcome")
	a.tabTo("데모대학교-서울")
	a.press(kb.Enter)
	a.sees("2026년 2학기")
	a.tabTo("2026년 2학기")
	a.press(kb.Enter)
	a.sees("강의 160개")
	a.accessible("empty timetable")
	a.tabTo("강의 찾기") // the view, and in it the box
	a.tabTo("강의 찾기")
	a.press("epdlxjrnwh")
	a.sees("강의 20개")
	a.accessible("search")
	a.press(kb.ArrowDown)
	a.tabTo("데이터구조 담기")
	a.press(kb.Enter)
	a.sees("총 3학점")
	a.accessible("after adding")
}

// buildPlan undoes, adds what clashes, and reloads.
func buildPlan(a *app) {
	a.t.Helper()
	a.click("되돌리기")
	a.sees("총 0학점")
	a.click("데이터구조 담기")
	a.sees("총 3학점")
	a.fill("강의 찾기", "선형")
	a.sees("데이터구조와 겹쳐요")
	a.click("선형대수학 담기")
	a.sees("총 6학점")
	a.load()
	a.sees("총 6학점") // the device remembers
}

// signUpInApp signs up. It returns the uid, and checks that the account has what the device had.
func signUpInApp(t *testing.T, w *world, a *app) (uid string) {
	t.Helper()
	a.open("내 정보")
	a.accessible("account")
	a.click("로그인 · 가입하기")
	a.click("처음이에요")
	a.fill("이메일", "haneul@example.com")
	a.fill("비밀번호", "heektime")
	a.accessible("sign up")
	a.click("가입하기")
	a.fill("사용자 이름", "하늘하늘")
	a.click("저장")
	a.eval(nil, "ui.isGone('dialog[open]')")
	a.sees("하늘하늘")
	a.eval(nil, "ui.until(() => localStorage.getItem('heektime.plans') === '[]')") // taken along
	uid = w.onlyUser(t)
	if got := w.data(t, "users/"+uid)["username"]; got != "하늘하늘" {
		t.Errorf("the username is %v", got)
	}
	lectures := w.lecturesOf(t, uid)
	if len(lectures) != 2 {
		t.Fatalf("the account has %d lectures, want the 2 of the device", len(lectures))
	}
	want := []string{"category", "createdAt", "credit", "identifier", "metas", "professor", "times", "title", "updatedAt"}
	if got := slices.Sorted(maps.Keys(lectures[0])); !slices.Equal(got, want) {
		t.Errorf("a lecture has the fields %v, want %v", got, want)
	}
	return uid
}

// useTwoDevices edits on another device what was made on the first, and there without a network.
func useTwoDevices(a, second *app) {
	a.t.Helper()
	second.click("데모대학교-서울")
	second.click("2026년 2학기")
	second.open("내 정보")
	second.click("로그인 · 가입하기")
	second.fill("이메일 또는 예전 아이디", "haneul@example.com")
	second.fill("비밀번호", "heektime")
	second.eval(nil, "ui.network('Firestore/Listen', 'unreachable')")
	second.click("로그인")
	second.sees("하늘하늘")
	second.open("담은 강의")
	second.sees("불러오는 중이에요") // and not that there is nothing
	var shown string
	second.eval(&shown, "document.body.innerText")
	for _, claim := range []string{"총 0학점", "담은 강의가 없어요", "아직 비어 있어요"} {
		if strings.Contains(shown, claim) {
			second.t.Errorf("without an answer of the server, the app says %q:\n%s", claim, shown)
		}
	}
	second.eval(nil, "ui.network('Firestore/Listen')")
	second.sees("총 6학점")
	second.open("강의 찾기")
	second.fill("강의 찾기", "글쓰기")
	second.click("글쓰기 담기")
	second.sees("총 9학점")

	a.open("담은 강의")
	a.sees("글쓰기") // the listener brings it
	a.accessible("my classes")

	a.offline(true)
	a.click("글쓰기 빼기")
	a.sees("아직 저장하지 못했어요")
	a.offline(false)
	a.seesNot("아직 저장하지 못했어요")
	second.sees("총 6학점")
}

// sharePlan makes the timetable public.
func sharePlan(t *testing.T, w *world, a *app, uid string) {
	t.Helper()
	if a.screen.Phone {
		a.click("시간표")
	}
	a.click("공유")
	timetables, err := w.admin.Collection("users/" + uid + "/timetables").DocumentRefs(t.Context()).GetAll()
	if err != nil || len(timetables) != 1 {
		t.Fatalf("%d timetables, want 1: %v", len(timetables), err)
	}
	for ago, viewers := range []int{2, 5, 3} {
		day := schema.Date(time.Now().In(time.FixedZone("Seoul", 9*60*60)).AddDate(0, 0, -ago).Format(time.DateOnly))
		if _, err := schema.ViewsRef(timetables[0], day).Set(t.Context(), schema.Views{Views: 4, Viewers: viewers}); err != nil {
			t.Fatal(err)
		}
	}
	a.click("시간표 공개하기")
	a.sees("지난 7일 동안 12번 열어 봤어요. 가장 많은 날에는 5명쯤이었어요.")
	a.accessible("share")
	a.click("닫기")
	a.seesNot("아직 저장하지 못했어요")
	if got := w.visibilities(t, uid); !slices.Equal(got, []any{"public"}) {
		t.Errorf("the timetable's visibility is %v, want public", got)
	}
}

// reopenOffline opens the app without a network: it has its last state.
func reopenOffline(a *app) {
	a.t.Helper()
	a.eval(nil, "navigator.serviceWorker.ready.then(() => null)")
	a.offline(true)
	a.load()
	a.sees("총 6학점")
	a.sees("오프라인")
	a.offline(false)
	a.seesNot("오프라인")
}

// onlyUser returns the uid of the only user.
func (w *world) onlyUser(t *testing.T) string {
	t.Helper()
	users, err := w.admin.Collection("users").DocumentRefs(t.Context()).GetAll()
	if err != nil || len(users) != 1 {
		t.Fatalf("%d users, want 1: %v", len(users), err)
	}
	return users[0].ID
}

// visibilities returns those of a user's timetables.
func (w *world) visibilities(t *testing.T, uid string) (all []any) {
	t.Helper()
	docs, err := w.admin.Collection("users/" + uid + "/timetables").Documents(t.Context()).GetAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range docs {
		all = append(all, d.Data()["visibility"])
	}
	return all
}

// lecturesOf returns the lectures of all timetables of a user.
func (w *world) lecturesOf(t *testing.T, uid string) (all []map[string]any) {
	t.Helper()
	timetables := w.admin.Collection("users/" + uid + "/timetables").DocumentRefs(t.Context())
	for {
		timetable, err := timetables.Next()
		if err == iterator.Done {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		docs, err := timetable.Collection("lectures").Documents(t.Context()).GetAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range docs {
			all = append(all, d.Data())
		}
	}
}
