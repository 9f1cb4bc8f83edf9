package price

import "testing"

func TestFirestore(t *testing.T) {
	for _, c := range []struct {
		reads, writes int
		want          string
	}{
		{0, 0, "0 reads, 0 writes: at most about 0 won"},
		{1, 0, "1 reads, 0 writes: at most about 1 won"},
		{100_000, 0, "100000 reads, 0 writes: at most about 54 won"},
		{1_000_000, 100_000, "1000000 reads, 100000 writes: at most about 693 won"},
	} {
		if got := Firestore(c.reads, c.writes); got != c.want {
			t.Errorf("Firestore(%d, %d) = %q, want %q", c.reads, c.writes, got, c.want)
		}
	}
}
