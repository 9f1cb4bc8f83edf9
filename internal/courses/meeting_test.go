package courses

import (
	"fmt"
	"strings"
	"testing"

	"heek.kr/heektime/internal/lecturespb"
)

// write shows meetings as one text: weekday, from-to in minutes, room; ; between meetings, + within one.
func write(meetings []meeting) string {
	var all []string
	for _, m := range meetings {
		var one []string
		for _, t := range m {
			one = append(one, strings.TrimSpace(fmt.Sprintf("%d %d-%d %s", t.Weekday, t.TimeBegin, t.TimeEnd, t.Room)))
		}
		all = append(all, strings.Join(one, "+"))
	}
	return strings.Join(all, "; ")
}

func TestMeetings(t *testing.T) {
	const (
		clock   = "월(11:00~12:15)"
		periods = "월3,4"
		braces  = "월(3-4)"
		behind  = "월(1-2) 강의실"
		inside  = "월11:00~12:50(강의실)"
		lengths = "월 6-1.5"
		western = "Mon 10:00-11:15"
	)
	for _, test := range []struct{ pattern, text, want string }{
		{clock, "월(11:00~12:15)/수(11:00~12:15)", "0 660-735; 2 660-735"},
		{clock, "/금(10:00~11:50)", "4 600-710"},
		{clock, " 월 ( 9:00 ~ 9:50 ) ", "0 540-590"},
		{clock, "월(９:００～９:５０)", "0 540-590"},
		{clock, "월(09:00–09:50)", "0 540-590"},
		{clock, "월요일(11:00~12:15)", "0 660-735"},
		{clock, "월,수(11:00~12:15)", "0 660-735+2 660-735"},
		{clock, "월수금(11:00~12:15)", "0 660-735+2 660-735+4 660-735"},
		{clock, "일(22:00~24:00)", "6 1320-1440"},
		{clock, "월(11:00~12:15)화(11:00~12:15)", "0 660-735; 1 660-735"},
		{clock, "월(11:00~12:15)&nbsp;<br>수(11:00~12:15)", "0 660-735; 2 660-735"},
		{clock, "금(00:00~03:00)", ""},
		{clock, "금(00:00~00:00)", ""},
		{clock, "미배정", ""},
		{clock, " \u00a0 ", ""},
		{clock, "월(25:00~26:00)", "! can't be read"},
		{clock, "월(12:00~11:00)", "! ends at 11:00 before it begins"},
		{clock, "월(11:00~12:15", "! can't be read"},
		{clock, "월(11:00~12:15) 외 2", "! can't be read"},
		{clock, "매일(11:00~12:15)", "! can't be read"},
		{periods, "월3,4", "0 660-770"},
		{periods, "월3,4,수5", "0 660-770; 2 780-830"},
		{periods, "월3,4 / 수5", "0 660-770; 2 780-830"},
		{periods, "월4,3,3", "0 660-770"},
		{periods, "월1,3", "0 540-590+0 660-710"},
		{periods, "월1.5,2.5", "0 570-680"},
		{periods, "월99", "! can't be read"},
		{periods, "월20", "! not in the table"},
		{braces, "월(3-4)", "0 660-770"},
		{braces, "월(3)", "0 660-710"},
		{braces, "월(3~5) 화(1,2)", "0 660-830; 1 540-650"},
		{braces, "월(4-3)", "! can't be read"},
		{behind, "화(1-2) 우정간호학관 401호<br>목(2) 우정간호학관 402호", "1 540-650 우정간호학관 401호; 3 600-650 우정간호학관 402호"},
		{behind, "화(1) 정보관 101호, 102호", "1 540-590 정보관 101호, 102호"},
		{behind, "화(1) 정보관 101호, 목(2) 정보관 102호", "1 540-590 정보관 101호; 3 600-650 정보관 102호"},
		{behind, "화(1)", "1 540-590"},
		{behind, "화(1) 미정", "1 540-590"},
		{inside, "월09:00~10:50(Y2508), 수09:00~10:50(Y2508)", "0 540-650 Y2508; 2 540-650 Y2508"},
		{inside, "월09:00~10:50(미배정)", "0 540-650"},
		{inside, "월09:00~10:50(본관(구) 101)", "0 540-650 본관(구) 101"},
		{inside, "화13:30~14:45(S1325), 금00:00~03:00(미배정)", "1 810-885 S1325; "},
		{inside, "월09:00~10:50", "! can't be read"},
		{inside + " | 월11:00~12:50", "월09:00~10:50", "0 540-650"},
		{lengths, "월 3,4", "0 660-770"},
		{lengths, "화\u00a06-1.5", "1 840-915"},
		{lengths, "화 6-2", "1 840-950"},
		{lengths, "월 9,9,1.5-1.5", "0 1020-1070+0 570-645"},
		{lengths, "금 3,4,3,4", "4 660-770"},
		{lengths, "목 9,6,7,8", "3 840-1070"},
		{lengths, "수 4.5,5.5", "2 750-860"},
		{lengths, "수 15-5.5", "! no start and length"},
		{western, "Mon 10:00-11:15", "0 600-675"},
		{western, "Monday 10:00 - 11:15; Thursday 10:00 - 11:15", "0 600-675; 3 600-675"},
		{western, "Tue/Thu 1:00-2:15 pm", "1 780-855+3 780-855"},
		{western, "Tues 11:00-12:15 PM", "1 660-735"},
		{western, "Sat 9:00 AM-12:15 PM", "5 540-735"},
		{western, "Sun 0900-1015", "6 540-615"},
		{western, "TBA", ""},
		{western, "Moonday 10:00-11:15", "! can't be read"},
	} {
		t.Run(test.pattern+" "+test.text, func(t *testing.T) {
			format, err := newTimeFormat(test.pattern, hourly(15))
			if err != nil {
				t.Fatal(err)
			}
			meetings, err := format.parse(test.text)
			if want, fails := strings.CutPrefix(test.want, "! "); fails {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s, error %v, want %q", write(meetings), err, want)
				}
				return
			}
			if got := write(meetings); err != nil || got != test.want {
				t.Errorf("%q, %v; want %q", got, err, test.want)
			}
		})
	}
}

