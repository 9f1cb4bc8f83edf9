package reverse

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/jackc/pgx/v5"
	"google.golang.org/api/iterator"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
	"heek.kr/heektime/internal/migration/passwords"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// world is both sides after a switch, equal.
type world struct {
	t        *testing.T
	cloud    *emulatortest.Cloud
	client   *firestore.Client
	listener Listener
	name     string
	url      string
	db       *legacydb.DB
	accounts *accounts
	log      *logBuffer
}

// accounts are the accounts in Authentication.
type accounts struct {
	mu        sync.Mutex
	names     map[string]string
	passwords map[string]bool
}

func (a *accounts) DisplayName(_ context.Context, uid string) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.names[uid], nil
}

func (a *accounts) WithPassword(context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		a.mu.Lock()
		defer a.mu.Unlock()
		for uid := range a.passwords {
			if !yield(uid, nil) {
				return
			}
		}
	}
}

func (a *accounts) setPassword(uid string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.passwords[uid] = true
}

// logBuffer keeps what was logged.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// newWorld returns a world with some users of the demo database, on a server that many tests share.
func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOn(t, postgrestest.NewDatabase(t, olddata.Schema))
}

func newWorldOn(t *testing.T, database *postgrestest.Database) *world {
	t.Helper()
	w := &world{
		t: t, cloud: emulatortest.Start(t), url: database.URL(), log: &logBuffer{},
		accounts: &accounts{names: map[string]string{}, passwords: map[string]bool{}},
	}
	w.client = w.cloud.FirestoreClient(t)
	w.listener, w.name = newListener(t, w.cloud)
	conn, err := pgx.Connect(t.Context(), w.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := olddata.Fill(t.Context(), conn, olddata.New(olddata.Config{Users: 30, LecturesPerUser: 4})); err != nil {
		t.Fatal(err)
	}
	if err := InstallOn(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	if w.db, err = legacydb.Open(t.Context(), legacydb.Config{URL: w.url, Mapping: legacydb.Default()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.db.Close)
	known, err := passwords.Open(t.Context(), w.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer known.Close(context.WithoutCancel(t.Context()))
	for _, doc := range w.converted() {
		w.set(doc.Ref, doc.Fields)
		if hash, ok := doc.Fields[schema.FieldHash].(string); ok {
			hashes := []passwords.Hash{{UID: doc.Fields[schema.FieldUID].(string), Credential: doc.Ref.ID, Text: hash}}
			if err := known.First(t.Context(), hashes); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.phase(state.Accounts, state.PhaseNew)
	w.phase(state.Timetables, state.PhaseNew)
	now, _ := w.client.Doc("migrations/position").Get(t.Context())
	for _, kind := range []Kind{state.Accounts, state.Timetables} {
		if err := Begin(t.Context(), conn, kind, now.ReadTime); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *world) phase(kind Kind, phase state.Phase) {
	w.t.Helper()
	toward := state.Old
	if phase == state.PhaseNew {
		toward = state.New
	}
	table := map[Kind]string{state.Accounts: "users", state.Timetables: "lectures"}[kind]
	if phase == state.PhaseNew {
		w.exec(`CREATE OR REPLACE FUNCTION heektime_migration.guard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`)
		w.exec(fmt.Sprintf(`CREATE OR REPLACE TRIGGER %[1]s_final BEFORE INSERT ON %[2]s FOR EACH STATEMENT
			EXECUTE FUNCTION heektime_migration.guard('%[1]s', 'final')`, kind, table))
	} else {
		w.exec(fmt.Sprintf("DROP TRIGGER IF EXISTS %s_final ON %s", kind, table))
	}
	w.set(schema.MigrationRef(w.client, kind), schema.Migration{Phase: phase, Toward: toward, WasNew: true, Change: rand.Text()})
}

func (w *world) set(ref *firestore.DocumentRef, value any) {
	w.t.Helper()
	if _, err := ref.Set(w.t.Context(), value); err != nil {
		w.t.Fatal(err)
	}
}

// commit makes several writes at the same time.
func (w *world) commit(do func(tx *firestore.Transaction) error) {
	w.t.Helper()
	err := w.client.RunTransaction(w.t.Context(), func(_ context.Context, tx *firestore.Transaction) error { return do(tx) })
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) converter() *conversion.Converter {
	w.t.Helper()
	converter, err := documentwriter.LoadConverter(w.t.Context(), w.client, w.db)
	if err != nil {
		w.t.Fatal(err)
	}
	return converter
}

// converted returns the documents that the old database converts to, by path.
func (w *world) converted() map[string]*conversion.Document {
	w.t.Helper()
	converter := w.converter()
	reader, err := w.db.Reader(w.t.Context(), "")
	if err != nil {
		w.t.Fatal(err)
	}
	defer reader.Close()
	docs := map[string]*conversion.Document{}
	add := func(doc *conversion.Document) {
		if doc != nil {
			docs[doc.Path()] = doc
		}
	}
	for row, err := range legacydb.Rows[legacydb.User](w.t.Context(), reader, "") {
		if err != nil {
			w.t.Fatal(err)
		}
		if documents, _ := converter.User(row); documents != nil {
			add(documents.User)
			add(documents.Credential)
		}
	}
	for row, err := range legacydb.Rows[legacydb.Timetable](w.t.Context(), reader, "") {
		if err != nil {
			w.t.Fatal(err)
		}
		doc, _ := converter.Timetable(row)
		add(doc)
	}
	for row, err := range legacydb.Rows[legacydb.Lecture](w.t.Context(), reader, "") {
		if err != nil {
			w.t.Fatal(err)
		}
		doc, _ := converter.Lecture(row)
		add(doc)
	}
	return docs
}

func (w *world) config() Config {
	return Config{
		DB: w.db, Client: w.client, Listener: w.listener, Database: w.name, Converter: w.converter(), Accounts: w.accounts,
		Log: slog.New(slog.NewTextHandler(w.log, nil)),
	}
}

// run runs the way back until the returned function is called, which fails the test if it has ended
// by itself.
func (w *world) run(set ...func(*Config)) (stop func()) {
	w.t.Helper()
	cfg := w.config()
	for _, s := range set {
		s(&cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, cfg) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				w.t.Errorf("the way back ended: %v\n%s", err, w.log)
			}
		})
	}
	w.t.Cleanup(stop)
	return stop
}

// arrive waits until everything that was written to Firestore is applied.
func (w *world) arrive() {
	w.t.Helper()
	w.arriveWith(rand.Text())
}

func (w *world) arriveWith(mark string) {
	w.t.Helper()
	w.set(schema.MigrationMarkRef(w.client), schema.MigrationMark{Mark: mark}.Fields())
	w.awaitApplied(mark)
}

// awaitApplied waits until a mark that was written is applied.
func (w *world) awaitApplied(mark string) {
	w.t.Helper()
	for {
		applied, err := Applied(w.t.Context(), w.db.Pool, mark)
		if err == nil && applied {
			return
		}
		select {
		case <-w.t.Context().Done():
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// documents reads all documents of users, timetables and lectures.
func (w *world) documents() map[string]*conversion.Document {
	w.t.Helper()
	docs := map[string]*conversion.Document{}
	for _, d := range []schema.Document{schema.UserDocument, schema.TimetableDocument, schema.LectureDocument} {
		found := w.client.CollectionGroup(d.Collection()).Documents(w.t.Context())
		for {
			snap, err := found.Next()
			if errors.Is(err, iterator.Done) {
				break
			}
			if err != nil {
				w.t.Fatal(err)
			}
			docs[schema.Path(snap.Ref)] = &conversion.Document{Ref: snap.Ref, Fields: snap.Data()}
		}
	}
	return docs
}

// check compares both sides: the old database has a row for each document that has a place there, and
// each row converts to its document.
func (w *world) check() {
	w.t.Helper()
	want := map[string]string{}
	all := w.documents()
	for path, doc := range all {
		placed := true
		for p := path; strings.Count(p, "/") > 0; p = parentOrRoot(p) {
			d := all[p]
			private := strings.Count(p, "/") == 3 && d != nil && d.Fields[schema.FieldVisibility] != string(schema.Public)
			placed = placed && d != nil && !private
		}
		if placed {
			want[path] = string(conversion.Canonical(doc))
		}
	}
	got := map[string]string{}
	ids := w.ids()
	for path, doc := range w.converted() {
		if strings.HasPrefix(path, schema.CredentialDocument.Collection()+"/") {
			continue
		}
		got[originalPath(path, ids)] = string(conversion.Canonical(doc))
	}
	problems := 0
	report := func(format string, args ...any) {
		if problems++; problems <= 10 {
			w.t.Errorf(format, args...)
		}
	}
	for path, text := range want {
		if got[path] != text {
			report("%s: the old database has\n%s\nwant\n%s", path, got[path], text)
		}
	}
	for path := range got {
		if want[path] == "" {
			report("%s is in the old database only", path)
		}
	}
	if problems > 0 {
		w.t.Errorf("%d problems\n%s", problems, w.log)
	}
}

func parentOrRoot(path string) string {
	if strings.Count(path, "/") < 2 {
		return ""
	}
	return parentOf(path)
}

// ids returns the last segments of documents' paths by their keys.
func (w *world) ids() map[string]string {
	w.t.Helper()
	rows, err := w.db.Pool.Query(w.t.Context(), "SELECT key, path FROM heektime_migration.ids")
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	ids := map[string]string{}
	for rows.Next() {
		var key, path string
		if err := rows.Scan(&key, &path); err != nil {
			w.t.Fatal(err)
		}
		ids[key] = path[strings.LastIndex(path, "/")+1:]
	}
	return ids
}

// originalPath replaces keys in a path by ids.
func originalPath(path string, ids map[string]string) string {
	segments := strings.Split(path, "/")
	for i := 1; i < len(segments); i += 2 {
		if id := ids[segments[i]]; id != "" {
			segments[i] = id
		}
	}
	return strings.Join(segments, "/")
}

func (w *world) queryRow(sql string, args ...any) (text string) {
	w.t.Helper()
	var value *string
	err := w.db.Pool.QueryRow(w.t.Context(), sql, args...).Scan(&value)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "no row"
	case err != nil:
		w.t.Fatalf("%s: %v", sql, err)
	case value == nil:
		return "NULL"
	}
	return *value
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Pool.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

// anyPath returns the path of some document of a sort that has a row.
func (w *world) anyPath(d schema.Document) string {
	w.t.Helper()
	for path := range w.converted() {
		if found := schema.DocumentAt(path); found != nil && found.Path == d.Path {
			return path
		}
	}
	w.t.Fatalf("the world has no %s", d.Path)
	return ""
}
