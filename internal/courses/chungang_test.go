package courses

import (
	"testing"
)

func TestParseChungAngTimes(t *testing.T) {
	format, err := newTimeFormat("월(15:00~16:15) | 월3,4 | 월15:00~16:15", hourlyPeriods(15))
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
		{"월 오전 / 101관", "!"},
		{"101관 10:00~11:15", "!"},
	} {
		times, err := parseChungAngTimes(format, test.cell)
		if test.want == "!" {
			if err == nil {
				t.Errorf("%q: got %s, want an error", test.cell, formatMeetings([]meeting{times}))
			}
			continue
		}
		if got := formatMeetings([]meeting{times}); err != nil || got != test.want {
			t.Errorf("%q: got %q, %v; want %q", test.cell, got, err, test.want)
		}
	}
}
