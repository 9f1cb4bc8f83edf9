package webclient

import (
	"slices"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/emulator/sdktest"
	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/cloudevent"
	"heek.kr/heektime/internal/email"
)

// TestAppAccount follows the account of a student of the old system, on a phone with two tabs, and on a desktop: what they built before
// they sign in, moving the account, another username and password, deleting the account and restoring it, signing out.
func TestAppAccount(t *testing.T) {
	t.Parallel()
	w := newAppWorld(t)
	n, service := newNotifier(t, w), newAccountService(t, w)
	w.seedOldStudent(t)
	w.put(t, "indices/user/usernames/바다바다", map[string]any{"value": "somebody"})
	browser := sdktest.OpenBrowser(t)

	a := openApp(t, browser, w, phone)
	prepareForPush(a)
	a.click(schoolID)
	a.click("2026년 2학기")
	a.drag(1, 9.1, 1, 11.1)
	a.sees("화 09:00–11:30")
	a.sees("강의 16개") // two of twenty are then
	a.click("데이터구조 담기")
	a.sees("총 3학점")
	tab := a.tab()
	tab.sees("총 3학점")

	moveOldAccount(t, service, a, tab)
	b := openApp(t, browser, w, desktop)
	b.click("이미 계정이 있어요")
	b.signInOld(oldPassword)
	b.sees("총 3학점")
	b.sees("저장했어요")
	b.drag(3, 9.1, 6, 11.1) // beyond Friday
	b.sees("목 09:00–11:30, 금 09:00–11:30")
	b.seesNot("토 09:00")
	b.sees("강의 24개")
	useTwoTabs(a, tab)

	changeUsername(t, w, a, tab, b)
	changePasswordInApp(a, b)
	deleteAndRestore(t, n, service, a, tab, b)
	signOutInTabs(t, a, tab)
	if console := a.page.Console() + tab.page.Console() + b.page.Console(); strings.Contains(console, "Content Security Policy") {
		t.Errorf("the page's policy forbids something that it does:\n%s", console)
	}
}

const newPassword = "new-heektime"

// tab opens the app in another tab of the device.
func (a *app) tab() *app {
	a.t.Helper()
	tab := *a
	tab.page = a.page.Open(a.t, "about:blank")
	tab.show(a.screen)
	tab.load()
	return &tab
}

// drag selects an area of the timetable. A finger rests first.
func (a *app) drag(fromDay int, fromHour float64, toDay int, toHour float64) {
	a.t.Helper()
	point := func(step sdktest.PointerStep, day int, hour float64) {
		a.t.Helper()
		var at struct{ X, Y float64 }
		a.eval(&at, "ui.pointAt(%d, %v)", day, hour)
		if err := a.page.Point(a.t.Context(), step, at.X, at.Y); err != nil {
			a.t.Fatal(err)
		}
	}
	point(sdktest.PointerDown, fromDay, fromHour)
	a.eval(nil, "ui.finds('.area')")
	point(sdktest.PointerMove, toDay, toHour)
	point(sdktest.PointerUp, toDay, toHour)
}

// signInOld signs the old student in, in the dialog that is open.
func (a *app) signInOld(password string) {
	a.t.Helper()
	a.fill("이메일 또는 예전 아이디", oldID)
	a.fill("비밀번호", password)
	a.click("로그인")
}

// moveOldAccount signs in for the first time, which moves the account without a word, and takes along what the device has.
func moveOldAccount(t *testing.T, service *accountService, a, tab *app) {
	t.Helper()
	var built string
	a.eval(&built, "localStorage['heektime.plans']")
	a.open("내 정보")
	a.click("로그인 · 가입하기")
	a.sees("지금까지 만든 시간표도 함께 옮겨요.")
	a.signInOld("another password")
	a.sees("아이디나 비밀번호가 맞지 않아요.")
	a.signInOld(oldPassword)
	a.sees(oldUsername)
	tab.open("내 정보")
	tab.sees(oldUsername) // the other tab follows
	taken := func() {
		t.Helper()
		a.eval(nil, "ui.until(() => localStorage['heektime.plans'] === '[]')")
		if got := len(a.world.lecturesOf(t, oldStudent)); got != 3 {
			t.Errorf("the account has %d lectures, want its 2 and that of the device", got)
		}
	}
	taken()
	uid, _, err := service.passwords.SignIn(t.Context(), oldID+"@"+email.OldDomain, oldPassword)
	if left, leftErr := auth.Remaining(t.Context(), a.world.admin); uid != oldStudent || err != nil || left != 0 || leftErr != nil {
		t.Errorf("Authentication signs in %q, %v; %d old passwords are left, %v", uid, err, left, leftErr)
	}

	// The app ended before the device could forget what the account has.
	a.eval(nil, "localStorage.setItem('heektime.plans', %q)", built)
	letTabConnect(a, tab)
	a.load()
	taken()
	a.open("시간표")
	a.sees("총 3학점")
	a.click("시간표 1")
	a.click("예전 시간표")
	a.sees("총 6학점")
	a.click("예전 시간표")
	a.click("시간표 1")
	a.sees("총 3학점")
}

// letTabConnect closes the app in one tab until the other has the connection to Firestore, on which the first depends from then on.
func letTabConnect(a, tab *app) {
	a.t.Helper()
	if err := a.page.Navigate(a.t.Context(), "about:blank"); err != nil {
		a.t.Fatal(err)
	}
	tab.eval(nil, "ui.isConnected()")
}

