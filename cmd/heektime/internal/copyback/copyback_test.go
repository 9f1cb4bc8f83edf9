package copyback_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"

	"heek.kr/heektime/cmd/heektime/internal/copyback"
	"heek.kr/heektime/cmd/heektime/internal/datacheck"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/triggers"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/functions"
	"heek.kr/heektime/internal/gcp"
)

type data = map[string]any

const restored = "restored-20261128"

// world is a project with the database that clients use and one that a backup is restored into.
type world struct {
	*emulatortest.Cloud
	live, copy *firestore.Client
	accounts   map[string]bool
	now        time.Time
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Cloud: emulatortest.Start(t), accounts: map[string]bool{}, now: time.Now().UTC().Truncate(time.Second)}
	w.live, w.copy = w.open(t, gcp.DefaultDatabase), w.open(t, restored)
	w.set(t, "schools/korea", data{"name": "고려대학교"})
	w.set(t, w.semester(), data{"year": 2026, "term": "2학기", "periods": []any{}, "status": "normal"})
	for _, uid := range []string{"alice", "bob", "carol"} {
		w.user(t, uid)
	}
	w.user(t, "old")
	delete(w.accounts, "old") // has not signed in since the migration
	w.set(t, "credentials/"+credential.Key("old@example.com"), data{"email": "old@example.com", "uid": "old", "hash": "h"})
	return w
}

func (w *world) open(t *testing.T, database string, opts ...grpc.DialOption) *firestore.Client {
	t.Helper()
	client, err := gcp.Firestore(t.Context(), w.Project, database, emulatortest.Connection(t, w.FirestoreAddress(), opts...))
	must(t, err)
	t.Cleanup(func() { client.Close() })
	return client
}

func (w *world) semester() string { return "schools/korea/semesters/2026-0900" }

func (w *world) set(t *testing.T, path string, fields data) {
	t.Helper()
	_, err := w.live.Doc(path).Set(t.Context(), fields)
	must(t, err)
}

func (w *world) remove(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		_, err := w.live.Doc(path).Delete(t.Context())
		must(t, err)
	}
}

func (w *world) stamped(fields data) data {
	maps.Copy(fields, data{"createdAt": w.now, "updatedAt": w.now})
	return fields
}

// user creates a user with three timetables of forty lectures each: more than a batch.
func (w *world) user(t *testing.T, uid string) {
	t.Helper()
	w.accounts[uid] = true
	w.set(t, "users/"+uid, w.stamped(data{"username": uid + "name"}))
	w.set(t, "indices/user/usernames/"+uid+"name", data{"value": uid})
	for i := range 3 {
		path := timetable(uid, i)
		w.set(t, path, w.stamped(data{"title": path, "visibility": "public", "semester": w.live.Doc(w.semester())}))
		writer := w.live.BulkWriter(t.Context())
		for j := range 40 {
			_, err := writer.Set(w.live.Doc(fmt.Sprintf("%s/lectures/l%02d", path, j)), w.lecture())
			must(t, err)
		}
		writer.End()
	}
}

func timetable(uid string, i int) string {
	return fmt.Sprintf("users/%s/timetables/timetable%d", uid, i)
}

func (w *world) lecture() data {
	return w.stamped(data{"identifier": "a", "title": "자료구조", "professor": "", "credit": 3, "times": []any{}, "category": []any{}, "metas": []any{}})
}

// erase deletes an account with everything in it, as a purge does.
func (w *world) erase(t *testing.T, uid string) {
	t.Helper()
	delete(w.accounts, uid)
	docs := w.dump(t, w.live)
	for path := range docs {
		if strings.HasPrefix(path, "users/"+uid) || path == "indices/user/usernames/"+uid+"name" {
			w.remove(t, path)
		}
	}
}

// restore restores the last backup, which backup returned, into the other database.
func (w *world) restore(t *testing.T, backup []byte) {
	t.Helper()
	db, err := w.Firestore.Database(w.Project, restored)
	must(t, err)
	must(t, db.Import(bytes.NewReader(backup)))
}

func (w *world) backup(t *testing.T) []byte {
	t.Helper()
	db, err := w.Firestore.Database(w.Project, gcp.DefaultDatabase)
	must(t, err)
	var out bytes.Buffer
	must(t, db.Export(&out))
	return out.Bytes()
}

