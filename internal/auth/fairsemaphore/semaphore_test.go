package fairsemaphore_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"

	"heek.kr/heektime/internal/auth/fairsemaphore"
)

// A client with many callers waits for its own; the other client is next.
func TestClientsTakeTurns(t *testing.T) {
	s := fairsemaphore.New(1, 3)
	release, err := s.Acquire(t.Context(), "frequent")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var order []string
	var wg sync.WaitGroup
	acquire := func(client string) {
		before := s.Waiting()
		wg.Go(func() {
			release, err := s.Acquire(t.Context(), client)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			order = append(order, client)
			mu.Unlock()
			release()
		})
		for s.Waiting() == before {
			runtime.Gosched()
		}
	}
	for range 3 {
		acquire("frequent")
	}
	if _, err := s.Acquire(t.Context(), "frequent"); !errors.Is(err, fairsemaphore.ErrFull) {
		t.Errorf("fourth waiting caller: got %v, want ErrFull", err)
	}
	acquire("occasional")
	release()
	wg.Wait()
	if want := []string{"frequent", "occasional", "frequent", "frequent"}; !slices.Equal(order, want) {
		t.Errorf("acquired in order %v, want %v", order, want)
	}
}

// Callers that give up while waiting do not take a slot with them.
func TestCanceledWaitersReleaseTheirSlots(t *testing.T) {
	s := fairsemaphore.New(2, 100)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			if i%2 == 0 {
				go cancel()
			}
			defer cancel()
			release, err := s.Acquire(ctx, []string{"a", "b", "c"}[i%3])
			if err == nil {
				runtime.Gosched()
				release()
			}
		})
	}
	wg.Wait()
	for range 2 {
		if _, err := s.Acquire(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Waiting(); n != 0 {
		t.Errorf("%d callers are still waiting", n)
	}
}
