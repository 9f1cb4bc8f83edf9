package reverse

import (
	"context"
	"errors"
	"strings"
	"testing"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

func (w *world) delete(path string) {
	w.t.Helper()
	if _, err := w.client.Doc(path).Delete(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) update(path string, updates ...firestore.Update) {
	w.t.Helper()
	updates = append(updates, firestore.Update{Path: schema.FieldUpdatedAt, Value: firestore.ServerTimestamp})
	if _, err := w.client.Doc(path).Update(w.t.Context(), updates); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) newTimetable(path string, visibility schema.Visibility) {
	w.t.Helper()
	w.set(w.client.Doc(path), map[string]any{
		schema.FieldTitle: "새 시간표", schema.FieldVisibility: string(visibility), schema.FieldSemester: w.semester(),
		schema.FieldCreatedAt: firestore.ServerTimestamp, schema.FieldUpdatedAt: firestore.ServerTimestamp,
	})
}

// semester returns the semester of some timetable.
func (w *world) semester() *firestore.DocumentRef {
	w.t.Helper()
	for _, doc := range w.converted() {
		if ref, ok := doc.Fields[schema.FieldSemester].(*firestore.DocumentRef); ok {
			return ref
		}
	}
	w.t.Fatal("the world has no timetable")
	return nil
}

func (w *world) newLecture(path, title string) {
	w.t.Helper()
	w.set(w.client.Doc(path), schema.Lecture{Title: title, Category: []string{"전공"}, Times: []schema.LectureTime{{TimeBegin: 60, TimeEnd: 120}}}.NewFields())
}

// Each sort of change arrives; what has no row stays out.
func TestChangesArrive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.run()
	w.arrive()
	w.check() // both sides are as they were

	user, timetable, lecture := w.anyPath(schema.UserDocument), w.anyPath(schema.TimetableDocument), w.anyPath(schema.LectureDocument)
	w.update(user, firestore.Update{Path: schema.FieldUsername, Value: "새이름이다"})
	w.update(timetable, firestore.Update{Path: schema.FieldTitle, Value: "제목"})
	w.update(lecture, firestore.Update{Path: "metas", Value: []any{map[string]any{"type": "tag", "name": "영강"}}})
	w.arrive()
	w.check()

	fresh := user + "/timetables/ABCDEFGHIJ"
	w.newTimetable(fresh, schema.Public)
	w.newLecture(fresh+"/lectures/autoid", "하나")
	w.arrive()
	w.check()
	if got := w.queryRow("SELECT count(*)::text FROM lectures WHERE title = '하나'"); got != "1" {
		t.Errorf("%s lectures were added, want 1", got)
	}
	w.update(fresh, firestore.Update{Path: schema.FieldVisibility, Value: string(schema.Private)})
	w.newLecture(fresh+"/lectures/private", "둘")
	w.arrive()
	w.check()
	if got := w.queryRow("SELECT count(*)::text FROM lectures WHERE title IN ('하나', '둘')"); got != "0" {
		t.Errorf("%s lectures of a private timetable are in the old database", got)
	}
	kept, err := Kept(t.Context(), w.db.Pool, []string{fresh, fresh + "/lectures/autoid", fresh + "/lectures/private", fresh + "/lectures/any", user})
	if err != nil || len(kept) != 4 || kept[user] {
		t.Errorf("kept are %v (%v), want the private timetable and what is below it", kept, err)
	}
	w.update(fresh, firestore.Update{Path: schema.FieldVisibility, Value: string(schema.Public)})
	w.arrive()
	w.check()
	if got := w.queryRow("SELECT count(*)::text FROM lectures WHERE title IN ('하나', '둘')"); got != "2" {
		t.Errorf("%s lectures came back with their timetable, want 2", got)
	}
	w.delete(fresh)
	w.delete(lecture)
	w.arrive()
	w.check()
	stop()
	if strings.Contains(w.log.String(), "level=ERROR") { // PostgreSQL may still close an earlier session, which is a warning
		t.Error(w.log)
	}
}

// What the old database cannot hold is kept aside and forgotten with its document.
func TestFieldsAreKeptAside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	lecture := w.anyPath(schema.LectureDocument)
	w.update(lecture, firestore.Update{Path: "color", Value: "#aabbcc"})
	w.arrive()
	w.check()
	aside, err := Aside(t.Context(), w.db.Pool, w.client, []string{lecture})
	if err != nil || aside[lecture]["color"] != "#aabbcc" {
		t.Errorf("aside is %v (%v), want the color", aside, err)
	}
	w.delete(lecture)
	w.arrive()
	if aside, err := Partial(t.Context(), w.db.Pool, w.client); err != nil || len(aside) > 0 {
		t.Errorf("aside is %v (%v) after the document was deleted", aside, err)
	}
}

