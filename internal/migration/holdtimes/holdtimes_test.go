package holdtimes

import (
	"log/slog"
	"math"
	"testing"
	"time"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// Percentiles are right to within a twentieth, however the durations are spread over servers.
func TestQuantiles(t *testing.T) {
	var servers [3]Times
	for i := range 1000 {
		servers[i%3].Add(time.Duration(i+1) * 10 * time.Millisecond)
	}
	var all Times
	for _, s := range servers {
		all.Merge(s)
	}
	for q, want := range map[float64]time.Duration{0.01: 100 * time.Millisecond, 0.5: 5 * time.Second, 0.99: 9900 * time.Millisecond, 1: 10 * time.Second} {
		if got := all.Quantile(q); math.Abs(float64(got-want)) > float64(want)/20 || got > all.Longest() {
			t.Errorf("quantile %v is %v, want about %v", q, got, want)
		}
	}
	if all.Count() != 1000 || all.Longest() != 10*time.Second {
		t.Errorf("%d durations, the longest %v", all.Count(), all.Longest())
	}
	var none, one Times
	one.Add(time.Hour)
	if none.Quantile(0.5) != 0 || one.Quantile(0.01) <= 10*time.Minute || one.Quantile(1) > time.Hour {
		t.Errorf("quantiles %v of none, %v and %v of an hour", none.Quantile(0.5), one.Quantile(0.01), one.Quantile(1))
	}
	for want, times := range map[string]Times{"no writes held": none, "1 write held: 3600.00 s": one} {
		if times.String() != want {
			t.Errorf("%q, want %q", times, want)
		}
	}
}

// Servers add what they held for the same switch; a later switch of the kind replaces it.
func TestRecorder(t *testing.T) {
	t.Parallel()
	client := emulatortest.Start(t).FirestoreClient(t)
	at := func(kind state.Kind, epoch int64) state.State {
		return state.State{Kind: kind, Migration: schema.Migration{Phase: state.PhaseNew, Toward: state.New, Epoch: epoch}}
	}
	record := func(s state.State, times ...time.Duration) {
		r := NewRecorder(client, slog.New(slog.DiscardHandler))
		r.delay = time.Hour // until it is closed
		for _, d := range times {
			r.Held(s, d)
		}
		r.Close()
		r.Close()
	}
	want := func(kind state.Kind, epoch, count int64, longest time.Duration) {
		t.Helper()
		all, err := Read(t.Context(), client)
		if err != nil {
			t.Fatal(err)
		}
		if s := all[kind]; s.Epoch != epoch || s.Times.Count() != count || s.Times.Longest() != longest || count > 0 && s.Side != state.New {
			t.Errorf("%s: epoch %d, %v; want epoch %d and %d writes, the longest %v", kind, s.Epoch, s.Times, epoch, count, longest)
		}
	}
	want(state.Accounts, 0, 0, 0)
	record(at(state.Accounts, 4), time.Second, 2*time.Second)
	record(at(state.Accounts, 4), 3*time.Second)
	record(at(state.Timetables, 9), time.Second)
	want(state.Accounts, 4, 3, 3*time.Second)
	record(at(state.Accounts, 8), time.Second)
	record(at(state.Accounts, 4), time.Minute) // too late
	want(state.Accounts, 8, 1, time.Second)
	want(state.Timetables, 9, 1, time.Second)
	got, err := Await(t.Context(), client, state.Timetables, 9, time.Minute)
	if err != nil || got.Count() != 1 {
		t.Errorf("awaited %v, %v", got, err)
	}
	if got, err := Await(t.Context(), client, state.Timetables, 10, time.Millisecond); err != nil || got.Count() != 0 {
		t.Errorf("awaited %v, %v of a switch that nobody has reported", got, err)
	}
	var nobody *Recorder
	nobody.Held(at(state.Accounts, 1), time.Second)
	nobody.Close()
	soon := NewRecorder(client, slog.New(slog.DiscardHandler))
	soon.Held(at(state.Schools, 2), time.Second)
	soon.stores.Wait() // by itself
	want(state.Schools, 2, 1, time.Second)
}