func TestCells(t *testing.T) {
	for _, test := range []struct{ times, rooms, want string }{
		{"월(9:00~9:50)/수(9:00~9:50)", "101/102", "0 540-590 101+2 540-590 102"},
		{"월(9:00~9:50)/수(9:00~9:50)", "101", "0 540-590 101+2 540-590 101"},
		{"월(9:00~9:50)/화(9:00~9:50)/수(9:00~9:50)", "101/102", "0 540-590 101+1 540-590 102+2 540-590"},
		{"월(9:00~9:50)", "101/102", "0 540-590 101, 102"},
		{"월(9:00~9:50)/월(9:00~9:50)", "101/102", "0 540-590 101, 102"},
		{"월(9:00~9:50)/월(9:00~9:50)", "101/101", "0 540-590 101"},
		{"/금(9:00~9:50)", "/301", "4 540-590 301"},
		{"금(9:00~9:50)\n토(9:00~9:50)", "301\n미정", "4 540-590 301+5 540-590"},
		{"월(9:00~9:50), 화(9:00~9:50)", "101/102", "0 540-590 101+1 540-590 102"},
		{"월(9:00~9:50)", "", "0 540-590"},
		{"Tue/Thu 10:00-11:15", "101", "1 600-675 101+3 600-675 101"},
		{"Mon 9:00-9:50 / Tue/Thu 10:00-11:15", "101/102", "0 540-590 101+1 600-675 102+3 600-675 102"},
		{"", "101", ""},
		{"미정", "101", ""},
	} {
		format, err := newTimeFormat("월(11:00~12:15) | Mon 10:00-11:15", nil)
		if err != nil {
			t.Fatal(err)
		}
		times, err := format.cells(test.times, test.rooms, "/")
		if got := write([]meeting{mergeTimes(times)}); err != nil || got != test.want {
			t.Errorf("%q in %q: %q, %v; want %q", test.times, test.rooms, got, err, test.want)
		}
	}
}

func TestTimesOfChungAng(t *testing.T) {
	format, err := newTimeFormat("월(15:00~16:15) | 월3,4 | 월15:00~16:15", hourly(15))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ cell, want string }{
		{"월(16:30~17:45) / 수(16:30~17:45) / 310관(310관) 803호 &lt;강의실&gt;", "0 990-1065 310관(310관) 803호+2 990-1065 310관(310관) 803호"},
		{"310관(310관) 620호 &lt;강의실&gt;월3,4 / 금3", "0 660-770 310관(310관) 620호+4 660-710 310관(310관) 620호"},
		{"310관(310관) 620호 <강의실>(월3,4, 화3)", "0 660-770 310관(310관) 620호+1 660-710 310관(310관) 620호"},
		{"월2, 수1,2&lt;br&gt;310관(310관) 616호 &lt;강의실&gt;", "0 600-650 310관(310관) 616호+2 540-650 310관(310관) 616호"},
		{"월수(10:30~11:45)", "0 630-705+2 630-705"},
		{"102관(102관(약학대학 및 R&amp;D센터)) 505호 &lt;강의실&gt; / 목5", "3 780-830 102관(102관(약학대학 및 R&D센터)) 505호"},
		{"재택", ""},
		{"", ""},
		{"월3,4시 / 101관", "!"},
	} {
		times, err := chungAngTimes(format, test.cell)
		if test.want == "!" {
			if err == nil {
				t.Errorf("%q: %s without an error", test.cell, write([]meeting{times}))
			}
			continue
		}
		if got := write([]meeting{times}); err != nil || got != test.want {
			t.Errorf("%q: %q, %v; want %q", test.cell, got, err, test.want)
		}
	}
}

func TestPatternsThatAreNone(t *testing.T) {
	for _, pattern := range []string{"", "월", "3,4", "월3,4 화5", "월(11:00~)", "오전", "월3,4 | ", "강의실"} {
		if f, err := newTimeFormat(pattern, nil); err == nil {
			t.Errorf("%q was taken: %v", pattern, f.patterns)
		}
	}
}

