package courses

import (
	"strings"
	"testing"
)

func TestParseCells(t *testing.T) {
	for _, test := range []struct{ times, rooms, want string }{
		{"월(9:00~9:50)/수(9:00~9:50)", "101/102", "0 540-590 101+2 540-590 102"},
		{"월(9:00~9:50)/수(9:00~9:50)", "101", "0 540-590 101+2 540-590 101"},
		{"월(9:00~9:50)/화(9:00~9:50)/수(9:00~9:50)", "101/102", "! 2 rooms for 3 meetings"},
		{"월(9:00~9:50)", "101/102", "0 540-590 101/102"},
		{"월(9:00~9:50)/월(9:00~9:50)", "101/102", "0 540-590 101, 102"},
		{"월(9:00~9:50)/월(9:00~9:50)", "101/101", "0 540-590 101"},
		{"/금(9:00~9:50)", "/301", "4 540-590 301"},
		{"금(9:00~9:50)\n토(9:00~9:50)", "301\n미정", "4 540-590 301+5 540-590"},
		{"월(9:00~9:50), 화(9:00~9:50)", "101/102", "0 540-590 101+1 540-590 102"},
		{"월(9:00~9:50)", "", "0 540-590"},
		{"Tue/Thu 10:00-11:15", "101", "1 600-675 101+3 600-675 101"},
		{"Mon 9:00-9:50 / Tue/Thu 10:00-11:15", "101/102", "0 540-590 101+1 600-675 102+3 600-675 102"},
		{"", "101", ""},
		{"월(9:00~9:50)", strings.Repeat("101/", 2000), "! too long"},
		{strings.Repeat("월(9:00~9:50)/", 300), "101", "! too long"},
		{strings.Repeat(" ", 50_000), "101", "! too long"},
		{"미정", "101", ""},
	} {
		format, err := newTimeFormat("월(11:00~12:15) | Mon 10:00-11:15", nil)
		if err != nil {
			t.Fatal(err)
		}
		times, err := format.parseCells(test.times, test.rooms, "/")
		if want, fails := strings.CutPrefix(test.want, "! "); fails {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q with rooms %q: error %v, want %q", test.times, test.rooms, err, want)
			}
			continue
		}
		if got := formatMeetings([]meeting{mergeTimes(times)}); err != nil || got != test.want {
			t.Errorf("%q with rooms %q: got %q, %v; want %q", test.times, test.rooms, got, err, test.want)
		}
	}
}
