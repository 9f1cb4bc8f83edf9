package main

import (
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/holdtimes"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrationtest/oldserver"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// moveWorld is an old database and a local cloud, which the environment's variables name.
type moveWorld struct {
	t        *testing.T
	cloud    *emulatortest.Cloud
	client   *firestore.Client
	database *postgrestest.Database
	old      *legacydb.DB
}

// newMoveWorld returns one whose old database has no dirt.
func newMoveWorld(t *testing.T, users int) *moveWorld {
	t.Helper()
	return newMoveWorldOf(t, olddata.Config{Users: users, Clean: true})
}

// newDirtyMoveWorld returns one whose old database has some of everything.
func newDirtyMoveWorld(t *testing.T, users int) *moveWorld {
	t.Helper()
	return newMoveWorldOf(t, olddata.Config{Users: users, LecturesPerUser: 2})
}

func newMoveWorldOf(t *testing.T, data olddata.Config) *moveWorld {
	t.Helper()
	w := &moveWorld{t: t, database: postgrestest.NewDatabase(t, olddata.Schema), cloud: emulatortest.Start(t, emulatortest.Project(t, ""))}
	w.client = w.cloud.FirestoreClient(t)
	conn, err := pgx.Connect(t.Context(), w.database.URL())
	w.must(err)
	_, err = olddata.Fill(t.Context(), conn, olddata.New(data))
	w.must(err)
	w.must(conn.Close(t.Context()))
	w.old, err = legacydb.Open(t.Context(), legacydb.Config{URL: w.database.URL(), Mapping: legacydb.Default()})
	w.must(err)
	t.Cleanup(w.old.Close)
	for name, value := range w.cloud.Environment() {
		t.Setenv(name, value)
	}
	t.Setenv(oldDatabaseVariable, w.database.URL())
	return w
}

func (w *moveWorld) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// run runs a command and expects a text in its output.
func (w *moveWorld) run(ok bool, want string, args ...string) string {
	w.t.Helper()
	out, errs, success := output(w.t, args...)
	oneLine := func(text string) string { return strings.Join(strings.Fields(text), " ") } // it may be wrapped
	if success != ok || !strings.Contains(oneLine(out+errs), oneLine(want)) {
		w.t.Errorf("%v: success = %v, want %v with %q\n%s%s", args, success, ok, want, out, errs)
	}
	return out + errs
}

// rowsOf reads all rows of a kind.
func rowsOf[T legacydb.Row](w *moveWorld, r *legacydb.Reader) (rows []T) {
	w.t.Helper()
	for row, err := range legacydb.Rows[T](w.t.Context(), r, "") {
		w.must(err)
		rows = append(rows, row)
	}
	return rows
}

// copy writes the documents of all rows. Semesters are offered and have a list.
func (w *moveWorld) copy() {
	w.t.Helper()
	r, err := w.old.Reader(w.t.Context(), "")
	w.must(err)
	defer r.Close()
	users, names := rowsOf[legacydb.User](w, r), conversion.NewNames(w.old.Mapping)
	for _, user := range users {
		names.Put(user)
	}
	schools, semesters := rowsOf[legacydb.School](w, r), rowsOf[legacydb.Semester](w, r)
	convert := conversion.New(conversion.Config{Client: w.client, Mapping: w.old.Mapping, Schools: schools, Semesters: semesters, Names: names})
	docs := map[string]*conversion.Document{}
	add := func(doc *conversion.Document, _ []conversion.Finding) {
		if doc != nil {
			docs[doc.Path()] = doc
		}
	}
	for _, row := range schools {
		add(convert.School(row))
	}
	for _, row := range semesters {
		doc, _ := convert.Semester(row)
		doc.Fields[schema.FieldStatus], doc.Fields[schema.FieldLecturesURL] = string(schema.StatusNormal), "gs://lists/x.json"
		add(doc, nil)
	}
	for _, row := range users {
		all, _ := convert.User(row)
		for _, doc := range all.All() {
			add(doc, nil)
		}
	}
	for _, row := range rowsOf[legacydb.Timetable](w, r) {
		add(convert.Timetable(row))
	}
	for _, row := range rowsOf[legacydb.Lecture](w, r) {
		add(convert.Lecture(row))
	}
	writer := w.client.BulkWriter(w.t.Context())
	for _, doc := range docs {
		_, err := writer.Set(doc.Ref, doc.Fields)
		w.must(err)
	}
	writer.End()
	w.copied()
}

// copied says that there is a copy.
func (w *moveWorld) copied() {
	w.t.Helper()
	now := time.Now()
	_, err := schema.MigrationCopyRef(w.client).Set(w.t.Context(), schema.MigrationCopy{StartedAt: now, FinishedAt: now}.Fields())
	w.must(err)
}

// A move's state is shown, both sides are compared, and the result is stored.
func TestMigrateVerifyAndStatus(t *testing.T) {
	w := newMoveWorld(t, 8)
	ctx := t.Context()
	w.run(true, "heektime migrate plan", "migrate", "status")
	w.copied()
	w.run(true, "reads", "migrate", "verify", "--dry-run")
	w.run(false, "want schools, accounts or timetables", "migrate", "verify", "--kind", "users")
	w.run(false, "--compat needs --api", "migrate", "verify", "--compat", "http://127.0.0.1:1")

	text := w.run(false, "users: the row has no document (may only be late)", "migrate", "verify")
	if !strings.Contains(text, "is heektime migrate follow running?") {
		t.Errorf("without follow:\n%s", text)
	}
	w.copy()
	w.run(true, "both sides are equal", "migrate", "verify")
	held := holdtimes.NewRecorder(w.client, slog.New(slog.DiscardHandler))
	for _, d := range []time.Duration{time.Second, 1500 * time.Millisecond} {
		held.Held(state.State{Kind: state.Accounts, Migration: schema.Migration{Phase: state.PhaseNew, Toward: state.New}}, d)
	}
	held.Close()
	w.run(true, "all 8 users", "migrate", "status")
	w.run(true, "accounts, now new: 2 writes, p50 1.02 s, p99 1.50 s, longest 1.50 s", "migrate", "status")

	slot := "verify_command_test"
	_, err := w.old.Pool.Exec(ctx, "SELECT pg_create_logical_replication_slot($1, 'pgoutput')", slot)
	w.must(err)
	_, err = schema.MigrationPositionRef(w.client).Set(ctx, schema.MigrationPosition{Slot: slot}.Fields())
	w.must(err)
	users, err := schema.Users(w.client).Limit(1).Documents(ctx).GetAll()
	w.must(err)
	_, err = users[0].Ref.Update(ctx, []firestore.Update{{Path: schema.FieldUsername, Value: "다른아이디"}})
	w.must(err)
	_, err = w.old.Pool.Exec(ctx, "UPDATE schools SET name = name") // the slot does not move
	w.must(err)
	file := filepath.Join(t.TempDir(), "differences.jsonl")
	w.run(false, "users: the field username differs", "migrate", "verify", "--output", file, "--patience", "1ms")
	if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), `"field":"username"`) || !strings.Contains(string(text), "다른아이디") {
		t.Errorf("the file with all differences has %s (%v)", text, err)
	}
	w.run(true, "difference that may only be late", "migrate", "status")
	w.run(true, `"unconfirmed":1`, "migrate", "status", "--json")
	w.run(true, "both sides", "migrate", "verify", "--kind", "timetables")
	w.run(true, "2 users", "migrate", "verify", "--kind", "timetables", "--sample", "2")
	_, err = w.old.Pool.Exec(ctx, "SELECT pg_drop_replication_slot($1)", slot)
	w.must(err)
	t.Setenv(oldDatabaseVariable, "")
	w.run(true, "set OLD_DATABASE_URL", "migrate", "status")
}

