package documentwriter

import (
	"testing"
	"time"
)

func TestRampRate(t *testing.T) {
	for elapsed, want := range map[time.Duration]float64{
		-time.Second: 500, 0: 500, 5*time.Minute - 1: 500, 5 * time.Minute: 750, 10 * time.Minute: 1125, 15 * time.Minute: 1687.5,
		24 * time.Hour: 10_000, 365 * 24 * time.Hour: 10_000,
	} {
		if got := rampRate(elapsed); got != want {
			t.Errorf("after %v: %v writes a second, want %v", elapsed, got, want)
		}
	}
}

// Work that is always ready gets what the advice allows, minute by minute.
func TestRampPace(t *testing.T) {
	start := time.Unix(0, 0)
	now := start
	r := NewRamp(func() time.Time { return now })
	writes := make([]int, 12) // in each minute
	for {
		delay, err := r.reserve(200)
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(delay)
		minute := int(now.Sub(start).Minutes())
		if minute >= len(writes) {
			break
		}
		writes[minute] += 200
	}
	for minute, n := range writes {
		want := rampRate(time.Duration(minute) * time.Minute)
		// The burst of the first second, and chunks that began in the minute before.
		if most, least := 60*want+500, 60*want-1200; float64(n) > most || float64(n) < least {
			t.Errorf("minute %d: %d writes, want %.0f to %.0f", minute, n, least, most)
		}
	}
}

func TestRampDuration(t *testing.T) {
	for n, want := range map[int64]time.Duration{
		0: 0, 500: time.Second, 150_000: 5 * time.Minute, 150_750: 5*time.Minute + time.Second, 375_000: 10 * time.Minute,
	} {
		if got := RampDuration(n); got != want {
			t.Errorf("%d writes take %v, want %v", n, got, want)
		}
	}
	if day := RampDuration(1_000_000_000); day < 24*time.Hour || day > 48*time.Hour {
		t.Errorf("a thousand million writes take %v", day)
	}
	var none *Ramp
	if err := none.Wait(t.Context(), 1); err != nil || none.Left(1) != 0 {
		t.Errorf("without a ramp: %v, %v", err, none.Left(1))
	}
}

func TestRampRejectsTooMany(t *testing.T) {
	if _, err := NewRamp(time.Now).reserve(501); err == nil {
		t.Error("501 writes at a time were allowed")
	}
}
