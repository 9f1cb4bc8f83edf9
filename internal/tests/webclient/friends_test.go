package webclient

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
	friend("four", "라온", "private", semester1)
	friend("five", "마루", "private", semester1)
	friend("six", "바다", "private", semester1)

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
	a.click("없는이름 빼기")
	a.click("닫기")
	followInApp(t, w, a)
}

// followInApp signs up, which takes the friends of the device along, and edits them with and without a network.
func followInApp(t *testing.T, w *world, a *app) {
	t.Helper()
	a.signUp()
	uid := w.data(t, "indices/user/usernames/하늘하늘")["value"].(string)
	follows := func(want ...string) {
		t.Helper()
		for seen := w.admin.Collection("users/" + uid + "/follows").Snapshots(t.Context()); ; {
			snapshot, err := seen.Next()
			if err != nil {
				t.Fatalf("no follows of %v: %v", want, err)
			}
			docs, err := snapshot.Documents.GetAll()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, doc := range docs {
				got = append(got, doc.Ref.ID)
			}
			if slices.Equal(got, want) {
				seen.Stop()
				break
			}
		}
		if count := w.data(t, "users/"+uid+"/counts/following")["count"]; count != int64(len(want)) {
			t.Errorf("the count is %v, want %d", count, len(want))
		}
	}
	follows("three", "two")
	w.put(t, "users/"+uid+"/counts/followers", map[string]any{"count": 2}) // as the function does
	a.open("시간표")
	a.click("공유")
	a.click("친구와 비는 시간 찾기")
	a.sees("2명이 나를 친구로 추가했어요.")
	a.sees("나래: 이 학기에 공개한 시간표가 없어요")
	for i, name := range []string{"가람", "하늘하늘", "라온"} {
		a.fill("친구의 사용자 이름", name)
		a.click("추가")
		if i == 0 {
			a.sees("월 20:00–21:00")
		}
	}
	a.seesNot("하늘하늘") // nobody follows themselves
	follows("four", "one", "three", "two")
	a.fill("친구의 사용자 이름", "마루")
	a.click("추가")
	follows("five", "four", "one", "three", "two")
	a.click("가람과 비교") // four of five are compared
	a.seesNot("월 20:00–21:00")
	a.accessible("friends of an account")

	a.offline(true)
	a.click("라온 빼기")
	a.seesNot("라온")
	a.fill("친구의 사용자 이름", "바다")
	a.click("추가")
	a.sees("바다: 인터넷에 연결되면 추가할게요")
	a.offline(false)
	follows("five", "one", "six", "three", "two")
}
