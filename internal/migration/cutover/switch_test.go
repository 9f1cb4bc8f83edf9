package cutover

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/migration/walstream"
	"heek.kr/heektime/internal/schema"
)

// stepsOf returns the steps of a switch.
func stepsOf(back bool) []string {
	a := &attempt{tool: &tool{}, kind: state.Timetables, first: true}
	steps, _ := a.forward()
	if back {
		steps, _ = a.backward()
	}
	var texts []string
	for _, s := range steps {
		texts = append(texts, s.text)
	}
	return texts
}

// Servers write all the time, with requests that take longer than a lease, while a kind moves.
func TestSwitchLosesNoWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.randomStalls(400 * time.Millisecond)
	stop := w.serve(16)
	w.awaitWrites(state.Old, 20)
	if err := Switch(t.Context(), w.config(), state.Timetables); err != nil {
		t.Fatal(err)
	}
	w.awaitWrites(state.New, 20)
	stop()
	w.check()
	w.mustBe(state.Timetables, state.PhaseNew, guardFinal)
	if got, want := strings.Join(w.steps, "; "), strings.Join(stepsOf(false), "; "); got != want {
		t.Errorf("steps %s, want %s", got, want)
	}
	if err := Switch(t.Context(), w.config(), state.Timetables); err != nil {
		t.Errorf("again: %v", err)
	}
}

// The way back begins when the last change of the old database has arrived. A document that it made, and that is
// deleted on the new side at once, would otherwise be unknown to the way back, and its row would stay.
func TestWayBackBeginsAfterTheLastChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var arrived time.Time
	cfg := w.config()
	cfg.Drain = func(ctx context.Context, lsn walstream.LSN) error {
		if err := w.drain(ctx, lsn); err != nil {
			return err
		}
		result, err := w.client.Doc("users/u/timetables/t/lectures/last").Set(ctx, map[string]any{"at": time.Now()})
		if err == nil {
			arrived = result.UpdateTime
		}
		return err
	}
	if err := Switch(t.Context(), cfg, state.Timetables); err != nil {
		t.Fatal(err)
	}
	var begins time.Time
	if err := w.pool.QueryRow(t.Context(), "SELECT read_time FROM heektime_migration.reverse_position WHERE kind = 'timetables'").Scan(&begins); err != nil {
		t.Fatal(err)
	}
	if begins.Before(arrived) {
		t.Errorf("the way back begins %v before the last change arrived", arrived.Sub(begins))
	}
}

// A tool that is killed before any of its steps leaves writes going on after a while, without anybody's help,
// and the next run completes the switch.
func TestSwitchKilled(t *testing.T) {
	t.Parallel()
	for _, text := range stepsOf(false) {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.randomStalls(100 * time.Millisecond)
			stop := w.serve(4)
			w.awaitWrites(state.Old, 4)
			cfg := w.config()
			cfg.Limit = 10 * time.Second
			cfg.fault = killBefore(text)
			if err := Switch(t.Context(), cfg, state.Timetables); !errors.Is(err, errKilled) && !strings.Contains(err.Error(), "limit") {
				t.Fatal(err)
			}
			w.hurryIfResting(state.Timetables)
			cfg = w.config()
			if err := Switch(t.Context(), cfg, state.Timetables); err != nil {
				t.Fatal(err)
			}
			w.awaitWrites(state.New, 4)
			stop()
			w.check()
			w.mustBe(state.Timetables, state.PhaseNew, guardFinal)
		})
	}
}

// After the tool was killed, servers take the state back and the guard ends by itself: the old server's writes
// pass again. Then Repair has nothing to do but to remove what is left.
func TestKilledSwitchEndsByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.serve(4)
	w.awaitWrites(state.Old, 4)
	cfg := w.config()
	cfg.Limit = 3 * time.Second
	killed := killBefore("read from Firestore")
	var guarded bool
	cfg.fault = func(text string) error {
		guarded = guarded || text == "apply the last changes"
		return killed(text)
	}
	if err := Switch(t.Context(), cfg, state.Timetables); err == nil {
		t.Fatal("the switch succeeded although it was killed")
	}
	// What a server does when it sees the same switch for too long.
	view, err := w.store.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Abort(t.Context(), view.Of(state.Timetables)); err != nil {
		t.Fatal(err)
	}
	w.awaitWrites(state.Old, 4)
	stop()
	if _, err := Repair(t.Context(), w.config()); err != nil {
		t.Fatal(err)
	}
	w.mustBe(state.Timetables, state.PhaseOld, guardOpen)
	w.check()
}

