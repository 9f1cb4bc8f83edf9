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

// Who comes often waits for himself: the other is next.
func TestClientsTakeTurns(t *testing.T) {
	g := fairsemaphore.New(1, 3)
	leave, err := g.Enter(t.Context(), "greedy")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var order []string
	var wg sync.WaitGroup
	enter := func(client string) {
		before := g.Waiting()
		wg.Go(func() {
			leave, err := g.Enter(t.Context(), client)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			order = append(order, client)
			mu.Unlock()
			leave()
		})
		for g.Waiting() == before {
			runtime.Gosched()
		}
	}
	for range 3 {
		enter("greedy")
	}
	if _, err := g.Enter(t.Context(), "greedy"); !errors.Is(err, fairsemaphore.ErrFull) {
		t.Errorf("a fourth in the queue: %v", err)
	}
	enter("modest")
	leave()
	wg.Wait()
	if want := []string{"greedy", "modest", "greedy", "greedy"}; !slices.Equal(order, want) {
		t.Errorf("got in as %v, want %v", order, want)
	}
}

// Whoever gives up while he waits takes no place with him.
func TestGivingUp(t *testing.T) {
	g := fairsemaphore.New(2, 100)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			if i%2 == 0 {
				go cancel()
			}
			defer cancel()
			leave, err := g.Enter(ctx, []string{"a", "b", "c"}[i%3])
			if err == nil {
				runtime.Gosched()
				leave()
			}
		})
	}
	wg.Wait()
	for range 2 {
		if _, err := g.Enter(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
	}
	if n := g.Waiting(); n != 0 {
		t.Errorf("%d wait", n)
	}
}
