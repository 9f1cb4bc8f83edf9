package walstream

import "testing"

func TestSnapshotContains(t *testing.T) {
	for _, c := range []struct {
		snapshot string
		xid      uint32
		want     bool
	}{
		{"100:100:", 99, true},
		{"100:100:", 100, false},
		{"100:110:100,105", 99, true},
		{"100:110:100,105", 100, false},
		{"100:110:100,105", 104, true},
		{"100:110:100,105", 105, false},
		{"100:110:100,105", 110, false},
		// Ids of the second epoch: 2^32 + 5 is 5 in the stream.
		{"4294967290:4294967301:4294967292", 4294967291, true},
		{"4294967290:4294967301:4294967292", 4294967292, false},
		{"4294967290:4294967301:4294967292", 3, true},
		{"4294967290:4294967301:4294967292", 5, false},
	} {
		s, err := parseSnapshot(c.snapshot)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Contains(c.xid); got != c.want {
			t.Errorf("%s contains %d: %v, want %v", c.snapshot, c.xid, got, c.want)
		}
	}
	for _, text := range []string{"", "1:2", "1:x:", "1:2:x", "1:2:3:4"} {
		if s, err := parseSnapshot(text); err == nil {
			t.Errorf("%q parsed as %v", text, s)
		}
	}
}

func TestEndOfTimeline(t *testing.T) {
	const history = "# a comment\n1\t0/5000148\tno recovery target specified\n2\t1/A\tbefore 2000-01-01 00:00:00+00\n\n"
	for timeline, want := range map[int32]LSN{1: 0x5000148, 2: 1<<32 + 0xA, 3: 0} {
		if end, ok, err := endOfTimeline(history, timeline); end != want || !ok || err != nil {
			t.Errorf("timeline %d: %v, %v, %v, want %v", timeline, end, ok, err, want)
		}
	}
	if _, _, err := endOfTimeline("1\tx\treason\n", 1); err == nil {
		t.Error("a position that is not one was accepted")
	}
}
