package memo

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

func TestMadeOnceForAll(t *testing.T) {
	var m Memo[int, int]
	var made atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for key := range places {
				if v, err := m.Get(key, func() (int, error) { made.Add(1); return 2 * key, nil }); v != 2*key || err != nil {
					t.Errorf("%d is %d, %v", key, v, err)
				}
			}
		})
	}
	all.Wait()
	if n := made.Load(); n != places {
		t.Errorf("%d were made, want %d", n, places)
	}
}

func TestForgets(t *testing.T) {
	var m Memo[int, int]
	failed := errors.New("failed")
	m.Get(0, func() (int, error) { return 0, failed })
	if _, err := m.Get(0, func() (int, error) { t.Error("made again"); return 0, nil }); !errors.Is(err, failed) {
		t.Errorf("an error became %v", err)
	}
	for key := range places {
		m.Get(key+1, func() (int, error) { return 0, nil })
	}
	if v, err := m.Get(0, func() (int, error) { return 7, nil }); v != 7 || err != nil {
		t.Errorf("what was forgotten is %d, %v", v, err)
	}
}
