package cutover

import (
	"errors"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/internal/migration/state"
)

// newWorldOnNewSide returns a world whose timetables have moved.
func newWorldOnNewSide(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.reverseStub()
	if err := Switch(t.Context(), w.config(), state.Timetables); err != nil {
		t.Fatal(err)
	}
	w.hurry(state.Timetables)
	w.steps = nil
	return w
}

// A kind moves back and forth while servers write.
func TestBackAndForth(t *testing.T) {
	t.Parallel()
	w := newWorldOnNewSide(t)
	w.randomStalls(50 * time.Millisecond)
	stop := w.serve(8)
	for range 2 {
		w.awaitWrites(state.New, 8)
		if err := Back(t.Context(), w.config(), state.Timetables); err != nil {
			t.Fatal(err)
		}
		w.mustBe(state.Timetables, state.PhaseOld, guardOpen)
		w.awaitWrites(state.Old, 8)
		w.hurry(state.Timetables)
		if err := Switch(t.Context(), w.config(), state.Timetables); err != nil {
			t.Fatal(err)
		}
		w.mustBe(state.Timetables, state.PhaseNew, guardFinal)
		w.hurry(state.Timetables)
	}
	w.awaitWrites(state.New, 8)
	stop()
	w.check()
}

func TestBackKilled(t *testing.T) {
	t.Parallel()
	for _, text := range stepsOf(true) {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			w := newWorldOnNewSide(t)
			stop := w.serve(4)
			w.awaitWrites(state.New, 4)
			cfg := w.config()
			cfg.fault = killBefore(text)
			if err := Back(t.Context(), cfg, state.Timetables); !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			w.hurryIfResting(state.Timetables)
			if err := Back(t.Context(), w.config(), state.Timetables); err != nil {
				t.Fatal(err)
			}
			w.awaitWrites(state.Old, 4)
			stop()
			w.mustBe(state.Timetables, state.PhaseOld, guardOpen)
		})
	}
}

func TestBackFails(t *testing.T) {
	t.Parallel()
	for _, text := range stepsOf(true) {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			w := newWorldOnNewSide(t)
			cfg := w.config()
			cfg.fault = failAt(text)
			if err := Back(t.Context(), cfg, state.Timetables); err == nil || !strings.Contains(err.Error(), "stays on the new side") {
				t.Errorf("%v, want an error that says where the kind stays", err)
			}
			w.mustBe(state.Timetables, state.PhaseNew, guardFinal)
			if _, err := w.pool.Exec(t.Context(), insertLecture); !isRejected(err) {
				t.Errorf("%v, want a rejection", err)
			}
		})
	}
}