// An account that is hidden on the new side is gone on the old one, and restoring it restores everything,
// password included. When it is deleted for good, nothing of it is kept. It is long because it follows one account.
func TestAccountsAreHiddenAndRestored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	w.awaitComplete()
	var lecture, user, key string
	for lecture = range w.converted() { // of a user with a usable password
		if strings.Count(lecture, "/") != 5 {
			continue
		}
		user = strings.Join(strings.Split(lecture, "/")[:2], "/")
		if key = conversion.UserKey(user); w.queryRow("SELECT key FROM heektime_migration.passwords WHERE key = $1", key) == key {
			break
		}
	}
	hash := w.queryRow("SELECT password_hash FROM users WHERE id::text = $1", key)
	doc, err := w.client.Doc(user).Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	deletion := w.client.Doc("deletions/" + key)
	hide := func() {
		w.commit(func(tx *firestore.Transaction) error {
			return errors.Join(tx.Delete(doc.Ref), tx.Set(deletion, map[string]any{schema.FieldUser: doc.Data()}))
		})
		w.arrive()
		w.check()
	}
	hide()
	if got := w.queryRow("SELECT count(*)::text FROM users WHERE id::text = $1", key); got != "0" {
		t.Error("a hidden user is in the old database")
	}
	if kept, err := Kept(t.Context(), w.db.Pool, []string{lecture}); err != nil || !kept[lecture] {
		t.Errorf("a lecture of a hidden user is not kept: %v", err)
	}
	w.commit(func(tx *firestore.Transaction) error {
		return errors.Join(tx.Set(doc.Ref, doc.Data()), tx.Delete(deletion))
	})
	w.arrive()
	w.check()
	if got := w.queryRow("SELECT password_hash FROM users WHERE id::text = $1", key); got != hash {
		t.Errorf("the restored user's hash is %q, want %q", got, hash)
	}
	// To restore the account, its owner signs in on the new side, which moves the password there.
	hide()
	w.delete("credentials/" + w.queryRow("SELECT credential FROM heektime_migration.passwords WHERE key = $1", key))
	w.arrive()
	w.commit(func(tx *firestore.Transaction) error {
		return errors.Join(tx.Set(doc.Ref, doc.Data()), tx.Delete(deletion))
	})
	w.arrive()
	w.check()
	if got := w.queryRow("SELECT password_hash FROM users WHERE id::text = $1", key); got != unusableHash {
		t.Errorf("the restored user's hash is %q although the password has moved, want %q", got, unusableHash)
	}
	hide()
	for path := range w.documents() {
		if strings.HasPrefix(path, user+"/") {
			w.delete(path)
		}
	}
	w.delete("deletions/" + key)
	w.arrive()
	w.check()
	if got := w.queryRow("SELECT count(*)::text FROM heektime_migration.parked"); got != "0" {
		t.Error("the row of a deleted user is kept")
	}
}

// Old hashes stay only while they are the accounts' passwords.
func TestPasswords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	w.arrive()
	var credentials []*conversion.Document
	for _, doc := range w.converted() {
		if schema.DocumentAt(doc.Path()).Path == schema.CredentialDocument.Path {
			credentials = append(credentials, doc)
		}
	}
	uid := func(i int) string { return credentials[i].Fields[schema.FieldUID].(string) }
	hash := func(i int) string { return w.queryRow("SELECT password_hash FROM users WHERE id::text = $1", uid(i)) }
	kept, changed := hash(3), "pbkdf2:sha256:1000$salt$0123456789"

	w.delete(credentials[0].Path()) // migrated by a sign-in
	w.arrive()
	if got := hash(0); got != unusableHash {
		t.Errorf("the hash is %q after the account has got another password, want %q", got, unusableHash)
	}
	w.set(w.client.Doc("users/bornOnTheNewSide000000000000"), map[string]any{
		schema.FieldUsername: "신입생이다", schema.FieldCreatedAt: firestore.ServerTimestamp, schema.FieldUpdatedAt: firestore.ServerTimestamp,
	})
	w.arrive()
	if got := w.queryRow("SELECT password_hash FROM users WHERE username = '신입생이다'"); got != unusableHash {
		t.Errorf("the hash of an account from the new side is %q, want %q", got, unusableHash)
	}

	// After a move back, the old server sets a password, which the new side has not replaced.
	w.phase(state.Timetables, state.PhaseOld)
	w.phase(state.Accounts, state.PhaseOld)
	w.arrive()
	w.exec("UPDATE users SET password_hash = $1 WHERE id::text = $2", changed, uid(1))
	w.delete(credentials[1].Path())
	w.delete(credentials[2].Path())
	w.arrive()
	if got := hash(1); got != changed {
		t.Errorf("the hash that the old server set is %q, want %q", got, changed)
	}
	if got := hash(2); got != unusableHash {
		t.Errorf("the hash is %q after the account has got another password, want %q", got, unusableHash)
	}
	if got := hash(3); got != kept {
		t.Errorf("the hash of an account that did nothing is %q, want %q", got, kept)
	}

	// A password that was set in Authentication directly.
	w.accounts.setPassword(uid(4))
	w.arriveWith(PasswordMark())
	if got := hash(4); got != unusableHash {
		t.Errorf("the hash is %q although Authentication has a password, want %q", got, unusableHash)
	}
	if got := hash(3); got != kept {
		t.Errorf("the hash of an account that did nothing is %q, want %q", got, kept)
	}
}

