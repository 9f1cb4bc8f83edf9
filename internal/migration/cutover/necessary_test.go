package cutover

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"

	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/migration/walstream"
)

// Without any one of the guards, a write that began before the switch and ends during or after it is lost, and
// the other tests notice. It is long because it takes away each guard in turn.
func TestGuardsAreNecessary(t *testing.T) {
	t.Parallel()
	const disarm = `CREATE OR REPLACE FUNCTION heektime_migration.guard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`
	for _, test := range []struct {
		without string
		change  func(w *world, cfg *Config)
		lost    bool
	}{
		{"nothing", func(*world, *Config) {}, false},
		{"the trigger", func(w *world, cfg *Config) {
			cfg.fault = func(text string) error {
				if text == "apply the last changes" {
					w.exec(disarm)
				}
				return nil
			}
		}, true},
		{"the drain", func(w *world, cfg *Config) {
			cfg.Drain = func(ctx context.Context, lsn walstream.LSN) error {
				if w.phase(state.Timetables) == state.Holding {
					return nil
				}
				return w.drain(ctx, lsn)
			}
		}, true},
		{"the lock", func(w *world, cfg *Config) {
			// What was committed when the lock was not yet waited for.
			var before walstream.LSN
			cfg.fault = func(text string) (err error) {
				if text == "lock the tables and reject late writers" {
					before, err = walstream.CurrentLSN(t.Context(), w.pool)
				}
				return err
			}
			cfg.Drain = func(ctx context.Context, lsn walstream.LSN) error {
				if before != 0 {
					lsn = before
				}
				return w.drain(ctx, lsn)
			}
		}, true},
		{"the final guard", func(w *world, cfg *Config) {
			cfg.fault = func(text string) error {
				if text == "keep the tables closed" {
					w.exec(disarm) // the timed one has ended
					return errKilled
				}
				return nil
			}
		}, true},
	} {
		t.Run(test.without, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			// Commits that do not wait for the log are the hardest to drain.
			w.exec("DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END$$")
			inFlight, long := connect(t, w.url), uuid.NewString()
			exec(t, inFlight, "BEGIN")
			exec(t, inFlight, "INSERT INTO lectures (id) VALUES ($1)", long)
			cfg := w.config()
			test.change(w, &cfg)
			hook := cfg.fault
			committed := make(chan error, 1)
			cfg.fault = func(text string) error {
				if text == "lock the tables and reject late writers" {
					go func() {
						waitForLock(t, connect(t, w.url), "CREATE TRIGGER")
						_, err := inFlight.Exec(context.WithoutCancel(t.Context()), "COMMIT")
						committed <- err
					}()
				}
				if hook != nil {
					return hook(text)
				}
				return nil
			}
			if err := Switch(t.Context(), cfg, state.Timetables); err != nil && !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			if err := <-committed; err != nil {
				t.Fatal(err)
			}
			w.acked[long] = state.Old
			// A request that was decided before the switch writes after it.
			late := uuid.NewString()
			if err := w.writeOld(t.Context(), late); err == nil {
				w.acked[late] = state.Old
			} else if !isRejected(err) {
				t.Fatal(err)
			}
			if problems := w.problems(); (len(problems) > 0) != test.lost {
				t.Errorf("problems %q, want some: %v", problems, test.lost)
			}
		})
	}
}

func TestFinish(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	slot := w.slot + "_peek"
	if err := Finish(t.Context(), w.config(), slot, "test"); err == nil {
		t.Error("the move was finished although a kind is on the old side")
	}
	if err := Switch(t.Context(), w.config(), state.Timetables); err != nil {
		t.Fatal(err)
	}
	if err := Finish(t.Context(), w.config(), w.slot, "test"); err == nil {
		t.Error("a slot in use was dropped")
	}
	for range 2 { // it can run again
		if err := Finish(t.Context(), w.config(), slot, "test"); err != nil {
			t.Fatal(err)
		}
	}
	for what, sql := range map[string]string{
		"slots":        "SELECT count(*) FROM pg_replication_slots WHERE slot_name = '" + slot + "'",
		"publications": "SELECT count(*) FROM pg_publication",
		"triggers":     "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal",
		"schemas":      "SELECT count(*) FROM pg_namespace WHERE nspname = 'heektime_migration'",
	} {
		var n int
		if err := w.pool.QueryRow(t.Context(), sql).Scan(&n); err != nil || n > 0 {
			t.Errorf("%d %s are left (%v)", n, what, err)
		}
	}
	exec(t, connect(t, w.url), insertLecture)
	if got := w.phase(state.Timetables); got != state.PhaseNew {
		t.Errorf("the state is %s, want that servers still find the new side", got)
	}
}
