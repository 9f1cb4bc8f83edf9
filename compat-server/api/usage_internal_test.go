package api

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"
)

// While data moves, an instance stores the first app that calls, then the last one of every ten minutes, and what
// is left when it ends.
func TestLastAppIsStored(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	var stored []string
	u := usage{log: slog.New(slog.DiscardHandler), now: func() time.Time { return now }}
	u.store = func(_ context.Context, at time.Time, version string) error {
		mu.Lock()
		defer mu.Unlock()
		stored = append(stored, at.Format(time.TimeOnly)+" "+version)
		return nil
	}
	for _, after := range []time.Duration{0, time.Minute, 8 * time.Minute, time.Minute, time.Minute} {
		now = now.Add(after)
		u.count(t.Context(), "HeekTime/1.4.2 CFNetwork")
		u.stores.Wait()
	}
	u.close()
	if len(stored) != 3 || stored[0] != "12:00:00 HeekTime/1.4.2" || stored[1] != "12:10:00 HeekTime/1.4.2" || stored[2] != "12:11:00 HeekTime/1.4.2" {
		t.Errorf("stored %q", stored)
	}
}
