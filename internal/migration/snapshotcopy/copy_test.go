package snapshotcopy_test

import (
	"strings"
	"testing"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/migrationtest/bothsides"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/snapshotcopy"
	"heek.kr/heektime/internal/schema"
)

// small is a database that has each dirt at least once.
func small() olddata.Config {
	return olddata.Config{Users: 10 * (len(olddata.Dirt()) + 1), LecturesPerUser: 4}
}

func config(w *bothsides.World) snapshotcopy.Config {
	return snapshotcopy.Config{
		URL: w.Database.URL(), Mapping: legacydb.Default(), Firestore: w.Firestore, Slot: w.Slot, Publication: "changes", Prepare: true,
	}
}

func run(t *testing.T, cfg snapshotcopy.Config) {
	t.Helper()
	if err := snapshotcopy.Run(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
}

func TestCopy(t *testing.T) {
	t.Parallel()
	w := bothsides.New(t, emulatortest.Start(t).FirestoreClient(t), small())
	var last snapshotcopy.Progress
	cfg := config(w)
	cfg.SaveInterval = -1
	cfg.Progress = func(p snapshotcopy.Progress) { last = p }
	run(t, cfg)
	w.RequireEqual(t)
	if last.Rows == 0 || last.Rows != last.Total || last.Left != 0 {
		t.Errorf("the last progress was %v", last)
	}
	var progress schema.MigrationCopy
	var position schema.MigrationPosition
	read(t, schema.MigrationCopyRef(w.Firestore), &progress)
	read(t, schema.MigrationPositionRef(w.Firestore), &position)
	if progress.FinishedAt.IsZero() || position.LSN != progress.LSN || position.Slot != w.Slot || position.System == "" {
		t.Errorf("copy %+v, position %+v", progress, position)
	}
}

func read(t *testing.T, ref *firestore.DocumentRef, value any) {
	t.Helper()
	if _, err := schema.Read(t.Context(), ref, value); err != nil {
		t.Fatal(err)
	}
}

// Run again, a copy removes documents whose rows are gone or whose documents are elsewhere now, and
// leaves alone what people made with new clients.
func TestCopyAgain(t *testing.T) {
	t.Parallel()
	w := bothsides.New(t, emulatortest.Start(t).FirestoreClient(t), small())
	cfg := config(w)
	run(t, cfg)
	w.Exec(t, `
		DELETE FROM users WHERE id IN (SELECT id FROM users ORDER BY id LIMIT 7);
		UPDATE users SET username = username || 'x' WHERE id IN (SELECT id FROM users ORDER BY id DESC LIMIT 7);
		UPDATE users SET password_hash = NULL WHERE id IN (SELECT id FROM users ORDER BY username LIMIT 3);
		UPDATE timetables SET user_id = (SELECT max(id::text)::uuid FROM users) WHERE id IN (SELECT id FROM timetables ORDER BY id LIMIT 7);
		DELETE FROM timetables WHERE id IN (SELECT id FROM timetables ORDER BY id DESC LIMIT 7);
		DELETE FROM lectures WHERE id IN (SELECT id FROM lectures ORDER BY id LIMIT 7);
		UPDATE lectures SET timetable_id = (SELECT max(id) FROM timetables) WHERE id IN (SELECT id FROM lectures ORDER BY id DESC LIMIT 7)`)
	old := w.Data.User(0).ID
	kept := []string{
		"users/aaaaaaaaaaaaaaaaaaaaaaaaaaaa", "users/3f1b2c4d-5e6f-8a7b-8c9d-0e1f2a3b4c5d", "indices/user/usernames/새사람",
		"users/" + old + "/timetables/abcdefghij", "users/" + old + "/timetables/abcdefghij/lectures/aaaaaaaaaaaaaaaaaaaa",
	}
	for _, path := range kept {
		fields := map[string]any{"title": "new"}
		if strings.HasPrefix(path, "indices") {
			fields = schema.NewUsername("aaaaaaaaaaaaaaaaaaaaaaaaaaaa")
		}
		if _, err := w.Firestore.Doc(path).Set(t.Context(), fields); err != nil {
			t.Fatal(err)
		}
	}
	run(t, cfg)
	for _, path := range kept {
		if _, err := w.Firestore.Doc(path).Get(t.Context()); err != nil {
			t.Errorf("%s was removed: %v", path, err)
		}
		w.Firestore.Doc(path).Delete(t.Context())
	}
	w.RequireEqual(t)
}

func TestNotReady(t *testing.T) {
	t.Parallel()
	w := bothsides.New(t, emulatortest.Start(t).FirestoreClient(t), olddata.Config{Users: 1})
	cfg := config(w)
	cfg.Prepare = false
	err := snapshotcopy.Run(t.Context(), cfg)
	for _, want := range []string{"--prepare", "CREATE PUBLICATION", "ALTER TABLE public.lecture_times REPLICA IDENTITY FULL", "ALTER TABLE public.lectures REPLICA IDENTITY FULL"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	run(t, config(w))
	run(t, cfg) // prepared
	w.Exec(t, "ALTER PUBLICATION changes DROP TABLE lectures")
	if err := snapshotcopy.Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "ADD TABLE public.lectures") {
		t.Errorf("error %v, want one about the publication", err)
	}
}

// Kinds that have moved are not overwritten.
func TestMovedKinds(t *testing.T) {
	t.Parallel()
	w := bothsides.New(t, emulatortest.Start(t).FirestoreClient(t), olddata.Config{Users: 5, Clean: true})
	set := func(kind schema.MigrationKind, phase schema.MigrationPhase) {
		t.Helper()
		toward := schema.NewSide
		if phase == schema.PhaseOld {
			toward = schema.OldSide
		}
		m := schema.Migration{Phase: phase, Toward: toward, Epoch: 1, LeaseMillis: 5000, LimitMillis: 5000}
		if _, err := schema.MigrationRef(w.Firestore, kind).Set(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	set(schema.MigrateSchools, schema.PhaseNew)
	set(schema.MigrateAccounts, schema.PhaseNew)
	run(t, config(w))
	stored := bothsides.Stored(t, w.Firestore)
	for path := range stored {
		if !strings.Contains(path, "/timetables/") {
			t.Errorf("copied %s of a kind that has moved", path)
		}
	}
	if len(stored) == 0 {
		t.Error("copied nothing")
	}
	set(schema.MigrateTimetables, schema.PhaseHolding)
	if err := snapshotcopy.Run(t.Context(), config(w)); err == nil || !strings.Contains(err.Error(), "is being switched") {
		t.Errorf("copied during a switch: %v", err)
	}
	set(schema.MigrateTimetables, schema.PhaseNew)
	if err := snapshotcopy.Run(t.Context(), config(w)); err == nil || !strings.Contains(err.Error(), "all kinds of data have moved") {
		t.Errorf("copied although everything has moved: %v", err)
	}
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	w := bothsides.New(t, emulatortest.Start(t).FirestoreClient(t), small())
	report, err := snapshotcopy.DryRun(t.Context(), config(w))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(bothsides.Stored(t, w.Firestore)); n != 0 {
		t.Errorf("a dry run wrote %d documents", n)
	}
	if want := len(bothsides.Converted(t, w.Firestore, w.Legacy(t))); report.Writes != int64(want) || len(report.Missing) == 0 {
		t.Errorf("report %+v, want %d writes and what is missing", report, want)
	}
	if !strings.Contains(report.String(), "nothing was written") {
		t.Error(report)
	}
}
