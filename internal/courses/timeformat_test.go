package courses

import (
	"fmt"
	"strings"
	"testing"
)

// formatMeetings formats meetings as "WEEKDAY BEGIN-END ROOM", in minutes, with "; " between meetings
// and "+" between the times of one.
func formatMeetings(meetings []meeting) string {
	var parts []string
	for _, m := range meetings {
		var times []string
		for _, t := range m {
			times = append(times, strings.TrimSpace(fmt.Sprintf("%d %d-%d %s", t.Weekday, t.TimeBegin, t.TimeEnd, t.Room)))
		}
		parts = append(parts, strings.Join(times, "+"))
	}
	return strings.Join(parts, "; ")
}

// TestTimeFormat is long because it is a table of all ways of writing that we know.
func TestTimeFormat(t *testing.T) {
	const (
		clock   = "월(11:00~12:15)"
		periods = "월3,4"
		braces  = "월(3-4)"
		outside = "월(1-2) 강의실"
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
		{clock, "월(25:00~26:00)", "! cannot be read"},
		{clock, "월(12:00~11:00)", "! ends at 11:00, before it begins"},
		{clock, "월(11:00~12:15", "! cannot be read"},
		{clock, "월(11:00~12:15) 외 2", "! cannot be read"},
		{clock, "매일(11:00~12:15)", "! cannot be read"},
		{periods, "월3,4", "0 660-770"},
		{periods, "월3,4,수5", "0 660-770; 2 780-830"},
		{periods, "월3,4 / 수5", "0 660-770; 2 780-830"},
		{periods, "월4,3,3", "0 660-770"},
		{periods, "월1,3", "0 540-590+0 660-710"},
		{periods, "월1.5,2.5", "0 570-680"},
		{periods, "월99", "! cannot be read"},
		{periods, "월20", "! not in the school's table"},
		{braces, "월(3-4)", "0 660-770"},
		{braces, "월(3)", "0 660-710"},
		{braces, "월(3~5) 화(1,2)", "0 660-830; 1 540-650"},
		{braces, "월(4-3)", "! cannot be read"},
		{outside, "화(1-2) 우정간호학관 401호<br>목(2) 우정간호학관 402호", "1 540-650 우정간호학관 401호; 3 600-650 우정간호학관 402호"},
		{outside, "화(1) 정보관 101호, 102호", "1 540-590 정보관 101호, 102호"},
		{outside, "화(1) 정보관 101호, 목(2) 정보관 102호", "1 540-590 정보관 101호; 3 600-650 정보관 102호"},
		{outside, "화(1)", "1 540-590"},
		{outside, "화(1) 미정", "1 540-590"},
		{inside, "월09:00~10:50(Y2508), 수09:00~10:50(Y2508)", "0 540-650 Y2508; 2 540-650 Y2508"},
		{inside, "월09:00~10:50(미배정)", "0 540-650"},
		{inside, "월09:00~10:50(본관(구) 101)", "0 540-650 본관(구) 101"},
		{inside, "화13:30~14:45(S1325), 금00:00~03:00(미배정)", "1 810-885 S1325; "},
		{inside, "월09:00~10:50", "! cannot be read"},
		{inside + " | 월11:00~12:50", "월09:00~10:50", "0 540-650"},
		{lengths, "월 3,4", "0 660-770"},
		{lengths, "화\u00a06-1.5", "1 840-915"},
		{lengths, "화 6-2", "1 840-950"},
		{lengths, "월 9,9,1.5-1.5", "0 1020-1070+0 570-645"},
		{lengths, "금 3,4,3,4", "4 660-770"},
		{lengths, "목 9,6,7,8", "3 840-1070"},
		{lengths, "수 4.5,5.5", "2 750-860"},
		{lengths, "수 15-5.5", "! not a valid start and length"},
		{western, "Mon 10:00-11:15", "0 600-675"},
		{western, "Monday 10:00 - 11:15; Thursday 10:00 - 11:15", "0 600-675; 3 600-675"},
		{western, "Tue/Thu 1:00-2:15 pm", "1 780-855+3 780-855"},
		{western, "Tues 11:00-12:15 PM", "1 660-735"},
		{western, "Sat 9:00 AM-12:15 PM", "5 540-735"},
		{western, "Sun 0900-1015", "6 540-615"},
		{western, "TBA", ""},
		{western, "Moonday 10:00-11:15", "! cannot be read"},
	} {
		t.Run(test.pattern+" "+test.text, func(t *testing.T) {
			format, err := newTimeFormat(test.pattern, hourlyPeriods(15))
			if err != nil {
				t.Fatal(err)
			}
			meetings, err := format.parse(test.text)
			if want, fails := strings.CutPrefix(test.want, "! "); fails {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %s, error %v, want error %q", formatMeetings(meetings), err, want)
				}
				return
			}
			if got := formatMeetings(meetings); err != nil || got != test.want {
				t.Errorf("got %q, %v; want %q", got, err, test.want)
			}
		})
	}
}

func TestInvalidTimeFormat(t *testing.T) {
	for _, pattern := range []string{"", "월오전", "3,4", "월3,4 화5", "월(11:00~)", "오전", "월3,4 | ", "강의실"} {
		if f, err := newTimeFormat(pattern, nil); err == nil {
			t.Errorf("newTimeFormat(%q) = %v, want an error", pattern, f.patterns)
		}
	}
}

func FuzzTimeFormat(f *testing.F) {
	patterns := []string{"월(11:00~12:15)", "월3,4", "월(1-2) 강의실", "월11:00~12:50(강의실)", "월 6-1.5", "Mon 10:00-11:15", "월67/강의실", "월3,4 강의실(교수)"}
	for _, text := range []string{"월(11:00~12:15)/수(11:00~12:15)", "월3,4,수5", "화(1-2) 관 401호<br>목(2)", "월09:00~10:50(Y2508)", "월 9,9,1.5-1.5", "Mon 1:00-2:15 pm", "월((((", "월3 a(b, c)/미정/월 4", "월67/D327", "월 13:30(75) 421-303", "강의실(월3,4)", "월3,4 강의실(교수) | 월", "월9999999", "일/일/일"} {
		f.Add(text, text, "3-2-2")
	}
	f.Fuzz(func(t *testing.T, text, rooms, number string) {
		for _, pattern := range append(patterns, text) {
			format, err := newTimeFormat(pattern, hourlyPeriods(15))
			if err != nil {
				continue
			}
			times, err := format.parseCells(text, rooms, "/")
			if err != nil {
				continue
			}
			for _, m := range mergeTimes(times) {
				if m.Weekday < 0 || m.Weekday > 6 || m.TimeBegin < 0 || m.TimeBegin >= m.TimeEnd || m.TimeEnd > 24*60 {
					t.Fatalf("%q read with %q gave %v", text, pattern, m)
				}
			}
			parseChungAngTimes(format, text)
		}
		if n, err := numberAt(number, 2); err == nil && n < 0 {
			t.Fatalf("%q contains the number %v", number, n)
		}
	})
}
