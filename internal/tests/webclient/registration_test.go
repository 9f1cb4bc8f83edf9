package webclient

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/sdktest"
)

const (
	sessionsInBrowsers = 4
	sessionsInNode     = 196
)

// TestRegistrationMinute: 200 students search, and add a lecture, while the school's list changes three times. All of them end
// with the newest list and their own lecture, nobody sees an error, and nothing costs more than it should.
//
// Four are the app in Chromium. The others are the reference client in Node: the same SDK, with the same listeners, lists and deltas,
// and a hundred times lighter, so that the gate can afford them. What 200 pages would add is the browser's own load, which is
// that of one on each student's phone.
//
// It is long because the minute is one story of all sessions.
func TestRegistrationMinute(t *testing.T) {
	t.Parallel()
	w := newAppWorld(t)
	browser := sdktest.OpenBrowser(t)
	nodes := sdktest.OpenNodes(t, sdktest.Versions[0], "reference.mjs")
	total := sessionsInBrowsers + sessionsInNode
	w.seedStudents(t, total)

	var apps []*app
	for i := range sessionsInBrowsers {
		apps = append(apps, registrationApp(t, browser, w, i))
	}
	node := &client{t: t, script: nodes.Reuse(t)}
	hosts := map[string]string{"auth": w.AuthAddress(), "firestore": w.FirestoreAddress(), "storage": w.StorageAddress()}
	inNode := func(do func(name string) error) {
		t.Helper()
		var all sync.WaitGroup
		for i := range sessionsInNode {
			all.Go(func() {
				name := student(sessionsInBrowsers + i)
				if err := do(name); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		all.Wait()
	}
	calls := func(name string, functions ...[]any) error {
		for _, call := range functions {
			err := node.call(nil, call[0].(string), append([]any{name}, call[1:]...))
			for sdktest.Code(err) == "unavailable" { // the SDK gives up after ten seconds, in which a busy machine does not connect so many
				err = node.call(nil, call[0].(string), append([]any{name}, call[1:]...))
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	hasLectures := func(want int) func(name string) error {
		return func(name string) error {
			var got int
			if err := node.call(&got, "loadLectures", []any{name, semester2}); err != nil || got != want {
				return fmt.Errorf("%d lectures in the list, want %d: %w", got, want, err)
			}
			return nil
		}
	}
	inNode(func(name string) error {
		return calls(name, []any{"install", map[string]any{"project": w.Project, "hosts": hosts}}, []any{"signInWithToken", w.customToken(t, name)}, []any{"open"})
	})

	usage := w.Measure(t, func() {
		inNode(hasLectures(160))
		list := appList()
		for n := range 3 {
			list = append(list, map[string]any{
				"identifier": fmt.Sprintf("ZZZZ%03d-00", n), "title": "긴급개설", "professor": "", "credit": 3.0, "times": []any{}, "category": []any{}, "metas": []any{}, "url": "",
			})
			w.publishList(t, listObject(n+1), list)
			if n == 1 {
				inNode(func(name string) error {
					return calls(name, []any{"addLecture", "l" + name, lecture("데이터구조")}, []any{"sendChanges"})
				})
			}
		}
		for i, a := range apps {
			a.sees("강의 3개") // 긴급개설 in the newest list
			a.fill("강의 찾기", "데이터구조")
			a.click("데이터구조 담기")
			a.sees("총 3학점")
			if i == 0 {
				a.accessible("after the list has changed")
			}
		}
		inNode(hasLectures(163))
		w.untilLectures(t, total)
	})
	// Each session listens to its semester, which changes three times and may be read at its beginning, lists its list twice, and its lecture is
	// read by its own listener and, twice, by the rules.
	if got, most := emulatortest.CostOf(usage), total*(4+2+3+2); got.Reads > most || got.Writes > 3*total {
		t.Errorf("the minute costs %v, more than %d reads:\n%s", got, most, reads(usage))
	}
}

// student is the uid and the name of a student.
func student(i int) string { return fmt.Sprintf("student%03d", i) }

// seedStudents creates students with an empty timetable each.
func (w *world) seedStudents(t *testing.T, n int) {
	t.Helper()
	now := time.Now()
	var users []emulatortest.User
	for i := range n {
		uid := student(i)
		users = append(users, emulatortest.User{UID: uid, Email: uid + "@example.com", Password: "heektime"})
		w.put(t, "users/"+uid, map[string]any{"username": uid, "createdAt": now, "updatedAt": now})
		w.put(t, "users/"+uid+"/timetables/abcdefghij", map[string]any{
			"title": "시간표", "visibility": "private", "semester": w.admin.Doc(semester2), "createdAt": now, "updatedAt": now,
		})
	}
	w.SeedUsers(t, users...)
}

// registrationApp opens the app as a student, who searches for what the next lists bring.
func registrationApp(t *testing.T, b *sdktest.Browser, w *world, i int) *app {
	t.Helper()
	a := openApp(t, b, w, []sdktest.Screen{phone, desktop}[i%2])
	a.click("이미 계정이 있어요")
	a.fill("이메일 또는 예전 아이디", student(i)+"@example.com")
	a.fill("비밀번호", "heektime")
	a.click("로그인")
	a.sees("저장했어요")
	a.open("강의 찾기")
	a.sees("강의 160개")
	a.eval(nil, "document.querySelector('.search input').focus()")
	a.fill("강의 찾기", "긴급개설")
	a.sees("찾는 강의가 없어요")
	return a
}