func TestClean(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"별 보기의 기초", "별 보기의 기초"},
		{"  별\u00a0 보기 \r\n의\u3000기초 ", "별 보기 의 기초"},
		{"반도체&middot;ICT &lt;1&gt;&#39;", "반도체·ICT <1>'"},
		{"\ufeff별\u200b\u0007", "별"},
		{"&nbsp;", ""},
		{"", ""},
	} {
		if got := clean(test.in); got != test.want {
			t.Errorf("clean(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}

func TestNumberAt(t *testing.T) {
	for _, test := range []struct {
		cell string
		n    int
		want float64
		ok   bool
	}{
		{"3", 1, 3, true}, {"3(3)", 2, 3, true}, {"3-2-2", 3, 2, true}, {".5-1", 1, 0.5, true}, {"0.5 - 1", 2, 1, true},
		{"3.0학점", 1, 3, true}, {"", 1, 0, true}, {"-", 1, 0, true}, {"P", 1, 0, false}, {"3", 2, 0, false}, {"1.2.3", 1, 1.2, true},
	} {
		got, err := numberAt(test.cell, test.n)
		if got != test.want || (err == nil) != test.ok {
			t.Errorf("numberAt(%q, %d) = %v, %v; want %v", test.cell, test.n, got, err, test.want)
		}
	}
}

func TestFindColumns(t *testing.T) {
	columns := []column{
		{key: "room", names: []string{"강의실"}, required: true},
		{key: "language", names: []string{"강의언어"}},
		{key: "hours", names: []string{"강의"}},
	}
	for _, test := range []struct {
		header string
		want   string
	}{
		{"강의,강의실(동-호),강의언어", "hours:0 language:2 room:1"},
		{"강의 언어,강의실\n(동-호)(#연건, *평창),강의", "hours:3 language:0 room:1"}, // the header's own comma makes one more
		{"강 의 실,강의", "hours:1 room:0"},
		{"강의시간,강의실", "hours:0 room:1"},
		{"강의실1,강의실2", ""}, // either could be it
		{"다음,강의실(신관)", "room:1"},
	} {
		index, _ := find(columns, strings.Split(test.header, ","))
		var got []string
		for _, key := range []string{"hours", "language", "room"} {
			if i, ok := index[key]; ok {
				got = append(got, fmt.Sprintf("%s:%d", key, i))
			}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%q: %q, want %q", test.header, got, test.want)
		}
	}
}

func FuzzMeetings(f *testing.F) {
	patterns := []string{"월(11:00~12:15)", "월3,4", "월(1-2) 강의실", "월11:00~12:50(강의실)", "월 6-1.5", "Mon 10:00-11:15"}
	for _, text := range []string{"월(11:00~12:15)/수(11:00~12:15)", "월3,4,수5", "화(1-2) 관 401호<br>목(2)", "월09:00~10:50(Y2508)", "월 9,9,1.5-1.5", "Mon 1:00-2:15 pm", "월((((", "월9999999", "일/일/일"} {
		f.Add(text, text, "3-2-2")
	}
	f.Fuzz(func(t *testing.T, text, rooms, number string) {
		for _, p := range append(patterns, text) {
			format, err := newTimeFormat(p, hourly(15))
			if err != nil {
				continue
			}
			times, err := format.cells(text, rooms, "/")
			if err != nil {
				continue
			}
			for _, m := range mergeTimes(times) {
				if m.Weekday < 0 || m.Weekday > 6 || m.TimeBegin < 0 || m.TimeBegin >= m.TimeEnd || m.TimeEnd > 24*60 {
					t.Fatalf("%q by %q gave %v", text, p, m)
				}
			}
			chungAngTimes(format, text)
		}
		if n, err := numberAt(number, 2); err == nil && n < 0 {
			t.Fatalf("%q holds %v", number, n)
		}
	})
}

// FuzzSheet reads any table by any header.
func FuzzSheet(f *testing.F) {
	f.Add("코드,이름,시간,학점\nG1,별,월3,3\n", "코드", "이름", "시간", "비고 contains ⓔ")
	f.Add("<table><tr><td>코드<td>이름<td>시간<tr><td>G1<td>별<td>월3,4</table>", "코드", "이름", "시간", "시간 is 월")
	f.Add("a\tb\n\"", "a", "b", "a", "a is b")
	f.Fuzz(func(t *testing.T, file, code, title, times, tag string) {
		options := map[string]string{"column.identifier": code, "column.title": title, "column.times": times, "times": "월3,4", "tag.x": tag}
		m, err := newMapping(&request{options: options, hours: hourly(15), semester: lecturespb.Semester_spring, year: 2026})
		if err != nil {
			return
		}
		l := newList(100)
		for rec, err := range (answer{from: "fuzz", data: []byte(file)}).table(m.layout) {
			if err != nil || m.add(l, rec) != nil {
				break
			}
		}
		if r := l.report; r.Rows != r.Lectures+r.Merged+r.Skipped {
			t.Fatalf("rows are not accounted for: %+v", r)
		}
	})
}
