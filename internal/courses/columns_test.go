package courses

import (
	"fmt"
	"strings"
	"testing"
)

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
		{"강의 언어,강의실\n(동-호)(#연건, *평창),강의", "hours:3 language:0 room:1"}, // the comma in the header splits it into two cells
		{"강 의 실,강의", "hours:1 room:0"},
		{"강의시간,강의실", "hours:0 room:1"},
		{"강의실1,강의실2", ""}, // ambiguous
		{"다음,강의실(신관)", "room:1"},
	} {
		index, _ := findColumns(columns, strings.Split(test.header, ","))
		var got []string
		for _, key := range []string{"hours", "language", "room"} {
			if i, ok := index[key]; ok {
				got = append(got, fmt.Sprintf("%s:%d", key, i))
			}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%q: got %q, want %q", test.header, got, test.want)
		}
	}
}