// useTwoTabs edits in each tab what the other shows.
func useTwoTabs(a, tab *app) {
	a.t.Helper()
	a.open("강의 찾기")
	a.fill("강의 찾기", "글쓰기")
	a.click("글쓰기 담기")
	tab.open("담은 강의")
	tab.sees("총 6학점")
	tab.click("글쓰기 빼기")
	a.sees("총 3학점")

	// What one tab does the other sends. The first is told, although it has been opened again meanwhile.
	a.click("글쓰기 담기")
	tab.sees("총 6학점")
	tab.offline(true)
	a.open("담은 강의")
	a.click("글쓰기 빼기")
	a.sees("총 3학점")
	a.load()
	a.eval(nil, "ui.until(() => /저장(했|하지 못했)어요/.test(document.body.innerText))") // the former if this tab has got the connection
	tab.offline(false)
	a.sees("저장했어요")
	tab.sees("총 3학점")
}

// changeUsername changes it on the phone. Its other tab and the desktop show it, too.
func changeUsername(t *testing.T, w *world, a, tab, b *app) {
	t.Helper()
	tab.open("내 정보")
	a.open("내 정보")
	a.click("사용자 이름 바꾸기")
	a.fill("사용자 이름", "바다바다")
	a.click("저장")
	a.sees("이미 다른 사람이 쓰는 이름이에요.")
	a.fill("사용자 이름", "구름구름")
	a.click("저장")
	a.eval(nil, "ui.isGone('dialog[open]')")
	for _, one := range []*app{a, tab, b} {
		one.open("내 정보")
		one.sees("구름구름")
	}
	if old, now := w.data(t, "indices/user/usernames/"+oldUsername), w.data(t, "indices/user/usernames/구름구름"); old != nil || now["value"] != oldStudent {
		t.Errorf("the old username belongs to %v, the new one to %v", old, now)
	}
}

// changePasswordInApp sets another password on the phone, which ends the session of the desktop.
func changePasswordInApp(a, b *app) {
	a.t.Helper()
	a.click("비밀번호 바꾸기")
	a.fill("지금 비밀번호", oldPassword)
	a.fill("새 비밀번호", newPassword)
	a.click("비밀번호 바꾸기")
	a.sees("비밀번호를 바꿨어요.")
	b.load()
	b.sees("로그아웃되었어요. 다시 로그인해 주세요.")
	b.open("내 정보")
	b.click("로그인 · 가입하기")
	b.signInOld(oldPassword)
	b.sees("아이디나 비밀번호가 맞지 않아요.")
}

// deleteAndRestore deletes the account on the phone, which ends its notifications, and restores it there, and them. The desktop, which signs
// in in the meantime, offers to restore it, too.
func deleteAndRestore(t *testing.T, n *notifier, service *accountService, a, tab, b *app) {
	t.Helper()
	const deleting = "계정을 삭제하는 중이에요"
	a.click(notifySwitch)
	token := n.device(a, oldStudent, "")
	a.click("계정 삭제")
	a.fill("비밀번호", newPassword)
	a.click("계정 삭제")
	a.sees(deleting)
	a.accessible("an account that is about to be deleted")
	tab.sees(deleting)
	if got := a.world.data(t, "users/"+oldStudent); got != nil {
		t.Errorf("others still see the user: %v", got)
	}
	if err := service.deletion.UserDeleted(t.Context(), cloudevent.Event{Path: []string{"users", oldStudent}, Time: time.Now()}); err != nil { // as Eventarc does
		t.Fatal(err)
	}
	wantGone(t, n, oldStudent, token)
	b.signInOld(newPassword)
	b.sees(deleting)

	a.click("계정 되찾기")
	a.fill("비밀번호", newPassword) // the deletion ended the session
	a.click("계정 되찾기")
	a.sees("계정을 되찾았어요.")
	n.untilSubscribed(t, oldStudent, n.device(a, oldStudent, token))
	b.click("계정 되찾기")
	b.sees("저장했어요")
	b.sees("총 3학점")
	for _, one := range []*app{a, tab, b} {
		one.sees("구름구름")
	}
	if got := a.world.data(t, "users/"+oldStudent)["username"]; got != "구름구름" {
		t.Errorf("the restored username is %v", got)
	}
}

// signOutInTabs signs out in one tab, which removes the account's data from the device, and signs in again in the other.
func signOutInTabs(t *testing.T, a, tab *app) {
	t.Helper()
	a.seesNot("아직 저장하지 못했어요")
	a.click("로그아웃")
	a.untilLeft()
	tab.untilLeft()
	a.load()
	var databases []string
	a.eval(&databases, "indexedDB.databases().then((all) => all.map(({ name }) => name))")
	if slices.ContainsFunc(databases, func(name string) bool { return strings.HasPrefix(name, "firestore/") }) {
		t.Errorf("the device still has %q", databases)
	}
	tab.load()
	tab.open("내 정보")
	tab.click("로그인 · 가입하기")
	tab.signInOld(newPassword)
	for _, one := range []*app{tab, a} {
		one.open("내 정보")
		one.sees("구름구름")
		one.open("시간표")
		one.sees("총 3학점")
	}
}

// untilLeft waits until the page has loaded another document.
func (a *app) untilLeft() {
	a.t.Helper()
	for deadline := time.Now().Add(hangTimeout); ; time.Sleep(20 * time.Millisecond) {
		var isThere bool
		err := a.page.Eval(a.t.Context(), "'ui' in window", &isThere) // an error while the next one loads
		if err == nil && !isThere {
			return
		}
		if time.Now().After(deadline) {
			a.t.Fatalf("the page does not leave: %v", err)
		}
	}
}