// Nobody takes over another's rows by using their ids.
func TestForeignIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	lecture := w.anyPath(schema.LectureDocument)
	segments := strings.Split(lecture, "/")
	w.set(w.client.Doc("users/attacker"), map[string]any{
		schema.FieldUsername: "attacker", schema.FieldCreatedAt: firestore.ServerTimestamp, schema.FieldUpdatedAt: firestore.ServerTimestamp,
	})
	copied := "users/attacker/timetables/" + segments[3]
	w.newTimetable(copied, schema.Public)
	w.newLecture(copied+"/lectures/"+segments[5], "빼앗은 강의")
	w.arrive()
	w.check()
	w.delete(copied + "/lectures/" + segments[5])
	w.delete(copied)
	w.arrive()
	w.check()
	if got := w.queryRow("SELECT count(*)::text FROM lectures WHERE id::text = $1", segments[5]); got != "1" {
		t.Error("deleting a copy deleted the lecture of somebody else")
	}
}

// Users exchange their names, and one gets a name that a row has which shows another one on the new side.
func TestUsernamesAreExchanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	var users []string
	for path, doc := range w.documents() {
		if strings.Count(path, "/") == 1 && len(users) < 2 && schema.CheckUsername(doc.Fields[schema.FieldUsername].(string)) == nil {
			users = append(users, path)
		}
	}
	a, b := w.documents()[users[0]].Fields[schema.FieldUsername], w.documents()[users[1]].Fields[schema.FieldUsername]
	w.commit(func(tx *firestore.Transaction) (err error) {
		for path, name := range map[string]any{users[0]: b, users[1]: a} {
			err = errors.Join(err, tx.Update(w.client.Doc(path), []firestore.Update{
				{Path: schema.FieldUsername, Value: name}, {Path: schema.FieldUpdatedAt, Value: firestore.ServerTimestamp},
			}))
		}
		return err
	})
	w.arrive()
	w.check()
}

// While the old server writes, too, the last writer of a document wins, echoes change nothing, and a row that
// was deleted stays deleted.
func TestLastWriterWinsAfterMoveBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	drained := 0
	var deleted string
	w.run(func(cfg *Config) {
		cfg.Drain = func(ctx context.Context) error {
			drained++
			if deleted != "" { // the other direction applies the deletion
				_, err := w.client.Doc(deleted).Delete(ctx)
				return err
			}
			return nil
		}
	})
	w.arrive()
	w.phase(state.Timetables, state.PhaseOld)
	w.arrive()
	lecture := w.anyPath(schema.LectureDocument)
	key := conversion.LectureKey(lecture)
	title := func() string { return w.queryRow("SELECT title FROM lectures WHERE id::text = $1", key) }

	// The old server changes the row twice, and the first change arrives late, as an echo.
	w.exec("UPDATE lectures SET title = 'first', updated_at = now() AT TIME ZONE 'Asia/Seoul' WHERE id::text = $1", key)
	echo := w.converted()[lecture]
	w.exec("UPDATE lectures SET title = 'second', updated_at = now() AT TIME ZONE 'Asia/Seoul' WHERE id::text = $1", key)
	w.set(w.client.Doc(lecture), echo.Fields)
	w.arrive()
	if got := title(); got != "second" {
		t.Errorf("an echo changed the title to %q", got)
	}
	// A new client writes later than the old server.
	w.update(lecture, firestore.Update{Path: schema.FieldTitle, Value: "third"})
	w.arrive()
	if got := title(); got != "third" {
		t.Errorf("the title is %q, want that of the later writer", got)
	}
	// A new client adds a lecture.
	added := lecture[:strings.LastIndex(lecture, "/")+1] + "added"
	w.newLecture(added, "added")
	w.arrive()
	if got := w.queryRow("SELECT title FROM lectures WHERE title = 'added'"); got != "added" || drained == 0 {
		t.Errorf("the added lecture is %q after %d drains", got, drained)
	}
	// The old server deletes a row, and before that arrives, an earlier change of it does.
	echo = w.converted()[lecture]
	echo.Fields[schema.FieldTitle] = "echo"
	deleted = lecture
	w.exec("DELETE FROM lectures WHERE id::text = $1", key)
	w.set(w.client.Doc(lecture), echo.Fields)
	w.arrive()
	if got := title(); got != "no row" {
		t.Errorf("a deleted row is back with the title %q", got)
	}
}
