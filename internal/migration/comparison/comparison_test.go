package comparison_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/email"
	"heek.kr/heektime/internal/migration/comparison"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/schema"
)

// describe lists the groups of a report, expected ones in parentheses, unconfirmed ones with a question mark.
func describe(r *comparison.Report) string {
	var lines []string
	for _, g := range r.Groups {
		line := fmt.Sprintf("%d × %s", g.Count, g.Text)
		switch {
		case g.Expected:
			line = "(" + line + ")"
		case g.Unconfirmed:
			line += "?"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// TestEqual compares all demo data, dirt included, after a copy.
func TestEqual(t *testing.T) {
	t.Parallel()
	w := newWorld(t, olddata.Config{Users: 210})
	w.copyAll()
	var r *comparison.Report
	cost := emulatortest.CostOf(w.Measure(t, func() { r = w.run(nil) }))
	if !r.OK() || !r.Whole || r.Users != 210 || r.Documents < 210*3 || r.Expected == 0 || r.NewUsers != 0 {
		t.Errorf("after a copy: %+v\n%s", r, describe(r))
	}
	for _, g := range r.Groups {
		if !strings.Contains(g.Text, "left out by a rule: ") {
			t.Errorf("unexpected group: %+v", g)
		}
	}
	if cost.Reads != r.Reads || cost.Total() != cost.Reads {
		t.Errorf("billed %v, the report says %d reads", cost, r.Reads)
	}
	estimate, err := comparison.Estimate(t.Context(), comparison.Config{Old: w.old, Firestore: w.client})
	if err != nil || estimate < r.Reads*8/10 || estimate > r.Reads*12/10 {
		t.Errorf("the estimate is %d reads, billed were %d (%v)", estimate, r.Reads, err)
	}
}

// TestDifferences plants each kind of difference and finds it with its explanation. It is long because of its
// table.
func TestDifferences(t *testing.T) {
	t.Parallel()
	w := newWorld(t, olddata.Config{Users: 120})
	w.copyAll()
	ctx := t.Context()
	set := func(ref *firestore.DocumentRef, field string, value any) {
		t.Helper()
		_, err := ref.Update(ctx, []firestore.Update{{Path: field, Value: value}})
		w.must(err)
	}
	remove := func(ref *firestore.DocumentRef) {
		t.Helper()
		_, err := ref.Delete(ctx)
		w.must(err)
	}
	usernameOf := func(u *olddata.User) string {
		doc, err := w.user(u).Get(ctx)
		w.must(err)
		return schema.UsernameOf(doc)
	}
	credentialOf := func(u *olddata.User) *firestore.DocumentRef {
		docs, err := schema.CredentialsOf(w.client, u.ID).Documents(ctx).GetAll()
		w.must(err)
		return docs[0].Ref
	}
	newTimetable := func(ref *firestore.DocumentRef, visibility schema.Visibility) {
		_, err := ref.Set(ctx, schema.Timetable{Title: "새 시간표", Visibility: visibility, Semester: schema.SemesterRef(w.client, "s", "2026-0900")})
		w.must(err)
	}
	newLecture := func(ref *firestore.DocumentRef) {
		_, err := ref.Set(ctx, schema.Lecture{Title: "새 강의"}.NewFields())
		w.must(err)
	}
	const hex, id, v4 = "0123456789abcdef0123456789abcdef", "AbCdEfGhIj", "ffffffff-ffff-4fff-bfff-ffffffffffff"
	cases := []struct {
		name     string
		expected bool
		group    string // text of the group
		detail   string // in the example's description
		plant    func(u *olddata.User)
	}{
		{"a title", false, "lectures: the field title differs", "다른 제목", func(u *olddata.User) { set(w.lecture(u), "title", "다른 제목") }},
		{"a credit", false, "lectures: the field credit differs", "17", func(u *olddata.User) { set(w.lecture(u), "credit", 17) }},
		{"lost times", false, "lectures: the field times differs", "[]", func(u *olddata.User) {
			w.exec("INSERT INTO lecture_times (lecture_id, weekday, time_begin, time_end, room) VALUES ($1, 2, 600, 660, '1')", u.Timetables[0].Lectures[0].ID)
			set(w.lecture(u), "times", []any{})
		}},
		{"a timetable's title", false, "timetables: the field title differs", "다른 이름", func(u *olddata.User) { set(w.timetable(u), "title", "다른 이름") }},
		{"a semester", false, "timetables: the field semester differs", "2001-0300", func(u *olddata.User) {
			set(w.timetable(u), "semester", schema.SemesterRef(w.client, "s", "2001-0300"))
		}},
		{"an earlier updatedAt", false, "timetables: the field updatedAt differs", "the row is newer than the document", func(u *olddata.User) {
			set(w.timetable(u), "updatedAt", time.Unix(1e9, 0))
		}},
		{"a row that follow missed", false, "timetables: the field title differs", "the row is newer than the document", func(u *olddata.User) {
			w.exec("UPDATE timetables SET title = 'x', updated_at = now() WHERE id = $1", u.Timetables[0].ID)
		}},
		{"a username", false, "users: the field username differs", "다른아이디", func(u *olddata.User) { set(w.user(u), "username", "다른아이디") }},
		{"createdAt", false, "users: the field createdAt differs", "", func(u *olddata.User) { set(w.user(u), "createdAt", time.Unix(1e9, 0)) }},
		{"a password", false, "credentials: the field hash differs", "", func(u *olddata.User) { set(credentialOf(u), "hash", "pbkdf2:sha256:1$a$00") }},
		{"a password's owner", false, "credentials: the row has no document", "", func(u *olddata.User) { set(credentialOf(u), "uid", v4) }},
		{"no user", false, "users: the row has no document", "", func(u *olddata.User) { remove(w.user(u)) }},
		{"no username", false, "usernames: the row has no document", "", func(u *olddata.User) { remove(schema.UsernameRef(w.client, usernameOf(u))) }},
		{"no timetable", false, "timetables: the row has no document", "", func(u *olddata.User) { remove(w.timetable(u)) }},
		{"no lecture", false, "lectures: the row has no document", "", func(u *olddata.User) { remove(w.lecture(u)) }},
		{"a former username", false, "usernames: a former username of the user is still taken", "", func(u *olddata.User) {
			_, err := schema.UsernameRef(w.client, "예전아이디").Set(ctx, schema.NewUsername(u.ID))
			w.must(err)
		}},
		{"a former address", false, "credentials: a password of a former address of the user is left", "", func(u *olddata.User) {
			address := "former-" + u.ID + "@" + email.OldDomain
			w.must(credential.Add(ctx, w.client, credential.Credential{Email: address, UID: u.ID, Hash: "x"}))
		}},
		{"a deleted row", false, "users: the document has no row: the row was deleted, or the document was made on the new side", "", func(u *olddata.User) {
			w.exec("DELETE FROM users WHERE id = $1", u.ID)
		}},
		{"a deleted lecture", false, "lectures: the document has no row: the row was deleted, or the document was made on the new side", "", func(u *olddata.User) {
			w.exec("DELETE FROM lectures WHERE id = $1", u.Timetables[0].Lectures[0].ID)
		}},
		{"a timetable that nobody made", false, "timetables: the document has no row: the row was deleted, or the document was made on the new side", "", func(u *olddata.User) {
			newTimetable(schema.TimetableRef(w.user(u), hex), schema.Public)
		}},
		{"a user of nobody", false, "users: the document has no row: the row was deleted, or the document was made on the new side", "", func(*olddata.User) {
			_, err := schema.UserRef(w.client, v4).Set(ctx, schema.User{Username: "아무도아님"})
			w.must(err)
		}},

		{"a new client's change", true, "timetables: changed on the new side later, by a new client", "고침", func(u *olddata.User) {
			_, err := w.timetable(u).Update(ctx, []firestore.Update{{Path: "title", Value: "고침"}, {Path: "updatedAt", Value: time.Now()}})
			w.must(err)
		}},
		{"a new username", true, "usernames: changed on the new side later, by a new client", "", func(u *olddata.User) {
			former := schema.UsernameRef(w.client, usernameOf(u))
			_, err := w.user(u).Update(ctx, []firestore.Update{{Path: "username", Value: "새이름" + u.ID[:8]}, {Path: "updatedAt", Value: time.Now()}})
			w.must(err)
			_, err = schema.UsernameRef(w.client, "새이름"+u.ID[:8]).Set(ctx, schema.NewUsername(u.ID))
			w.must(err)
			remove(former)
		}},
		{"a new client's timetable", true, "timetables: made on the new side, by a new client", "", func(u *olddata.User) {
			newTimetable(schema.TimetableRef(w.user(u), id), schema.Public)
			newLecture(schema.LectureRef(schema.TimetableRef(w.user(u), id), id))
		}},
		{"its lecture", true, "lectures: made on the new side, by a new client", "", func(u *olddata.User) { newLecture(schema.LectureRef(w.timetable(u), "AbCdEfGhIjKlMnOpQrSt")) }},
		{"a private timetable", true, "timetables: a private timetable, for which the old database has no place", "", func(u *olddata.User) {
			newTimetable(schema.TimetableRef(w.user(u), hex), schema.Private)
		}},
		{"made private", true, "timetables: made private on the new side, for which the old database has no place", "private", func(u *olddata.User) {
			set(w.timetable(u), "visibility", "private")
		}},
		{"a deleted timetable's lectures", true, "lectures: a lecture of a deleted timetable, which the functions remove", "", func(u *olddata.User) {
			w.exec("DELETE FROM lectures WHERE timetable_id = $1", u.Timetables[0].ID)
			w.exec("DELETE FROM timetables WHERE id = $1", u.Timetables[0].ID)
			remove(w.timetable(u))
		}},
		{"a blocked account", true, "users: the account was deleted or blocked on the new side", "", func(u *olddata.User) {
			_, err := schema.DeletionRef(w.client, u.ID).Set(ctx, schema.PendingDeletion{})
			w.must(err)
			remove(w.user(u))
		}},
		{"a password in Authentication", true, "credentials: the password moved to Authentication when the user signed in", "", func(u *olddata.User) {
			remove(credentialOf(u))
		}},
	}
	users := w.cleanUsers(len(cases))
	uids := map[string]string{} // case → uid
	for i, c := range cases {
		c.plant(users[i])
		uids[c.name] = users[i].ID
	}
	uids["a user of nobody"] = v4
	newUser := schema.UserRef(w.client, "AbCdEfGhIjKlMnOpQrStUvWxYz12")
	_, err := newUser.Set(ctx, schema.User{Username: "새사용자"})
	w.must(err)
	newTimetable(schema.TimetableRef(newUser, id), schema.Public)

	var found []comparison.Difference
	accounts := func(context.Context, []string) (map[string]bool, error) {
		return map[string]bool{uids["a password in Authentication"]: true}, nil
	}
	r := w.run(func(cfg *comparison.Config) {
		cfg.Arrive, cfg.Examples, cfg.Accounts = arrived, 100, accounts
		cfg.Found = func(d comparison.Difference) { found = append(found, d) }
	})
	if r.NewUsers != 1 || r.Unconfirmed != 0 || r.Differences+r.Expected != len(found) {
		t.Errorf("%d new users, %d unconfirmed, %d differences, %d expected, %d reported", r.NewUsers, r.Unconfirmed, r.Differences, r.Expected, len(found))
	}
	matched := 0
	for _, c := range cases {
		ok := slices.ContainsFunc(r.Groups, func(g comparison.Group) bool {
			return g.Text == c.group && g.Expected == c.expected && slices.ContainsFunc(g.Examples, func(d comparison.Difference) bool {
				return d.UID == uids[c.name] && strings.Contains(d.Row+" "+d.Document+" "+d.Reason, c.detail)
			})
		})
		if !ok {
			t.Errorf("%s: not found as %q of %s", c.name, c.group, uids[c.name])
		} else {
			matched++
		}
	}
	for _, d := range found {
		if !d.Expected && !slices.Contains([]string{v4}, d.UID) && !slices.ContainsFunc(users, func(u *olddata.User) bool { return u.ID == d.UID }) {
			t.Errorf("a difference that nobody planted: %+v", d)
		}
		if strings.Contains(d.Row+d.Document+d.Reason, "pbkdf2") {
			t.Errorf("a password's hash is shown: %+v", d)
		}
	}
	if t.Failed() {
		t.Log(describe(r))
	}

	sample := w.run(func(cfg *comparison.Config) { cfg.Arrive, cfg.Sample, cfg.Accounts = arrived, 1000, accounts })
	want := 0 // differences of users who have rows
	for _, d := range found {
		if !d.Expected && d.UID != v4 && d.UID != uids["a deleted row"] {
			want++
		}
	}
	if sample.Whole || sample.Users != 119 || sample.Differences != want {
		t.Errorf("a sample of everyone: %d users, %d differences, want %d\n%s", sample.Users, sample.Differences, want, describe(sample))
	}
}

// Changes that are on their way are no differences.
func TestLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, olddata.Config{Users: 60, Clean: true})
	w.copyAll()
	var uids []string
	for _, u := range w.cleanUsers(20) {
		uids = append(uids, u.ID)
		w.exec("UPDATE lectures SET title = title || '!', updated_at = now() WHERE id = $1", u.Timetables[0].Lectures[0].ID)
		w.exec("UPDATE users SET username = username || 'x' WHERE id = $1", u.ID)
	}
	waits := 0
	r := w.run(func(cfg *comparison.Config) {
		cfg.Arrive = func(ctx context.Context) error {
			waits++
			return w.follow(ctx, uids)
		}
	})
	if !r.OK() || r.Settled != 20 || waits != 1 {
		t.Errorf("after %d waits: %d settled\n%s", waits, r.Settled, describe(r))
	}
	// Nothing arrives: the differences are not confirmed, and the comparison says why.
	w.exec("UPDATE timetables SET title = 'late', updated_at = updated_at + interval '1.5 seconds' WHERE user_id = ANY ($1::text[]::uuid[])", uids)
	r = w.run(func(cfg *comparison.Config) {
		cfg.Arrive = func(context.Context) error { return fmt.Errorf("%w: no follow", comparison.ErrStuck) }
	})
	if r.Differences != 0 || r.Unconfirmed < 20 || r.OK() || !strings.Contains(r.Stuck, "no follow") {
		t.Fatalf("stuck: %d differences, %d unconfirmed, %q", r.Differences, r.Unconfirmed, r.Stuck)
	}
	if d := r.Groups[0].Examples[0]; !d.Unconfirmed || !strings.Contains(d.Reason, "the row is newer than the document by 1.5 s: not yet followed") {
		t.Errorf("reason: %+v", d)
	}
	v := r.Verification()
	if v.Unconfirmed != int64(r.Unconfirmed) || len(v.Findings) == 0 || !v.Whole || len(v.Kinds) != 3 {
		t.Errorf("stored: %+v", v)
	}
}

// A name of the new side that an old user would have is not a difference if the copy gave the old user another one.
func TestReservedName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, olddata.Config{Users: 30, Clean: true})
	ctx := t.Context()
	u := w.cleanUsers(1)[0]
	const newUser = "AbCdEfGhIjKlMnOpQrStUvWxYz12"
	w.copyAll()
	r, err := w.old.Reader(ctx, "")
	w.must(err)
	convert, users, err := w.converter(ctx, r)
	w.must(err)
	r.Close()
	name, _ := convert.Names().Of(u.ID)
	convert.Names().Reserve(name.Username)
	for _, row := range users {
		if row.ID != u.ID {
			continue
		}
		docs, _ := convert.User(row)
		for _, doc := range docs.All() {
			_, err := doc.Ref.Set(ctx, doc.Fields)
			w.must(err)
		}
	}
	_, err = schema.UserRef(w.client, newUser).Set(ctx, schema.User{Username: name.Username})
	w.must(err)
	_, err = schema.UsernameRef(w.client, name.Username).Set(ctx, schema.NewUsername(newUser))
	w.must(err)
	for _, arrive := range []func(context.Context) error{nil, arrived} {
		if report := w.run(func(cfg *comparison.Config) { cfg.Arrive = arrive }); !report.OK() {
			t.Errorf("with a name of the new side:\n%s", describe(report))
		}
	}
}

