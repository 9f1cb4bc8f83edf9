package comparison_test

import (
	"context"
	"slices"
	"testing"

	"cloud.google.com/go/firestore"
	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/migration/comparison"
	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
	"heek.kr/heektime/internal/schema"
)

// world is an old database with demo data, and a local cloud.
type world struct {
	*emulatortest.Cloud
	t         testing.TB
	old       *legacydb.DB
	client    *firestore.Client
	generator *olddata.Generator
}

func newWorld(t testing.TB, data olddata.Config) *world {
	t.Helper()
	database := postgrestest.NewDatabase(t, olddata.Schema)
	w := &world{Cloud: emulatortest.Start(t), t: t, generator: olddata.New(data)}
	w.client = w.FirestoreClient(t)
	conn, err := pgx.Connect(t.Context(), database.URL())
	w.must(err)
	_, err = olddata.Fill(t.Context(), conn, w.generator)
	w.must(err)
	w.must(conn.Close(t.Context()))
	w.old, err = legacydb.Open(t.Context(), legacydb.Config{URL: database.URL(), Mapping: legacydb.Default()})
	w.must(err)
	t.Cleanup(w.old.Close)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	_, err := w.old.Pool.Exec(w.t.Context(), sql, args...)
	w.must(err)
}

// converter returns a converter of the database as it is now.
func (w *world) converter(ctx context.Context, r *legacydb.Reader) (*conversion.Converter, []legacydb.User, error) {
	schools, err := collect[legacydb.School](ctx, r)
	if err != nil {
		return nil, nil, err
	}
	semesters, err := collect[legacydb.Semester](ctx, r)
	if err != nil {
		return nil, nil, err
	}
	users, err := collect[legacydb.User](ctx, r)
	if err != nil {
		return nil, nil, err
	}
	names := conversion.NewNames(w.old.Mapping)
	for _, user := range users {
		names.Put(user)
	}
	return conversion.New(conversion.Config{
		Client: w.client, Mapping: w.old.Mapping, Schools: schools, Semesters: semesters, Names: names,
	}), users, nil
}

func collect[T legacydb.Row](ctx context.Context, r *legacydb.Reader) (rows []T, err error) {
	for row, err := range legacydb.Rows[T](ctx, r, "") {
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// copyAll writes all documents.
func (w *world) copyAll() {
	w.t.Helper()
	w.must(w.follow(w.t.Context(), nil))
}

// follow brings the documents of users to what their rows say now, those of everyone if uids is nil. It stands
// for heektime migrate copy and follow.
func (w *world) follow(ctx context.Context, uids []string) error {
	wanted, err := w.documents(ctx, uids)
	if err != nil {
		return err
	}
	writer := w.client.BulkWriter(ctx)
	defer writer.End()
	for _, uid := range uids {
		existing, err := w.existing(ctx, uid)
		if err != nil {
			return err
		}
		for _, doc := range existing {
			if wanted[schema.Path(doc.Ref)] == nil {
				writer.Delete(doc.Ref)
			}
		}
	}
	for _, doc := range wanted {
		writer.Set(doc.Ref, doc.Fields)
	}
	return nil
}

// documents returns what the rows of users convert to, by path, with schools if uids is nil.
func (w *world) documents(ctx context.Context, uids []string) (map[string]*conversion.Document, error) {
	r, err := w.old.Reader(ctx, "")
	if err != nil {
		return nil, err
	}
	defer r.Close()
	convert, users, err := w.converter(ctx, r)
	if err != nil {
		return nil, err
	}
	all := map[string]*conversion.Document{}
	add := func(doc *conversion.Document) {
		if doc != nil {
			all[doc.Path()] = doc
		}
	}
	if uids == nil {
		for row := range legacydb.Rows[legacydb.School](ctx, r, "") {
			doc, _ := convert.School(row)
			add(doc)
		}
		for row := range legacydb.Rows[legacydb.Semester](ctx, r, "") {
			doc, _ := convert.Semester(row)
			add(doc)
		}
	}
	var keys, ids []string
	for _, user := range users {
		if uids == nil || slices.Contains(uids, user.ID) {
			keys = append(keys, user.ID)
			if docs, _ := convert.User(user); docs != nil {
				for _, doc := range docs.All() {
					add(doc)
				}
			}
		}
	}
	timetables, err := legacydb.ByParent[legacydb.Timetable](ctx, r, keys)
	if err != nil {
		return nil, err
	}
	for _, row := range timetables {
		doc, _ := convert.Timetable(row)
		add(doc)
		ids = append(ids, row.ID)
	}
	lectures, err := legacydb.ByParent[legacydb.Lecture](ctx, r, ids)
	if err != nil {
		return nil, err
	}
	for _, row := range lectures {
		doc, _ := convert.Lecture(row)
		add(doc)
	}
	return all, nil
}

// existing returns the documents that a user has, but for users/{uid}.
func (w *world) existing(ctx context.Context, uid string) (all []*firestore.DocumentSnapshot, err error) {
	user := schema.UserRef(w.client, uid)
	from, before, err := schema.NamesAt(w.client, schema.Path(user))
	if err != nil {
		return nil, err
	}
	for _, q := range []firestore.Query{
		schema.UsernamesOf(w.client, uid), schema.CredentialsOf(w.client, uid), schema.Timetables(user).Query,
		schema.InGroup(w.client, schema.LectureDocument.Collection(), from, before),
	} {
		docs, err := q.Documents(ctx).GetAll()
		if err != nil {
			return nil, err
		}
		all = append(all, docs...)
	}
	return all, nil
}

// run compares everything with both sides at rest, or as set changes the configuration.
func (w *world) run(set func(*comparison.Config)) *comparison.Report {
	w.t.Helper()
	cfg := comparison.Config{Old: w.old, Firestore: w.client}
	if set != nil {
		set(&cfg)
	}
	report, err := comparison.Run(w.t.Context(), cfg)
	w.must(err)
	return report
}

// arrived is a stream in which everything has arrived.
func arrived(context.Context) error { return nil }

// cleanUsers returns users of the generator without dirt who have a lecture.
func (w *world) cleanUsers(n int) (users []*olddata.User) {
	w.t.Helper()
	for i := range w.generator.Len() {
		u := w.generator.User(i)
		if u.Dirt == "" && len(u.Timetables) > 0 && len(u.Timetables[0].Lectures) > 0 {
			if users = append(users, u); len(users) == n {
				return users
			}
		}
	}
	w.t.Fatalf("the demo data has only %d clean users with lectures", len(users))
	return nil
}

// documents of a user of the generator.
func (w *world) user(u *olddata.User) *firestore.DocumentRef { return schema.UserRef(w.client, u.ID) }
func (w *world) timetable(u *olddata.User) *firestore.DocumentRef {
	return schema.TimetableRef(w.user(u), u.Timetables[0].ID)
}
func (w *world) lecture(u *olddata.User) *firestore.DocumentRef {
	return schema.LectureRef(w.timetable(u), u.Timetables[0].Lectures[0].ID)
}
