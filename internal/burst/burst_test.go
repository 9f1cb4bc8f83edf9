package burst_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"heek.kr/heektime/internal/burst"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func detector() *burst.Detector {
	return burst.New(burst.Limit{Events: 3, Within: 10 * time.Minute, Quiet: time.Hour})
}

func TestBurst(t *testing.T) {
	for name, c := range map[string]struct {
		minutes []int // of the events
		want    []int // the events that are reported
	}{
		"too few":                       {[]int{0, 1}, nil},
		"enough":                        {[]int{0, 4, 9}, []int{9}},
		"all at the same time":          {[]int{5, 5, 5}, []int{5}},
		"one is as old as the window":   {[]int{0, 4, 10}, nil},
		"the window moves":              {[]int{0, 9, 11, 13}, []int{13}},
		"quiet after a burst":           {[]int{0, 1, 2, 3, 30, 31, 32, 61}, []int{2}},
		"again after the quiet":         {[]int{0, 1, 2, 60, 61, 62}, []int{2, 62}},
		"it never stopped":              {[]int{0, 1, 2, 55, 58, 62}, []int{2, 62}},
		"few events after the quiet":    {[]int{0, 1, 2, 100, 101}, []int{2}},
		"the clock goes backward":       {[]int{9, 0, 0}, []int{0}},
		"it goes backward in the quiet": {[]int{9, 9, 9, 0, 68, 69, 70}, []int{9, 70}},
	} {
		t.Run(name, func(t *testing.T) {
			d := detector()
			var got []int
			for _, minute := range c.minutes {
				if d.Add("k", start.Add(time.Duration(minute)*time.Minute)) {
					got = append(got, minute)
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("reported at %v, want %v", got, c.want)
			}
		})
	}
}

func TestKeysAreCountedSeparately(t *testing.T) {
	d := detector()
	for _, step := range []struct {
		key  string
		want bool
	}{{"a", false}, {"b", false}, {"a", false}, {"b", false}, {"a", true}, {"b", true}, {"a", false}} {
		if got := d.Add(step.key, start); got != step.want {
			t.Errorf("key %s is reported: %v", step.key, got)
		}
	}
}

// Keys beyond the bound replace those that are silent the longest; busy ones stay.
func TestKeysAreBounded(t *testing.T) {
	d := detector()
	d.Add("silent", start)
	d.Add("silent", start)
	d.Add("busy", start)
	for i := range 1000 {
		now := start.Add(time.Duration(i+1) * time.Second)
		d.Add(fmt.Sprint("other ", i), now)
		if i%100 == 0 && i < 200 {
			if reported := d.Add("busy", now); reported != (i == 100) {
				t.Errorf("after %d keys, the busy one is reported: %v", i+1, reported)
			}
		}
	}
	if d.Add("silent", start.Add(5*time.Minute)) {
		t.Error("the silent key was kept")
	}
	if n := d.Keys(); n > 256 {
		t.Errorf("%d keys are kept", n)
	}
}

// Of simultaneous events, one is reported.
func TestSimultaneousEvents(t *testing.T) {
	d := detector()
	var reported atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if d.Add("k", start) {
				reported.Add(1)
			}
		})
	}
	wg.Wait()
	if n := reported.Load(); n != 1 {
		t.Errorf("%d bursts, want 1", n)
	}
}