// During a switch, the users that changed lately are compared, and a few others.
func TestSince(t *testing.T) {
	t.Parallel()
	w := newWorld(t, olddata.Config{Users: 100})
	w.copyAll()
	ctx := t.Context()
	since := time.Now().Add(-time.Minute)
	users := w.cleanUsers(4)
	var uids []string
	for i, u := range users {
		w.exec("UPDATE users SET updated_at = now() AT TIME ZONE 'Asia/Seoul' + $2 * interval '1 hour' WHERE id = $1", u.ID, i)
		w.exec("UPDATE lectures SET title = 'changed', updated_at = now() AT TIME ZONE 'Asia/Seoul' WHERE id = $1", u.Timetables[0].Lectures[0].ID)
		uids = append(uids, u.ID)
	}
	w.must(w.follow(ctx, uids))
	compare := func(kind schema.MigrationKind, maxChanged int) *comparison.Report {
		t.Helper()
		return w.run(func(cfg *comparison.Config) {
			cfg.Kinds, cfg.Since, cfg.Sample, cfg.MaxChanged, cfg.Budget = []schema.MigrationKind{kind}, since, 2, maxChanged, time.Hour
		})
	}
	for _, kind := range []schema.MigrationKind{schema.MigrateAccounts, schema.MigrateTimetables} {
		// Dirty rows have an updated_at in the future, too.
		if r := compare(kind, 0); !r.OK() || r.Users < 4 || r.Users > 60 || r.Documents == 0 || r.Whole {
			t.Errorf("%s: %+v\n%s", kind, r, describe(r))
		}
	}
	_, err := w.lecture(users[2]).Update(ctx, []firestore.Update{{Path: "title", Value: "lost"}})
	w.must(err)
	if r := compare(schema.MigrateAccounts, 0); !r.OK() {
		t.Errorf("accounts, while a lecture differs:\n%s", describe(r))
	}
	if r := compare(schema.MigrateTimetables, 0); r.Differences != 1 || !strings.Contains(r.Summary(), "title differs") {
		t.Errorf("timetables, while a lecture differs:\n%s", describe(r))
	}
	// The first batch is compared whatever the budget is, and begins with the latest change.
	_, err = w.user(users[3]).Update(ctx, []firestore.Update{{Path: "username", Value: "lost"}})
	w.must(err)
	if err := compare(schema.MigrateAccounts, 200).Err(); !errors.Is(err, comparison.ErrDifferent) {
		t.Errorf("accounts, while a username differs: %v", err)
	}
	if err := compare(schema.MigrateSchools, 200).Err(); err != nil {
		t.Errorf("schools, while a username differs: %v", err)
	}
	if r := compare(schema.MigrateAccounts, 1); r.Users > 1+2 {
		t.Errorf("at most one changed user and two others: %d", r.Users)
	}
	expired, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := comparison.Run(expired, comparison.Config{Old: w.old, Firestore: w.client, Since: since}); err == nil {
		t.Error("no error after the deadline")
	}
}
