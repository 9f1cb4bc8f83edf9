package courses

import (
	"strings"
	"testing"
)

// testDialect returns the format that options of the adapter sheet declare: pairs of key and value,
// with times for the examples.
func testDialect(t testing.TB, periods periodTable, pairs ...string) *timeFormat {
	t.Helper()
	options := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		options[pairs[i]] = pairs[i+1]
	}
	d := dialect{periods: periods, placeholders: parsePlaceholders(options["placeholders"])}
	if err := d.parseOptions(&request{options: options}); err != nil {
		t.Fatal(err)
	}
	format, err := d.format(options["times"])
	if err != nil {
		t.Fatal(err)
	}
	return format
}

// TestDialects is long because it is a table of the ways in which schools write meetings.
func TestDialects(t *testing.T) {
	for _, dialect := range []struct {
		options []string
		cells   [][2]string
	}{
		{[]string{"times", "월 13:30(75) 강의실"}, [][2]string{
			{"월 13:30(75) 421-303", "0 810-885 421-303"},
			{"월 13:30(75) 421-303, 수 9:00(110) 421-304", "0 810-885 421-303; 2 540-650 421-304"},
			{"월 13:30(75)", "0 810-885"},
			{"월 13:30(75분)421-303", "0 810-885 421-303"},
			{"월 13:30( 75 ) 421-303 / 수 13:30(75) 421-303", "0 810-885 421-303; 2 810-885 421-303"},
			{"월 23:30(75) 421", "! after midnight"},
			{"월 13:30(5) 421", "! expected minutes"},
			{"월 13:30 421-303", "! expected \"(\""},
			{"월 13:30(75) 421-303 수 13:30(75) 421-304", "0 810-885 421-303; 2 810-885 421-304"},
		}},
		{[]string{"times", "월 10:00부터 11:15까지"}, [][2]string{
			{"월 10:00부터 11:15까지", "0 600-675"},
			{"월,수 10:00부터 11:15까지 / 금 9:00부터 9:50까지", "0 600-675+2 600-675; 4 540-590"},
			{"월 10:00부터", "! ends too early"},
		}},
		{[]string{"times", "월3,4 | 월"}, [][2]string{
			{"월3,4/수", "0 660-770; "},
			{"토", ""},
			{"월 미정", ""},
			{"월3,4/수 일", "0 660-770; "},
			{"월 오전", "! 오전"},
		}},
		{[]string{"times", "월 10:00~11:15 강의실"}, [][2]string{
			{"월 10:00~11:15 [국제] 별관 301", "0 600-675 [국제] 별관 301"},
			{"월 10:00~11:15 서울 301, 수 10:00~11:15 서울 302", "0 600-675 서울 301; 2 600-675 서울 302"},
			{"월 10:00~10:50, 11:00~11:50 별관 1", "0 600-650 별관 1+0 660-710 별관 1"},
			{"월 10:00~10:50 별관 1, 11:00~11:50 별관 2", "! looks like a time"},
			{"월 10:00~10:50 별관 1 수", "! looks like a weekday"},
			{"월 10:00~10:50 별관 1, 수", "! looks like a weekday"},
			{"월 10:00~10:50 별관 1(수)", "! looks like a weekday"},
			{"월 10:00~10:50 월드컵관 1", "0 600-650 월드컵관 1"},
			{"월 10:00~10:50 토목관 1, 화공관 2", "0 600-650 토목관 1, 화공관 2"},
			{"월 10:00~10:50 금속관 101", "0 600-650 금속관 101"},
			{"월 10:00~10:50 별관(구 1", "! expected the end"},
			{"월 10:00~10:50 별관)", "! bracket is closed"},
			{"월 10:00~10:50교시 별관", "! expected a space"},
			{"월 10:00~10:50~ 별관", "! separator"},
			{"월 10:00~10:5", "! "},
			{"월 10:00~10:500 별관", "! "},
			{"월 10:00~10:50 별관 1/", "0 600-650 별관 1"},
			{"월 10:00~10:50 별관 1,", "! missing at the end"},
			{"월 10:00~10:50 전산관/101", "0 600-650 전산관/101"},
			{"월 10:00~10:50 별관 1\n101", "! 101"},
		}},
		{[]string{"times", "Mon 10:00-11:15 room"}, [][2]string{
			{"Tue 8:00-9:50 p.m. Hall 3", "1 1200-1310 Hall 3"}, {"Tue 8:00-9:50 Pm Hall 3", "1 1200-1310 Hall 3"},
			{"Tue 8:00-9:50p Hall 3", "1 1200-1310 Hall 3"}, {"Tue 8:00-9:50 오후 Hall 3", "1 1200-1310 Hall 3"},
			{"Tue 8:00-9:50 p Hall 3", "! belongs to a time"}, {"Tue 8:00-9:50 P. Hall 3", "! belongs to a time"},
			{"Tue 8:00-9:50 PMA Hall 3", "1 480-590 PMA Hall 3"}, {"Tue 8:00-9:50 Hall 3, TB", "! placeholder that was cut off"},
			{"Tue 8:00-9:50 Sun Hall", "! looks like a weekday"}, {"Tue 8:00-9:50 Sunset Hall", "1 480-590 Sunset Hall"},
			{"Tue 8:00-9:50 Hall 3 Thu 8:00-9:50 Hall 4", "1 480-590 Hall 3; 3 480-590 Hall 4"}, {"Tue 10:00 am - 12", `! from character 5, "10:00 am - 12": an hour without minutes`},
			{"Tue 8:00-9:50 Thu Hall 4", "! looks like a weekday"},
		}},
		{[]string{"times", "Mon 13:00-14:15 room"}, [][2]string{{"Tue 8:00-9:50 P 301", "1 480-590 P 301"}}},
		{[]string{"times", "월 10:00~11:15(캠퍼스)강의실"}, [][2]string{
			{"월 10:00~11:15(국제)별관 301", "0 600-675 국제 별관 301"},
			{"월 10:00~11:15 (서울) 301 / 수 9:00~9:50(국제) 302", "0 600-675 서울 301; 2 540-590 국제 302"},
			{"월 10:00~11:15 301", "! expected \"(\""},
		}},
		{[]string{"times", "월3,4", "times.ignore", "(외부) | (격주) | 격주"}, [][2]string{
			{"월3,4(외부)", "0 660-770"},
			{"월3,4(외부)/수5 (격주)", "0 660-770; 2 780-830"},
			{"격주 월3,4", "0 660-770"},
			{"월3,4(해외)", "! (해외)"},
			{"(외부)", ""},
		}},
		{[]string{"times", "월3,4 강의실", "times.ignore", "(외부)"}, [][2]string{
			{"월3,4 별관 1(외부), 수5 별관 2", "0 660-770 별관 1; 2 780-830 별관 2"},
			{"월3,4(외부) 별관 1", "0 660-770 별관 1"},
			{"월3,4 별관 1 / 5,6 별관 2", "! looks like a period"},
			{"월3,4 별관 1, 2호", "0 660-770 별관 1, 2호"},
			{"월3,4 별관 수5관", "! looks like a weekday"},
			{"월3,4교시 별관", "0 660-770 별관"},
			{"월3,4시 별관", "! separator"},
			{"월3,4 시 별관", "! belongs to a time"},
		}},
		{[]string{"times", "월3,4(비고)"}, [][2]string{
			{"월3,4(외부)/수5(격주, 온라인)", "0 660-770; 2 780-830"},
			{"월3,4(수5)", "! looks like a weekday"},
		}},
		{[]string{"times", "MTWRF 10:00-10:50 am"}, [][2]string{
			{"MWF 10:00-10:50 am", "0 600-650+2 600-650+4 600-650"},
			{"TR 1:00-2:15 pm", "1 780-855+3 780-855"},
			{"M,W 10:00am-12:15 pm", "0 600-735+2 600-735"},
			{"MW 10:00-10:50", "! needs am or pm"},
			{"S 10:00-10:50 am", "! weekday"},
			{"MoWe 10:00-10:50 am", "! weekday"},
			{"M 9:00-9:50a.m.; R 9:00-9:50 P.M.", "0 540-590; 3 1260-1310"},
			{"TBA", ""},
		}},
		{[]string{"times", "MTWRF 10:00-10:50 am room", "placeholders", "n.a."}, [][2]string{
			{"MWF 10:00-10:50 am 101 Hall", "0 600-650 101 Hall+2 600-650 101 Hall+4 600-650 101 Hall"},
			{"TR 8:00-9:50 p.m. Hall 3", "1 1200-1310 Hall 3+3 1200-1310 Hall 3"},
			{"TR 8:00-9:50 p Hall 3", "! belongs to a time"}, {"TR 8:00-9:50 Hall 3", `! from character 4, "8:00-9:50 Hall 3": the time needs am or pm`},
			{"TR 8:00-9:50p Hall 3", "1 1200-1310 Hall 3+3 1200-1310 Hall 3"},
			{"ARRANGED", ""}, {"n.a.", ""},
			{"MW 10:00-10:50 am n.a.", "0 600-650+2 600-650"},
			{"MW 10:00-10:50 am 101 Hall, TR", "! looks like a weekday"},
			{"MW 10:00-10:50 am 101 Hall, R 1:00-1:50 pm 2 Hall", "0 600-650 101 Hall+2 600-650 101 Hall; 3 780-830 2 Hall"},
		}},
		{[]string{"times", "MoWe 10:00-11:15"}, [][2]string{
			{"TuTh 13:00-14:15", "1 780-855+3 780-855"},
			{"Mo,We 9:00-9:50", "0 540-590+2 540-590"},
			{"Mo/We 9:00-9:50", "0 540-590+2 540-590"},
			{"MoX 9:00-9:50", "! weekday"},
			{"Mo 2:00-2:50", "! morning or afternoon"},
		}},
		{[]string{"times", "M 10:00-11:15", "times.days", "M T W Th F Sa/S Su"}, [][2]string{
			{"TTh 13:00-14:15", "1 780-855+3 780-855"},
			{"MTWThF 8:00-8:50", "0 480-530+1 480-530+2 480-530+3 480-530+4 480-530"},
			{"S 8:00-8:50", "5 480-530"}, {"Su 8:00-8:50", "6 480-530"},
			{"MR 8:00-8:50", "! weekday"},
		}},
		{[]string{"times", "月3", "times.days", "月 火 水 木 金 土 日"}, [][2]string{
			{"月3", "0 660-710"}, {"月水3,4", "0 660-770+2 660-770"}, {"월3", "! weekday"},
		}},
		{[]string{"times", "Mon-Fri 9:00-9:50"}, [][2]string{
			{"Mon-Wed 9:00-9:50", "0 540-590+1 540-590+2 540-590"},
			{"Mon 9:00-9:50", "0 540-590"}, {"Fri-Mon 9:00-9:50", "! "},
		}},
		{[]string{"times", "월67/강의실 | 월67"}, [][2]string{
			{"월67/D327", "0 840-950 D327"},
			{"월67/D327,수8/D328", "0 840-950 D327; 2 960-1010 D328"},
			{"월67", "0 840-950"},
			{"월6,78", "0 840-1010"},
			{"월76/D327", "! do not ascend"},
			{"월10/D327", "! do not ascend"},
			{"월13/D327", "! 13 is period 13 or periods 1 and 3"},
			{"월23/D327", "0 600-710 D327"},
			{"월67/", "0 840-950"},
		}},
		{[]string{"times", "월 1 2 3"}, [][2]string{
			{"월 1 2 3", "0 540-710"}, {"월 1 2 3 수 4", "0 540-710; 2 720-770"}, {"월 1,2 3", "0 540-710"}, {"월1 3", "0 540-590+0 660-710"},
			{"월 1 2 101", "! 101"},
		}},
		{[]string{"times", "월3"}, [][2]string{{"월 1 2 3", "! 2 3"}}},
		{[]string{"times", "월3(11:00~12:15)"}, [][2]string{
			{"월3(11:00~12:15)", "0 660-735"}, {"월3,4(11:00~12:50)/수5(13:00~13:50)", "0 660-770; 2 780-830"},
			{"월3", "! ends too early"}, {"월(11:00~12:15)", "! expected a period"},
		}},
		{[]string{"times", "월3,4 강의실(교수)"}, [][2]string{
			{"월3,4 별관 101(나별이)", "0 660-770 별관 101 [나별이]"},
			{"월3,4 본관(구) 101(나별이, 김하나)", "0 660-770 본관(구) 101 [나별이,김하나]"},
			{"월3,4 별관 101(나별이) / 수5 별관 102(김하나)", "0 660-770 별관 101; 2 780-830 별관 102 [나별이,김하나]"},
			{"월3,4 별관 101", "! expected \"(\""},
			{"월3,4 별관 101(102)", "! no digits"},
			{"월3,4 별관 101(미정)", "0 660-770 별관 101"},
		}},
		{[]string{"times", "월3,4(강의실, 교수)"}, [][2]string{
			{"월3,4(별관 101, 나별이)", "0 660-770 별관 101 [나별이]"},
			{"월3,4(별관 101, 나별이), 수5(별관 102, 나별이)", "0 660-770 별관 101; 2 780-830 별관 102 [나별이]"},
		}},
		{[]string{"times", "강의실(월3,4)"}, [][2]string{
			{"별관 101(월3,4)", "0 660-770 별관 101"},
			{"별관 101(월3,4), 별관 102(수5)", "0 660-770 별관 101; 2 780-830 별관 102"},
			{"본관(구) 101(월3,4)", "0 660-770 본관(구) 101"},
		}},
		{[]string{"times", "월3,4", "placeholders", "ARRANGED, 별도 공지"}, [][2]string{
			{"Arranged", ""}, {"별도공지", ""}, {"월3,4/별도 공지", "0 660-770; "}, {"월3,4, ARRANGED", "0 660-770; "},
			{"월 별도 공지", ""}, {"arranged2", "! weekday"},
		}},
		{[]string{"times", "월(1:00~2:15)", "times.clock", "12 from 8:00"}, [][2]string{
			{"월(1:00~2:15)", "0 780-855"}, {"월(11:00~1:15)", "0 660-795"}, {"월(8:00~9:50)", "0 480-590"},
			{"월(7:00~9:50)", "0 1140-1310"}, {"월(7:30~8:20)", "0 1170-1220"}, {"월(12:00~12:50)", "0 720-770"},
			{"월(13:00~14:15)", "0 780-855"},
		}},
		{[]string{"times", "월(1:00~2:15)", "times.clock", "24"}, [][2]string{{"월(1:00~2:15)", "0 60-135"}}},
		{[]string{"times", "월(11:00~12:15)"}, [][2]string{
			{"월(1:00~2:15)", "! morning or afternoon"}, {"월(오후 1:00~2:15)", "0 780-855"}, {"월(오전 9:00~오후 1:00)", "0 540-780"},
			{"월(9:00~12:00 PM)", "0 540-720"}, {"월(11:00~1:00 pm)", "0 660-780"}, {"월(9시~10시 30분)", "0 540-630"}, {"월(9:00:00~9:50:00)", "0 540-590"},
			{"월(12:00 am~1:00 am)", "! midnight"}, {"월(14:00 am~15:00 am)", "! not a time"}, {"월(9-10:15am)", "0 540-615"}, {"월(9-10:15)", "! needs am or pm"},
			{"월（１１：００～１２：１５）", "0 660-735"}, {"월(11∶00∼12:15)", "0 660-735"}, {"월(11:00~12:15)・수(11:00~12:15)", "0 660-735; 2 660-735"},
			{"\u110b\u116f\u11af(11:00~12:15)", "0 660-735"}, {"월(11:00~12:15)\u200b", "0 660-735"}, {"[월](11:00~12:15)", "! weekday"},
			{"월(11:00~12:15),,수(11:00~12:15)", "! no meeting before"}, {",월(11:00~12:15)", "! no meeting before"},
			{"월(11:00~12:15);;수(11:00~12:15)", "0 660-735; 2 660-735"}, {"월(11:00~12:15, 13:00~13:50)", "0 660-735+0 780-830"},
			{"(11:00~12:15)월", "! weekday"}, {"월(1100~1215)", "0 660-735"}, {"월(11:00~12:15) 수", "! 수"},
		}},
		{[]string{"times", "Mo 10.15-11.45", "times.days", "Mo Di Mi Do Fr Sa So"}, [][2]string{{"Di 8.15-9.45", "1 495-585"}, {"Di 8:15-9:45", "1 495-585"}}},
		{[]string{"times", "월3.0-4.5"}, [][2]string{{"수5.0-6.5", "2 780-920"}, {"수5.5-6.5", "2 810-920"}, {"수5.0-6.0", "2 780-890"}, {"수5-5", "2 780-830"}, {"수6-5.5", "! end before they begin"}}},
		{[]string{"times", "월3-4교시"}, [][2]string{{"월3-4교시", "0 660-770"}, {"월3~4교시/수5교시", "0 660-770; 2 780-830"}, {"월3교시~4교시", "0 660-770"}, {"월3-4", "0 660-770"}}},
	} {
		format := testDialect(t, hourlyPeriods(14), dialect.options...)
		for _, cell := range dialect.cells {
			t.Run(strings.Join(dialect.options, " ")+" "+cell[0], func(t *testing.T) {
				parsed, err := format.parseCell(cell[0], "/")
				if want, fails := strings.CutPrefix(cell[1], "! "); fails {
					if err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("got %s, error %v, want error %q", formatParsed(parsed), err, want)
					}
					return
				}
				if got := formatParsed(parsed); err != nil || got != cell[1] {
					t.Errorf("got %q, %v; want %q", got, err, cell[1])
				}
			})
		}
	}
}

// formatParsed is formatMeetings, followed by the professors in brackets.
func formatParsed(cell parsedCell) string {
	var meetings []meeting
	for _, m := range cell.meetings {
		meetings = append(meetings, m.times)
	}
	text := formatMeetings(meetings)
	if names := cell.professors(); names != nil {
		text += " [" + strings.Join(names, ",") + "]"
	}
	return text
}