// dump returns all documents of the schema, as text by path, without the name of the database.
func (w *world) dump(t *testing.T, client *firestore.Client) map[string]string {
	t.Helper()
	docs := map[string]string{}
	for _, group := range []string{"schools", "semesters", "users", "usernames", "timetables", "lectures", "credentials", "deletions"} {
		all, err := client.CollectionGroup(group).Documents(t.Context()).GetAll()
		must(t, err)
		for _, doc := range all {
			fields := doc.Data()
			if ref, ok := fields["semester"].(*firestore.DocumentRef); ok {
				fields["semester"] = ref.Path
			}
			docs[strings.SplitN(doc.Ref.Path, "/documents/", 2)[1]] = fmt.Sprint(fields)
		}
	}
	return docs
}

func (w *world) check(t *testing.T, client *firestore.Client) []string {
	t.Helper()
	r, err := datacheck.Run(t.Context(), datacheck.Config{Firestore: client})
	must(t, err)
	var kinds []string
	for _, f := range r.Findings {
		kinds = append(kinds, fmt.Sprintf("%d %s", f.Count, f.Kind.Name))
	}
	return kinds
}

func (w *world) config(from, to *firestore.Client) copyback.Config {
	return copyback.Config{From: from, To: to, Write: true, HasAccount: func(_ context.Context, uids []string) (map[string]bool, error) {
		return w.accounts, nil
	}}
}

// damage deletes a semester, two users with their usernames, a timetable and half of another's lectures,
// and changes a lecture, as a faulty program would. It returns when the lecture was changed.
func (w *world) damage(t *testing.T) (over time.Time) {
	t.Helper()
	w.remove(t, w.semester(), "users/alice", "indices/user/usernames/alicename", timetable("carol", 1), "users/old", "indices/user/usernames/oldname")
	for j := range 20 {
		w.remove(t, fmt.Sprintf("%s/lectures/l%02d", timetable("carol", 0), j))
	}
	w.set(t, timetable("carol", 2)+"/lectures/l00", data{"title": 7})
	doc, err := w.live.Doc(timetable("carol", 2) + "/lectures/l00").Get(t.Context())
	must(t, err)
	return doc.UpdateTime
}

// usersGoOn is what users do after the backup and before the damage is noticed.
func (w *world) usersGoOn(t *testing.T) (written map[string]string) {
	t.Helper()
	w.erase(t, "bob")
	w.user(t, "dave")
	w.set(t, "users/carol/timetables/after12345", w.stamped(data{"title": "later", "visibility": "private", "semester": w.live.Doc(w.semester())}))
	w.set(t, timetable("carol", 2), w.stamped(data{"title": "renamed", "visibility": "public", "semester": w.live.Doc(w.semester())}))
	return w.dump(t, w.live)
}

// A backup is restored into another database, checked, and services switch to it: everything of the
// backup is there, and only what came after it is not.
func TestSwitchToRestoredDatabase(t *testing.T) {
	w := newWorld(t)
	before := w.dump(t, w.live)
	backup := w.backup(t)
	if found := w.check(t, w.live); found != nil {
		t.Fatalf("before the damage: %q", found)
	}
	w.usersGoOn(t)
	w.damage(t)
	if found := w.check(t, w.live); len(found) < 4 {
		t.Errorf("after the damage the check finds only %q", found)
	}
	w.restore(t, backup)
	// References may still name the database of the backup; the check says so, and they are rewritten.
	found := w.check(t, w.copy)
	if len(found) > 1 || len(found) == 1 && found[0] != "12 "+datacheck.ForeignReference.Name {
		t.Errorf("the restored database: %q", found)
	}
	for range 2 {
		_, err := copyback.Rewrite(t.Context(), w.copy, true)
		must(t, err)
	}
	if found := w.check(t, w.copy); found != nil {
		t.Errorf("the restored database after rewriting references: %q", found)
	}
	after := w.dump(t, w.copy)
	for path, fields := range before {
		if got := strings.ReplaceAll(after[path], restored, gcp.DefaultDatabase); got != fields {
			t.Errorf("%s was %s, is %s", path, fields, got)
		}
	}
	if len(after) != len(before) {
		t.Errorf("%d documents, want %d", len(after), len(before))
	}
	w.switchFunctions(t)
	_, err := w.copy.Doc(timetable("alice", 0)).Delete(t.Context())
	must(t, err)
	must(t, w.Triggers.Idle(t.Context()))
	if lectures := countLectures(t, w.copy, timetable("alice", 0)); lectures != 0 {
		t.Errorf("%d lectures of a deleted timetable are left", lectures)
	}
	// The old database is left as it is, for what else may be needed from it.
	w.remove(t, timetable("dave", 0))
	must(t, w.Triggers.Idle(t.Context()))
	if lectures := countLectures(t, w.live, timetable("dave", 0)); lectures != 40 {
		t.Errorf("a function changed the old database: %d lectures are left", lectures)
	}
}