// Repair makes the guard agree with the state.
func TestRepair(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cfg := w.config()
	cfg.fault = killBefore("keep the tables closed")
	if err := Switch(t.Context(), cfg, state.Timetables); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	w.mustBe(state.Timetables, state.PhaseNew, guardTimed)
	done, err := Repair(t.Context(), w.config())
	if err != nil || len(done) != 1 {
		t.Errorf("repaired %q (%v), want one guard", done, err)
	}
	w.mustBe(state.Timetables, state.PhaseNew, guardFinal)
	w.set(schema.MigrationRef(w.client, state.Timetables), schema.Migration{Phase: state.PhaseOld, Toward: state.Old})
	if done, err = Repair(t.Context(), w.config()); err != nil || len(done) != 1 {
		t.Errorf("repaired %q (%v), want one guard", done, err)
	}
	w.mustBe(state.Timetables, state.PhaseOld, guardOpen)
	if done, err = Repair(t.Context(), w.config()); err != nil || len(done) != 0 {
		t.Errorf("repaired %q (%v) again", done, err)
	}
}

// When a step fails, everything is as before.
func TestSwitchFails(t *testing.T) {
	t.Parallel()
	for _, text := range stepsOf(false) {
		if text == "keep the tables closed" {
			continue // nothing is taken back after the flip
		}
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			stop := w.serve(4)
			w.awaitWrites(state.Old, 4)
			cfg := w.config()
			cfg.fault = failAt(text)
			err := Switch(t.Context(), cfg, state.Timetables)
			if err == nil || !strings.Contains(err.Error(), "stays on the old side") {
				t.Errorf("%v, want an error that says where the kind stays", err)
			}
			w.awaitWrites(state.Old, 4)
			stop()
			w.check()
			w.mustBe(state.Timetables, state.PhaseOld, guardOpen)
			var begun int
			if err := w.pool.QueryRow(t.Context(), "SELECT count(*) FROM heektime_migration.reverse_position").Scan(&begun); err != nil || begun > 0 {
				t.Errorf("%d kinds have a way back (%v), want none", begun, err)
			}
		})
	}
}

// When a step fails because PostgreSQL has closed the tool's connection, the tables are open before servers let
// writes pass again.
func TestSwitchLosesItsConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	writer := connect(t, w.url)
	cfg := w.config()
	cfg.fault = func(text string) error {
		if text != "apply the last changes" {
			return nil
		}
		if _, err := writer.Exec(t.Context(), insertLecture); err == nil {
			t.Error("the tables were open during the switch")
		}
		var closed bool
		err := w.pool.QueryRow(t.Context(), `SELECT pg_terminate_backend((SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = database
			WHERE datname = current_database() AND classid = $1 AND objid = $2))`, lockKey>>32, lockKey&0xffffffff).Scan(&closed)
		if err != nil || !closed {
			t.Errorf("the tool's connection is not closed: %v", err)
		}
		return errors.New("the connection is closed")
	}
	err := Switch(t.Context(), cfg, state.Timetables)
	if err == nil || !strings.Contains(err.Error(), "stays on the old side") || strings.Contains(err.Error(), "could not be taken back") {
		t.Errorf("%v, want an error that says that everything is as it was", err)
	}
	w.mustBe(state.Timetables, state.PhaseOld, guardOpen)
	exec(t, writer, insertLecture)
}

// A transaction of the old server that does not end makes the switch give up, and goes on.
func TestSwitchGivesUpAtItsLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := connect(t, w.url)
	exec(t, long, "BEGIN")
	exec(t, long, insertLecture)
	cfg := w.config()
	cfg.Limit = margin + 500*time.Millisecond
	err := Switch(t.Context(), cfg, state.Timetables)
	if err == nil || !strings.Contains(err.Error(), "the limit is") {
		t.Errorf("%v, want an error that names the limit", err)
	}
	exec(t, long, insertLecture)
	exec(t, long, "COMMIT")
	w.mustBe(state.Timetables, state.PhaseOld, guardOpen)
}

