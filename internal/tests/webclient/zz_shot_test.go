package webclient

import (
	"testing"
	"time"

	"heek.kr/heektime/emulator/sdktest"
)

func TestZZShots(t *testing.T) {
	browser := sdktest.OpenBrowser(t)
	w := newAppWorld(t)
	now := time.Now()
	w.put(t, "users/one", map[string]any{"username": "가람가람", "createdAt": now, "updatedAt": now})
	w.put(t, "indices/user/usernames/가람가람", map[string]any{"value": "one"})
	w.put(t, "users/one/timetables/abcdefghij", map[string]any{"title": "시간표", "visibility": "public", "semester": w.admin.Doc(semester2), "createdAt": now, "updatedAt": now})
	w.put(t, "users/one/timetables/abcdefghij/lectures/1", map[string]any{"identifier": "A", "title": "자료구조", "professor": "", "credit": 3, "times": []any{map[string]any{"weekday": 1, "timeBegin": 540, "timeEnd": 800, "room": ""}}, "category": []any{}, "metas": []any{}, "createdAt": now, "updatedAt": now})
	for name, screen := range map[string]sdktest.Screen{"phone": phone, "desktop": desktop, "dark": {Width: 390, Height: 844, Phone: true, Dark: true}, "ddark": {Width: 1440, Height: 900, Dark: true}} {
		a := openApp(t, browser, w, screen)
		shot := func(view string) {
			time.Sleep(400 * time.Millisecond)
			if err := a.page.Shot(t.Context(), "/tmp/h19shots/"+name+"-"+view+".png"); err != nil {
				t.Fatal(err)
			}
		}
		shot("welcome")
		a.click("데모대학교-서울")
		a.click("2026년 2학기")
		shot("empty")
		a.open("강의 찾기")
		a.sees("강의 160개")
		for i, q := range []string{"데이터구조", "데이터베이스", "운영체제", "컴퓨터네트워크", "선형대수", "확률과", "인공지능", "글쓰기"} {
			a.fill("강의 찾기", q)
			_ = i
			a.eval(nil, "ui.until(() => document.querySelectorAll('[aria-label$=\"담기\"]').length > %d)", 7-i)
			a.eval(nil, "(async()=>{ await new Promise(r=>setTimeout(r,400)); const b=[...document.querySelectorAll('button[aria-label$=\"담기\"]')]; b[Math.min(%d, b.length-1)].click() })()", i%5)
		}
		a.fill("강의 찾기", "ㄷㅇㅌ")
		shot("search")
		a.click("조건")
		shot("filters")
		a.eval(nil, "document.querySelector('dialog[open] button[aria-label=닫기]')?.click()")
		a.open("시간표")
		shot("timetable")
		a.click("자동으로 짜기")
		a.eval(nil, "new Promise(r=>setTimeout(r,1500))")
		shot("planner")
		a.eval(nil, "document.querySelector('dialog[open] button[aria-label=닫기]')?.click()")
		a.click("공유")
		shot("share")
		a.click("친구와 비는 시간 찾기")
		a.fill("친구의 사용자 이름", "가람가람")
		a.click("추가")
		a.sees("모두 비는 시간")
		a.eval(nil, "new Promise(r=>setTimeout(r,1000))")
		shot("friends")
		a.eval(nil, "document.querySelector('dialog[open] button[aria-label=닫기]')?.click()")
		if screen.Phone {
			a.open("담은 강의")
		}
		shot("lectures")
	}
}