// switchFunctions starts the functions, and registers their triggers, as the table says with another
// database.
func (w *world) switchFunctions(t *testing.T) {
	t.Helper()
	for name, value := range w.Environment() {
		t.Setenv(name, value)
	}
	server := httptest.NewUnstartedServer(nil)
	place := spec.Place{Project: w.Project, Database: restored, URLs: map[string]string{
		"functions": "http://" + server.Listener.Addr().String(), "push": "http://127.0.0.1:1", // nobody has a device
	}}
	env, err := deployment.Table().Environment("functions", place)
	must(t, err)
	maps.Copy(env, w.Environment())
	service, err := functions.Open(t.Context(), environment.Map(env), slog.New(slog.DiscardHandler))
	must(t, err)
	t.Cleanup(func() { service.Close() })
	server.Config.Handler = service.Handler
	server.Start()
	t.Cleanup(server.Close)
	for _, tr := range deployment.Table().Triggers {
		must(t, w.Triggers.Register(triggers.Trigger{
			Name: tr.ID, Event: triggers.EventType(tr.Event), Database: tr.DatabaseAt(place), Document: tr.Document,
			URL: server.URL + tr.Target.Path, Audience: server.URL, ServiceAccount: spec.Email(w.Project, tr.Target.Account),
		}))
	}
}

func countLectures(t *testing.T, client *firestore.Client, path string) int {
	t.Helper()
	refs, err := client.Collection(path + "/lectures").DocumentRefs(t.Context()).GetAll()
	must(t, err)
	return len(refs)
}

var errKilled = errors.New("killed")

// killAt returns an interceptor that fails the nth commit and everything after it: before it reaches the
// server if lost, otherwise after it has been applied.
func killAt(n int, lost bool) grpc.DialOption {
	commits := 0
	return grpc.WithUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if commit, ok := req.(*firestorepb.CommitRequest); ok && len(commit.Writes) > 0 {
			commits++
			if commits > n || commits == n && lost {
				return errKilled
			}
			if commits == n {
				return errors.Join(invoke(ctx, method, req, reply, cc, opts...), errKilled)
			}
		}
		return invoke(ctx, method, req, reply, cc, opts...)
	})
}

// What was lost is copied back, however often the copy is killed and repeated: the check finds nothing
// any more, what users wrote after the backup stays, and a deleted account stays deleted.
//
// It is long because it rehearses the whole procedure.
func TestCopyBack(t *testing.T) {
	w := newWorld(t)
	backup := w.backup(t)
	written := w.usersGoOn(t)
	over := w.damage(t)
	w.restore(t, backup)
	cfg := w.config(w.copy, w.live)
	cfg.Damage = copyback.Period{From: over, Until: over}
	var reasons []string
	cfg.Skipped = func(path, reason string) { reasons = append(reasons, path+": "+reason) }

	// A dry run writes nothing, and counts what the copy will write.
	damaged := w.dump(t, w.live)
	cfg.Write = false
	plan, err := copyback.Copy(t.Context(), cfg, "users")
	must(t, err)
	if got := w.dump(t, w.live); !maps.Equal(got, damaged) || plan.Writes > 0 {
		t.Error("a dry run has written")
	}
	cfg.Write = true
	runs, done := 0, copyback.Report{}
	for finished := false; !finished; runs++ {
		killed := cfg
		killed.To = w.open(t, gcp.DefaultDatabase, killAt(2, runs%2 == 0))
		finished = true
		for _, path := range []string{"credentials", "schools", "users"} {
			r, err := copyback.Copy(t.Context(), killed, path)
			done.Created += r.Created
			if err != nil && !strings.Contains(err.Error(), errKilled.Error()) {
				t.Fatal(err)
			}
			finished = finished && err == nil
		}
		if runs > 30 {
			t.Fatal("the copy never finishes")
		}
	}
	if runs < 3 {
		t.Errorf("the copy was killed only %d times", runs-1)
	}
	reasons = nil
	again, err := copyback.Copy(t.Context(), cfg, "users")
	must(t, err)
	if again.Created+again.Replaced+again.Writes != 0 || plan.Created+plan.Replaced == 0 {
		t.Errorf("again: %+v; the plan was %+v", again, plan)
	}
	if found := w.check(t, w.live); found != nil {
		t.Errorf("after the copy: %q", found)
	}
	after := w.dump(t, w.live)
	for path, fields := range written {
		if after[path] != fields {
			t.Errorf("%s was %s, is %s", path, fields, after[path])
		}
	}
	if len(after) != len(written) {
		t.Errorf("%d documents, want %d", len(after), len(written))
	}
	for _, want := range []string{"users/bob: the user has no account: it may have been deleted since the backup", timetable("carol", 2) + ": it differs, and was last written at "} {
		if !slices.ContainsFunc(reasons, func(r string) bool { return strings.HasPrefix(r, want) }) {
			t.Errorf("skipped %.300q, want %s", reasons, want)
		}
	}
}

