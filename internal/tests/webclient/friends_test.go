package webclient

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"heek.kr/heektime/emulator/sdktest"
)

// A visitor compares their timetable with those of friends: only what is public counts, and only that of the semester on the
// screen.
func TestFriends(t *testing.T) {
	browser := sdktest.OpenBrowser(t)
	w := newAppWorld(t)
	now := time.Now()
	friend := func(uid, username, visibility, semester string, lectures ...map[string]any) {
		w.put(t, "users/"+uid, map[string]any{"username": username, "createdAt": now, "updatedAt": now})
		w.put(t, "indices/user/usernames/"+username, map[string]any{"value": uid})
		timetable := "users/" + uid + "/timetables/abcdefghij"
		w.put(t, timetable, map[string]any{"title": "시간표", "visibility": visibility, "semester": w.admin.Doc(semester), "createdAt": now, "updatedAt": now})
		for i, times := range lectures {
			w.put(t, fmt.Sprintf("%s/lectures/%d", timetable, i), map[string]any{
				"identifier": "A", "title": "자료구조", "professor": "", "credit": 3, "times": []any{times}, "category": []any{}, "metas": []any{}, "createdAt": now, "updatedAt": now,
			})
		}
	}
	meeting := func(weekday, begin, end int) map[string]any {
		return map[string]any{"weekday": weekday, "timeBegin": begin, "timeEnd": end, "room": ""}
	}
	friend("one", "가람", "public", semester2, meeting(0, 540, 1200), meeting(1, 540, 1260))
	friend("two", "나래", "private", semester2, meeting(2, 540, 1260))
	friend("three", "다솜", "public", semester1, meeting(3, 540, 1260))

	axe, err := os.ReadFile(filepath.Join(sdktest.Packages(t, os.DirFS("axe")), "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	a := openApp(t, browser, w, phone)
	a.eval(nil, "%s", axe)
	a.click("데모대학교-서울")
	a.click("2026년 2학기")
	a.open("강의 찾기")
	a.sees("강의 160개")
	a.fill("강의 찾기", "데이터구조")
	a.click("데이터구조 담기")
	a.open("시간표")
	a.click("공유")
	a.click("친구와 비는 시간 찾기")
	for _, name := range []string{"가람", "나래", "다솜", "없는이름"} {
		a.fill("친구의 사용자 이름", name)
		a.click("추가")
	}
	a.sees("나래: 이 학기에 공개한 시간표가 없어요")
	a.sees("다솜: 이 학기에 공개한 시간표가 없어요")
	a.sees("없는이름: 그런 이름을 쓰는 사람이 없어요")
	a.sees("월 20:00–21:00 수 09:00–21:00 목 09:00–21:00")
	a.accessible("friends")
	a.click("가람 빼기")
	a.seesNot("월 20:00–21:00")
}
