package cache

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

func TestConcurrentCallersComputeOnce(t *testing.T) {
	var c Cache[int, int]
	var computed atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for key := range size {
				if v, err := c.Get(key, func() (int, error) { computed.Add(1); return 2 * key, nil }); v != 2*key || err != nil {
					t.Errorf("Get(%d) = %d, %v, want %d", key, v, err, 2*key)
				}
			}
		})
	}
	all.Wait()
	if n := computed.Load(); n != size {
		t.Errorf("%d values were computed, want %d", n, size)
	}
}

func TestEviction(t *testing.T) {
	var c Cache[int, int]
	failed := errors.New("failed")
	c.Get(0, func() (int, error) { return 0, failed })
	if _, err := c.Get(0, func() (int, error) { t.Error("computed again"); return 0, nil }); !errors.Is(err, failed) {
		t.Errorf("cached error: got %v, want %v", err, failed)
	}
	for key := range size {
		c.Get(key+1, func() (int, error) { return 0, nil })
	}
	if v, err := c.Get(0, func() (int, error) { return 7, nil }); v != 7 || err != nil {
		t.Errorf("after eviction: got %d, %v, want 7", v, err)
	}
}