// Small damage is undone from the past of the same database, without a backup.
func TestCopyFromThePast(t *testing.T) {
	w := newWorld(t)
	before := w.dump(t, w.live)
	doc, err := w.live.Doc("users/carol").Get(t.Context())
	must(t, err)
	past := w.open(t, gcp.DefaultDatabase)
	past.WithReadOptions(firestore.ReadTime(doc.ReadTime))
	over := w.damage(t)
	if found := w.check(t, past); found != nil {
		t.Errorf("the past: %q", found)
	}
	cfg := w.config(past, w.live)
	cfg.Damage = copyback.Period{From: over, Until: over}
	for _, path := range []string{"schools", "users/alice", "users/carol", "users/old"} {
		_, err := copyback.Copy(t.Context(), cfg, path)
		must(t, err)
	}
	if found := w.check(t, w.live); found != nil {
		t.Errorf("after the copy: %q", found)
	}
	if after := w.dump(t, w.live); !maps.Equal(after, before) {
		t.Errorf("%d documents, want %d with the same contents", len(after), len(before))
	}
}

// Documents that must not come back are skipped, each with its reason.
func TestSkipped(t *testing.T) {
	w := newWorld(t)
	w.restore(t, w.backup(t))
	key := "credentials/" + credential.Key("old@example.com")
	for name, c := range map[string]struct {
		prepare func()
		path    string
		want    string
	}{
		"differs":       {func() { w.set(t, timetable("alice", 0), data{"title": "new"}) }, timetable("alice", 0), "it differs"},
		"being deleted": {func() { w.set(t, "deletions/bob", data{}); w.remove(t, "users/bob") }, "users/bob", "the account is being deleted"},
		"name is taken": {func() {
			w.remove(t, "users/carol")
			w.set(t, "indices/user/usernames/carolname", data{"value": "alice"})
		}, "users/carol", `the name "carolname" belongs to alice now`},
		"other name":            {func() { w.set(t, "users/alice", w.stamped(data{"username": "alicia"})) }, "users/alice", "the user has chosen another name"},
		"index without user":    {func() { w.remove(t, "users/alice", "indices/user/usernames/alicename") }, "indices", "no user has this name"},
		"lecture without above": {func() { w.remove(t, timetable("alice", 2), timetable("alice", 2)+"/lectures/l00") }, timetable("alice", 2) + "/lectures", "the document above it is missing"},
		"credential used":       {func() { w.accounts["old"] = true; w.remove(t, key) }, "credentials", "the user has signed in since, with another password hash"},
		"credential of nobody":  {func() { delete(w.accounts, "old"); w.remove(t, key, "users/old") }, "credentials", "the user has no account: it may have been deleted since the backup"},
	} {
		c.prepare()
		before := w.dump(t, w.live)
		cfg := w.config(w.copy, w.live)
		var reasons []string
		cfg.Skipped = func(path, reason string) { reasons = append(reasons, path+": "+reason) }
		r, err := copyback.Copy(t.Context(), cfg, c.path)
		if err != nil || r.Skipped != len(reasons) || !slices.ContainsFunc(reasons, func(r string) bool { return strings.Contains(r, ": "+c.want) }) {
			t.Errorf("%s: skipped %q, %v; want %q", name, reasons, err, c.want)
		}
		after := w.dump(t, w.live)
		for path, fields := range before {
			if after[path] != fields {
				t.Errorf("%s: %s was overwritten", name, path)
			}
		}
		// Everything is as it was for the next case.
		for path := range after {
			w.remove(t, path)
		}
		w.reset(t)
	}
	for _, path := range []string{"deletions", "attempts/a", "sweeps/state", "schedules", "backup/x"} {
		if _, err := copyback.Copy(t.Context(), w.config(w.copy, w.live), path); err == nil {
			t.Errorf("%s can be copied", path)
		}
	}
}

// reset copies everything from the backup, which also tests that an empty database can be filled.
func (w *world) reset(t *testing.T) {
	t.Helper()
	w.accounts = map[string]bool{"alice": true, "bob": true, "carol": true}
	cfg := w.config(w.copy, w.live)
	cfg.WithoutAccount = true
	for _, path := range []string{"credentials", "schools", "users"} {
		_, err := copyback.Copy(t.Context(), cfg, path)
		must(t, err)
	}
	if found := w.check(t, w.live); found != nil {
		t.Fatalf("a database that was copied whole: %q", found)
	}
}
