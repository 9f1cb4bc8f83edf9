package webclient

import (
	"testing"
	"time"

	"heek.kr/heektime/emulator/sdktest"
)

// TestAppBuild builds timetables without an account on a desktop: what does not clash, own blocks, one's own copy, two timetables
// side by side, timetables that the app makes, and what the school changes meanwhile. It is long because
// it is the steps of one student.
func TestAppBuild(t *testing.T) {
	t.Parallel()
	w := newAppWorld(t)
	a := openApp(t, sdktest.OpenBrowser(t), w, desktop)
	a.click("데모대학교-서울")
	a.click("2026년 2학기")
	a.sees("강의 160개")
	a.drag(2, 13.4, 2, 11.1) // from the hint of the empty timetable
	a.sees("수 11:00–13:30")
	a.sees("강의 8개")
	a.click("직접 추가")
	a.eval(nil, "ui.until(() => document.querySelector('dialog[open] [type=time]')?.value === '11:00')")
	a.click("닫기")
	a.click("수 11:00–13:30")
	a.fill("강의 찾기", "데이터구조")
	a.click("데이터구조 담기")
	a.sees("총 3학점")

	a.click("안 겹치는 강의만")
	a.fill("강의 찾기", "운영체제")
	a.sees("강의 19개") // one of twenty is when the first lecture is
	a.click("안 겹치는 강의만")

	a.open("담은 강의")
	a.click("직접 추가")
	a.fill("제목", "아르바이트")
	a.fill("요일", "4")
	a.fill("시작", "18:00")
	a.fill("끝", "17:00")
	a.click("담기")
	a.sees("끝나는 시간이 시작보다 늦어야 해요.")
	a.fill("끝", "21:00")
	a.click("담기")
	a.sees("내 일정")
	a.accessible("own blocks")

	a.click("시간표 1")
	a.click("복제: 시간표 1")
	a.sees("시간표 1 사본")
	a.click("나란히 보기")
	a.eval(nil, "ui.finds('.beside:not(.current) .block')")
	a.accessible("side by side")
	a.click("나란히 보기")

	a.click("자동으로 짜기")
	a.fill("듣고 싶은 과목", "인공지능개론")
	a.click("인공지능개론")
	a.fill("듣고 싶은 과목", "rmfTmrl") // 글쓰기
	a.click("인공지능개론 대신: 글쓰기 (교수3)")
	a.sees("인공지능개론 또는 글쓰기 (교수3)")
	a.sees("겹치지 않는 시간표")
	a.accessible("planner")
	a.click("이 시간표로 만들기")
	a.sees("총 6학점")
	a.click("되돌리기")
	a.sees("총 3학점")
	a.click("다시 하기")
	a.sees("총 6학점")
	a.click("시간표 2")
	a.click("시간표 1")
	a.sees("총 3학점")
	takeOverChange(t, w, a)
}

// takeOverChange: the school moves a lecture to another room, and an operator announces something.
func takeOverChange(t *testing.T, w *world, a *app) {
	t.Helper()
	list := appList()
	meeting := list[0]["times"].([]any)[0].(map[string]any)
	before := map[string]any{"times": []any{map[string]any{"weekday": meeting["weekday"], "timeBegin": meeting["timeBegin"], "timeEnd": meeting["timeEnd"], "room": meeting["room"]}}}
	meeting["room"] = "신공학관 101"
	w.put(t, semester2+"/changes/1", map[string]any{
		"at": time.Now(), "from": "gs://x/1.json", "to": "gs://x/2.json", "before": 160, "after": 160, "added": 0, "removed": 0, "changed": 1, "moved": 0, "complete": true,
		"lectures": []any{map[string]any{"kind": "changed", "identifier": "COSE100-00", "title": "데이터구조", "repeats": 0, "before": before, "after": map[string]any{"times": list[0]["times"]}}},
		"expires":  time.Now().Add(24 * time.Hour),
	})
	w.put(t, "announcements/1", map[string]any{
		"korean": "내일 새벽에 점검해요.", "english": "Maintenance tomorrow.", "audience": "all", "from": time.Now().Add(-time.Hour), "until": time.Now().Add(time.Hour),
	})
	a.open("강의 찾기")
	switchList(t, w, a, list, func() { // a visitor's app asks again, and for announcements, even if it has asked a minute after it was opened
		a.eval(nil, "ui.pass(7 * 60)")
		a.eval(nil, "dispatchEvent(new Event('online'))")
	})
	a.eval(nil, "ui.comeBack()")
	a.sees("내일 새벽에 점검해요.")
	a.open("담은 강의")
	a.click("바뀐 강의 1개")
	a.sees("신공학관 101")
	a.sees("에 바뀌었어요")
	a.accessible("what changed")
	a.click("그대로 두기")
	a.sees("바뀐 강의가 없어요")
	a.click("되돌리기")
	a.click("반영하기")
	a.click("닫기")
	a.sees("신공학관 101")
	a.seesNot("바뀐 강의 1개")
	a.click("그만 보기")
	a.seesNot("내일 새벽에 점검해요.")
}