// The same requests have the same responses from the old server and from compat-server.
func TestMigrateVerifyAPI(t *testing.T) {
	w := newMoveWorld(t, 8)
	w.copy()
	old := oldserver.Start(t, w.database.URL(), oldserver.Config{})
	key := strings.Repeat("A", 42) + "A="
	variables := w.cloud.Environment()
	for name, value := range map[string]string{
		"FIREBASE_API_KEY": "local", "PUBLIC_URL": "http://compat.test", "END_DATE": "2099-01-01", "TOKEN_KEY": key, "PASSWORD_ROUNDS": "1000",
	} {
		variables[name] = value
	}
	service, err := services["compat-server"](t.Context(), environment.Map(variables), slog.New(slog.DiscardHandler))
	w.must(err)
	t.Cleanup(func() { service.Close() })
	compat := httptest.NewServer(service.Handler)
	t.Cleanup(compat.Close)
	verify := []string{"migrate", "verify", "--patience", "1ms", "--api", old.URL, "--compat", compat.URL}
	w.run(true, "comparing only what signed-out apps see", verify...)
	t.Setenv("TOKEN_KEY", key)
	t.Setenv("OLD_TOKEN_KEY", oldserver.Key)
	if text := w.run(true, "old apps see the same on both sides", verify...); strings.Contains(text, "signed-out") {
		t.Errorf("with both keys:\n%s", text)
	}
	w.run(false, "OLD_SERVER_URL", "migrate", "verify", "--api", old.URL, "--compat", old.URL)

	// Without --compat, the command has a server of its own, with a key of its own.
	t.Setenv("TOKEN_KEY", "")
	t.Setenv("OLD_SERVER_URL", old.URL)
	if text := w.run(true, "old apps see the same on both sides", "migrate", "verify", "--patience", "1ms", "--api", old.URL); strings.Contains(text, "signed-out") {
		t.Errorf("with a compat-server of its own:\n%s", text)
	}

	// A semester that only the old database has is hidden, which is no reason to stop.
	_, err = w.old.Pool.Exec(t.Context(), "INSERT INTO semesters VALUES ('korea_univ_anam/2015-1학기', 'korea_univ_anam', 2015, '1학기')")
	w.must(err)
	hidden := schema.Semester{Year: 2015, Term: "1학기", Status: schema.StatusHidden}.Fields()
	_, err = schema.SemesterRef(w.client, "고려대학교-서울", "2015-0300").Set(t.Context(), hidden)
	w.must(err)
	own := []string{"migrate", "verify", "--patience", "1ms", "--api", old.URL}
	w.run(true, "GET /schools: semester: the semester is hidden: the school file does not offer it", own...)
	_, err = schema.SemesterRef(w.client, "고려대학교-서울", "2015-0300").Delete(t.Context())
	w.must(err)
	w.run(false, "1 × GET /schools: semester /schools korea_univ_anam/2015-1학기", own...)
}
