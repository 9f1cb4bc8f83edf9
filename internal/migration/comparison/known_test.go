package comparison_test

import (
	"testing"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/comparison"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/schema"
)

// A comparison while writes are held does not read all users again, and notices all the same when what was known is
// out of date.
func TestKnownUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, olddata.Config{Users: 20, Clean: true})
	w.copyAll()
	var known comparison.Known
	since := time.Now()
	compare := func() *comparison.Report {
		t.Helper()
		return w.run(func(cfg *comparison.Config) {
			cfg.Since, cfg.Sample, cfg.Known, cfg.Kinds = since, 5, &known, []schema.MigrationKind{schema.MigrateAccounts}
		})
	}
	if r := compare(); !r.OK() || r.Users != 5 {
		t.Fatalf("%d users\n%s", r.Users, describe(r))
	}
	// A user takes the name of another, who gives it up. What was known gives a suffix to one of them.
	users := w.cleanUsers(2)
	w.exec("UPDATE users SET username = 'somebody else', updated_at = now() AT TIME ZONE 'Asia/Seoul' WHERE id = $1", users[0].ID)
	w.exec("UPDATE users SET username = $1, updated_at = now() AT TIME ZONE 'Asia/Seoul' WHERE id = $2", *users[0].Username, users[1].ID)
	w.must(w.follow(t.Context(), []string{users[0].ID, users[1].ID}))
	if r := compare(); !r.OK() || r.Users < 5 {
		t.Errorf("%d users\n%s", r.Users, describe(r))
	}
	if known.Loads() > 2 {
		t.Errorf("all users were read %d times", known.Loads())
	}
	before := known.Loads()
	if r := compare(); !r.OK() || known.Loads() != before {
		t.Errorf("nothing has changed, and all users were read %d times more\n%s", known.Loads()-before, describe(r))
	}
}

// While writes are held, documents that new clients have changed since everything had arrived may differ. Those that
// changed before may not.
func TestChangedSinceDrained(t *testing.T) {
	t.Parallel()
	w := newWorld(t, olddata.Config{Users: 20, Clean: true})
	w.copyAll()
	user := w.cleanUsers(1)[0]
	mark, err := schema.MigrationMarkRef(w.client).Set(t.Context(), schema.MigrationMark{Mark: "before"}.Fields())
	w.must(err)
	changed, err := w.timetable(user).Update(t.Context(), []firestore.Update{{Path: schema.FieldTitle, Value: "of a new client"}})
	w.must(err)
	for drained, want := range map[time.Time]bool{mark.UpdateTime: true, changed.UpdateTime: false, {}: false} {
		r := w.run(func(cfg *comparison.Config) {
			cfg.Drained, cfg.Sample, cfg.Kinds = drained, 20, []schema.MigrationKind{schema.MigrateTimetables}
		})
		if r.OK() != want {
			t.Errorf("drained at %v, changed at %v: equal: %v, want %v\n%s", drained, changed.UpdateTime, r.OK(), want, describe(r))
		}
	}
}
