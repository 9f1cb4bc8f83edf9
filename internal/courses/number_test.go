package courses

import (
	"testing"
)

func TestNumberAt(t *testing.T) {
	for _, test := range []struct {
		cell string
		n    int
		want float64
		ok   bool
	}{
		{"3", 1, 3, true}, {"3(3)", 2, 3, true}, {"3-2-2", 3, 2, true}, {".5-1", 1, 0.5, true}, {"0.5 - 1", 2, 1, true},
		{"3.0학점", 1, 3, true}, {"", 1, 0, true}, {"-", 1, 0, true}, {"P", 1, 0, false}, {"3", 2, 0, false}, {"1.2.3", 1, 0, false},
		{"2½", 1, 2.5, true}, {"½", 1, 0.5, true}, {"-1", 1, 0, false}, {"−1", 1, 0, false},
		{"2,5", 1, 2.5, true}, {"2,5", 2, 0, false}, {"3,0", 1, 3, true}, {"3, 5", 2, 5, true}, {"3,2", 1, 0, false}, {"1,234", 1, 0, false},
		{"1 TO 4 hours.", 1, 1, true}, {"1 TO 4 hours.", 2, 4, true}, {"1 TO 4 hours.", lastNumber, 4, true}, {"3 hours.", lastNumber, 3, true},
		{"hours", lastNumber, 0, false}, {"３．５", 1, 3.5, true}, {"2,5,1", 1, 0, false},
	} {
		got, err := numberAt(test.cell, test.n)
		if got != test.want || (err == nil) != test.ok {
			t.Errorf("numberAt(%q, %d) = %v, %v; want %v", test.cell, test.n, got, err, test.want)
		}
	}
}