// The state does not flip when servers have taken the switch back meanwhile.
func TestSwitchLosesAgainstServers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cfg := w.config()
	cfg.fault = func(text string) error {
		if text != "write to Firestore" {
			return nil
		}
		view, err := w.store.Read(t.Context())
		if err == nil {
			_, err = w.store.Abort(t.Context(), view.Of(state.Timetables))
		}
		return err
	}
	if err := Switch(t.Context(), cfg, state.Timetables); !errors.Is(err, state.ErrChanged) {
		t.Errorf("%v, want that the state has changed", err)
	}
	w.mustBe(state.Timetables, state.PhaseOld, guardOpen)
}

// Of two tools one wins, and the other says so.
func TestTwoTools(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begun, release := make(chan struct{}), make(chan struct{})
	cfg := w.config()
	var once sync.Once
	cfg.fault = func(string) error {
		once.Do(func() { close(begun); <-release })
		return nil
	}
	first := make(chan error, 1)
	go func() { first <- Switch(context.WithoutCancel(t.Context()), cfg, state.Timetables) }()
	<-begun
	if err := Switch(t.Context(), w.config(), state.Timetables); err == nil || !strings.Contains(err.Error(), "another") {
		t.Errorf("%v, want that another tool is at work", err)
	}
	if _, err := Repair(t.Context(), w.config()); err == nil {
		t.Error("Repair worked beside a switch")
	}
	close(release)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	w.mustBe(state.Timetables, state.PhaseNew, guardFinal)
}

// What is compared while writes are held decides.
func TestSwitchComparesHeldSides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cfg := w.config()
	cfg.Limit = 10 * time.Second // both sides are compared again until half of it has passed
	cfg.Verify = func(context.Context, state.Kind, time.Time, time.Time) error {
		if w.phase(state.Timetables) != state.Holding {
			t.Error("writes are not held while both sides are compared")
		}
		return errors.New("they differ")
	}
	if err := Switch(t.Context(), cfg, state.Timetables); err == nil || !strings.Contains(err.Error(), "they differ") {
		t.Errorf("%v, want the difference", err)
	}
	w.mustBe(state.Timetables, state.PhaseOld, guardOpen)
}

func TestSwitchChecksFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	expect := func(what string, kind state.Kind, to state.Side, want string) {
		t.Helper()
		_, err := Check(t.Context(), w.config(), kind, to)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
	}
	expect("ready", state.Timetables, state.New, "")
	expect("order back", state.Schools, state.Old, "accounts go back first: heektime migrate back accounts")
	w.set(schema.MigrationRef(w.client, state.Accounts), schema.Migration{Phase: state.PhaseOld, Toward: state.Old})
	expect("order", state.Timetables, state.New, "accounts come first: heektime migrate switch accounts")
	w.set(schema.MigrationRef(w.client, state.Accounts), schema.Migration{Phase: state.Holding, Toward: state.New})
	expect("unfinished", state.Timetables, state.New, "in progress or was killed")
	w.set(schema.MigrationRef(w.client, state.Accounts), schema.Migration{Phase: state.PhaseNew, Toward: state.New})
	w.set(schema.MigrationCopyRef(w.client), schema.MigrationCopy{})
	expect("no copy", state.Timetables, state.New, "heektime migrate copy")
	w.set(schema.MigrationCopyRef(w.client), schema.MigrationCopy{FinishedAt: time.Now()})
	w.set(schema.MigrationPositionRef(w.client), schema.MigrationPosition{Slot: w.slot + "_peek"})
	expect("not followed", state.Timetables, state.New, "start heektime migrate follow")
	w.set(schema.MigrationPositionRef(w.client), schema.MigrationPosition{Slot: "gone"})
	expect("no slot", state.Timetables, state.New, "no replication slot")
	if err := Switch(t.Context(), w.config(), "lectures"); err == nil || !strings.Contains(err.Error(), "unknown kind") {
		t.Errorf("%v, want an unknown kind", err)
	}
	if got := w.phase(state.Timetables); got != state.PhaseOld {
		t.Errorf("checking changed the state to %s", got)
	}
}

// hurryIfResting is hurry, unless a switch is in progress.
func (w *world) hurryIfResting(kind state.Kind) {
	w.t.Helper()
	if phase := w.phase(kind); phase == state.PhaseOld || phase == state.PhaseNew {
		w.hurry(kind)
	}
}
