package clock

import (
	"testing"
	"time"
)

func TestAdvanceWakesWaiters(t *testing.T) {
	c := New()
	start := c.Now()
	reached := make(chan bool)
	go func() { reached <- c.Wait(nil, start.Add(24*time.Hour)) }()
	c.Advance(25 * time.Hour)
	if !<-reached {
		t.Error("Wait returned false although the time was reached")
	}
	if got := c.Now().Sub(start); got < 25*time.Hour {
		t.Errorf("clock moved %v, want 25h or more", got)
	}
}

func TestWaitEndsWhenDone(t *testing.T) {
	c := New()
	done := make(chan struct{})
	close(done)
	if c.Wait(done, c.Now().Add(time.Hour)) {
		t.Error("Wait returned true although the time was not reached")
	}
}

func TestStoppedClock(t *testing.T) {
	start := time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC)
	c := NewStopped(start)
	reached := make(chan bool)
	go func() { reached <- c.Wait(nil, start.Add(time.Minute)) }()
	c.Advance(59 * time.Second)
	if got := c.Now(); !got.Equal(start.Add(59 * time.Second)) {
		t.Errorf("clock shows %v, want the start and 59 seconds", got)
	}
	c.Advance(time.Second)
	if !<-reached {
		t.Error("Wait returned false although the time was reached")
	}
	done := make(chan struct{})
	close(done)
	if c.Wait(done, start.Add(time.Hour)) {
		t.Error("Wait returned true although the time was not reached")
	}
}
