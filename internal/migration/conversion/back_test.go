package conversion_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
	"heek.kr/heektime/internal/schema"
)

// changed is a document with other fields.
func changed(doc *conversion.Document, fields map[string]any) conversion.Document {
	next := conversion.Document{Ref: doc.Ref, Fields: conversion.AsRead(doc.Fields)}
	for name, value := range fields {
		if next.Fields[name] = value; value == nil {
			delete(next.Fields, name)
		}
	}
	return next
}

// What nobody changed on the new side stays in the old database, however dirty.
func TestBackKeepsWhatDidNotChange(t *testing.T) {
	c := converter(t, legacydb.Default())
	long := ptr(strings.Repeat("가", 500))
	later := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)

	row := cleanTimetable()
	row.Title, row.CreatedAt = long, ptr("-infinity")
	doc, _ := c.Timetable(row)
	back, aside := c.TimetableRow(changed(doc, map[string]any{"updatedAt": later}), &row)
	if len(aside) != 0 || *back.Title != *long || *back.CreatedAt != "-infinity" || *back.UpdatedAt != "2026-01-02 12:04:05.000006+09:00:00" {
		t.Errorf("timetable %v %v, aside %v", *back.CreatedAt, *back.UpdatedAt, aside)
	}
	back, _ = c.TimetableRow(changed(doc, map[string]any{"title": "새 이름", "semester": client(t).Doc("schools/고려대학교-서울/semesters/2026-0300")}), &row)
	if *back.Title != "새 이름" || *back.SemesterID != "korea_univ_anam/2026-1학기" || *back.CreatedAt != "-infinity" {
		t.Errorf("timetable %+v", back)
	}

	lecture := cleanLecture()
	lecture.Times = ptr(`[{"weekday":7,"timeBegin":1,"timeEnd":0},{"weekday":1,"timeBegin":600,"timeEnd":660,"room":null}]`)
	lecture.Tags, lecture.Credit = ptr(`["영강",null,"영강"]`), ptr("NaN")
	doc, _ = c.Lecture(lecture)
	same, aside := c.LectureRow(changed(doc, map[string]any{"title": "새 이름"}), &lecture)
	if len(aside) != 0 || *same.Times != *lecture.Times || *same.Tags != *lecture.Tags || *same.Credit != "NaN" || *same.Title != "새 이름" {
		t.Errorf("lecture %+v, aside %v", same, aside)
	}
	times := []any{map[string]any{"weekday": int64(2), "timeBegin": int64(60), "timeEnd": int64(120), "room": "<방>"}}
	same, _ = c.LectureRow(changed(doc, map[string]any{"times": times, "credit": int64(2)}), &lecture)
	if *same.Times != `[{"weekday":2,"timeBegin":60,"timeEnd":120,"room":"<방>"}]` || *same.Credit != "2" || *same.Tags != *lecture.Tags {
		t.Errorf("lecture %s %s", *same.Times, *same.Credit)
	}

	u := cleanUser()
	u.ID, u.Username, u.CreatedAt = "33333333-3333-4333-8333-333333333333", ptr("MINSU"), ptr("2023-01-01 00:00:00")
	c.Names().Put(u)
	docs, _ := c.User(u)
	person, _ := c.UserRow(changed(docs.User, map[string]any{"updatedAt": later}), &u)
	if *person.Username != "MINSU" || *person.PasswordHash != *u.PasswordHash {
		t.Errorf("user %s", *person.Username)
	}
	person, _ = c.UserRow(changed(docs.User, map[string]any{"username": "민수임"}), &u)
	if *person.Username != "민수임" {
		t.Errorf("user %s", *person.Username)
	}
}

// What has no place in the old database is returned, to be kept aside.
func TestAside(t *testing.T) {
	c := converter(t, legacydb.Default())
	timetable, _ := c.Timetable(cleanTimetable())
	for name, change := range map[string]map[string]any{
		"private":       {"visibility": "private"},
		"no visibility": {"visibility": nil},
		"no semester":   {"semester": nil},
		"new school":    {"semester": client(t).Doc("schools/새대학교/semesters/2026-0300")},
	} {
		doc := changed(timetable, change)
		if row, aside := c.TimetableRow(doc, nil); row != nil || len(aside) != len(doc.Fields) {
			t.Errorf("%s: row %+v, aside %v", name, row, aside)
		}
	}
	lecture, _ := c.Lecture(cleanLecture())
	for name, f := range map[string]struct {
		change map[string]any
		aside  string
	}{
		"nothing":          {nil, "[]"},
		"field of later":   {map[string]any{"color": "red"}, "[color]"},
		"another type":     {map[string]any{"title": int64(5)}, "[title]"},
		"NUL":              {map[string]any{"title": "a\x00b"}, "[title]"},
		"NUL in a list":    {map[string]any{"category": []any{"a\x00"}}, "[category]"},
		"meta of no tag":   {map[string]any{"metas": []any{map[string]any{"type": "color", "name": "red"}}}, "[metas]"},
		"weekday 9":        {map[string]any{"times": []any{map[string]any{"weekday": int64(9), "timeBegin": int64(1), "timeEnd": int64(2), "room": ""}}}, "[times]"},
		"timestamp absent": {map[string]any{"createdAt": nil}, "[]"},
	} {
		row, aside := c.LectureRow(changed(lecture, f.change), nil)
		if got := fmt.Sprint(reflect.ValueOf(aside).MapKeys()); row == nil || got != f.aside {
			t.Errorf("%s: aside %s, want %s", name, got, f.aside)
			continue
		}
		for _, column := range []*string{row.Title, row.Category, row.Times, row.Tags} {
			if strings.Contains(text(column), "\x00") || strings.Contains(text(column), `\u0000`) {
				t.Errorf("%s: %q contains NUL", name, text(column))
			}
		}
	}
}

func TestKeys(t *testing.T) {
	const timetable = "users/u/timetables/"
	if got := conversion.UserKey("users/" + userID); got != userID {
		t.Errorf("user %s", got)
	}
	for _, id := range []string{strings.ToUpper(timetableID), "abcdefghij", "7"} {
		if got := conversion.TimetableKey(timetable + id); got != id {
			t.Errorf("timetable %s has key %s", id, got)
		}
	}
	for _, id := range []string{strings.Repeat("x", 33), " padded", "a\x00"} {
		if got := conversion.TimetableKey(timetable + id); len(got) != 32 || strings.Trim(got, "0123456789abcdef") != "" {
			t.Errorf("timetable %q has key %q", id, got)
		}
	}
	for _, id := range []string{"abcdefghijklmnopqrst", strings.ToUpper("aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"), "{" + userID + "}"} {
		got := conversion.LectureKey(timetable + "t/lectures/" + id)
		if parsed, err := uuid.Parse(got); err != nil || parsed.Version() != 5 {
			t.Errorf("lecture %q has key %q", id, got)
		}
		if other := conversion.LectureKey(timetable + "other/lectures/" + id); other == got {
			t.Errorf("lectures with id %q of two timetables have one key", id)
		}
	}
}

// randomDocument makes documents that firestore.rules accepts.
type randomDocument struct {
	*rand.Rand
	client *firestore.Client
}

func (r randomDocument) text(limit int) string {
	alphabet := []rune("aZ09 가힣ㅋ🎓\u200d\u0301é\"\\'<>&\n\t@/%_-.$(){}[],:;你\u2028")
	runes := make([]rune, r.IntN(min(limit, 40)+1))
	if r.IntN(20) == 0 {
		runes = make([]rune, limit)
	}
	for i := range runes {
		runes[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(runes)
}

func (r randomDocument) time() time.Time {
	return time.Date(2010+r.IntN(20), time.Month(r.IntN(12)), r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1e6)*1000, time.UTC)
}

func (r randomDocument) timetable(user *firestore.DocumentRef) *conversion.Document {
	id := fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64())
	months := []string{"03", "06", "09", "12"}
	schools := []string{"고려대학교-서울", "closed_univ"}
	semester := schema.SemesterRef(r.client, schools[r.IntN(2)], schema.SemesterID(fmt.Sprintf("20%02d-%s00", 10+r.IntN(20), months[r.IntN(4)])))
	t := schema.Timetable{Title: r.text(schema.MaxTimetableTitle), Visibility: schema.Public, Semester: semester, CreatedAt: r.time(), UpdatedAt: r.time()}
	return &conversion.Document{Ref: schema.TimetableRef(user, id), Fields: t.Fields()}
}

func (r randomDocument) lecture(timetable *firestore.DocumentRef) *conversion.Document {
	var raw [16]byte
	for i := range raw {
		raw[i] = byte(r.Uint32())
	}
	id, _ := uuid.NewRandomFromReader(strings.NewReader(string(raw[:])))
	l := schema.Lecture{Identifier: r.text(schema.MaxIdentifier), Title: r.text(schema.MaxTitle), Professor: r.text(schema.MaxProfessor)}
	l.Credit = []float64{0, 1, 3, 0.5, 2.0 / 3, 100, r.Float64() * 100}[r.IntN(7)]
	for range r.IntN(schema.MaxTimes + 1) {
		begin := r.IntN(schema.MinutesPerDay)
		l.Times = append(l.Times, schema.LectureTime{
			Weekday: r.IntN(7), TimeBegin: begin, TimeEnd: begin + 1 + r.IntN(schema.MinutesPerDay-begin), Room: r.text(schema.MaxRoom),
		})
	}
	for range r.IntN(schema.MaxCategories + 1) {
		l.Category = append(l.Category, "c"+r.text(schema.MaxCategory-1))
	}
	for range r.IntN(schema.MaxMetas + 1) {
		l.Metas = append(l.Metas, schema.Tag("t"+r.text(schema.MaxMetaName-1)))
	}
	return &conversion.Document{Ref: schema.LectureRef(timetable, id.String()), Fields: l.Fields(r.time(), r.time())}
}

// A document becomes a row, which PostgreSQL stores and returns, and the row becomes the same document. It is
// long because a transaction has to write all of them.
func TestDocumentsAndBack(t *testing.T) {
	m := legacydb.Default()
	db, err := legacydb.Open(t.Context(), legacydb.Config{URL: postgrestest.NewDatabase(t, olddata.Schema).URL(), Mapping: m})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c := converter(t, m)
	r := randomDocument{rand.New(rand.NewPCG(1, 15)), client(t)}
	docs := map[string]*conversion.Document{}
	err = pgx.BeginFunc(t.Context(), db.Pool, func(tx pgx.Tx) error {
		var batch pgx.Batch
		if err := legacydb.Save(&batch, m, cleanUser()); err != nil {
			return err
		}
		if _, err := tx.Exec(t.Context(), "INSERT INTO schools VALUES ('korea_univ_anam'), ('closed_univ')"); err != nil {
			return err
		}
		for range 30 {
			timetable := r.timetable(c.UserRef(userID))
			docs[timetable.Path()] = timetable
			check(t, timetable)
			row, aside := c.TimetableRow(*timetable, nil)
			if row == nil || len(aside) > 0 {
				t.Fatalf("timetable %s: row %v, aside %v", timetable.Path(), row, aside)
			}
			if err := legacydb.Save(&batch, m, *row); err != nil {
				return err
			}
			for range 10 {
				lecture := r.lecture(timetable.Ref)
				docs[lecture.Path()] = lecture
				check(t, lecture)
				row, aside := c.LectureRow(*lecture, nil)
				if row == nil || len(aside) > 0 {
					t.Fatalf("lecture %s: row %v, aside %v", lecture.Path(), row, aside)
				}
				if err := legacydb.Save(&batch, m, *row); err != nil {
					return err
				}
			}
		}
		return tx.SendBatch(t.Context(), &batch).Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	eachDocument(t, db, c, func(doc *conversion.Document, findings []conversion.Finding, _ func() string) {
		if strings.HasSuffix(doc.Path(), userID) {
			return
		}
		if want := docs[doc.Path()]; want == nil || conversion.Hash(want) != conversion.Hash(doc) || len(findings) > 0 {
			t.Errorf("%s: %v, findings %s", doc.Path(), conversion.Compare(want, doc), describe(findings))
		}
		delete(docs, doc.Path())
	})
	for path := range docs {
		if !strings.HasSuffix(path, userID) {
			t.Errorf("%s has no row", path)
		}
	}
}

// eachDocument converts all rows of timetables and lectures. back converts the document to a row and returns
// how it differs, "" if it does not.
func eachDocument(t *testing.T, db *legacydb.DB, c *conversion.Converter, f func(doc *conversion.Document, findings []conversion.Finding, back func() string)) {
	t.Helper()
	r, err := db.Reader(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	each(t, r, func(row legacydb.Timetable) {
		doc, findings := c.Timetable(row)
		if doc == nil {
			return
		}
		f(doc, findings, func() string { back, aside := c.TimetableRow(*doc, &row); return difference(&row, back, aside) })
	})
	each(t, r, func(row legacydb.Lecture) {
		doc, findings := c.Lecture(row)
		if doc == nil {
			return
		}
		f(doc, findings, func() string { back, aside := c.LectureRow(*doc, &row); return difference(&row, back, aside) })
	})
}

func each[T legacydb.Row](t *testing.T, r *legacydb.Reader, f func(T)) {
	t.Helper()
	for row, err := range legacydb.Rows[T](t.Context(), r, "") {
		if err != nil {
			t.Fatal(err)
		}
		f(row)
	}
}

func difference[T any](row, back *T, aside conversion.Aside) string {
	if len(aside) > 0 || !reflect.DeepEqual(row, back) {
		return fmt.Sprintf("%+v, aside %v", back, aside)
	}
	return ""
}

// Every kind of dirt becomes a document that the schema allows, or is left out, and is reported; and the
// document becomes the same row.
func TestDirt(t *testing.T) {
	ctx := context.WithoutCancel(t.Context())
	database := postgrestest.NewDatabase(t, olddata.Schema)
	conn, err := pgx.Connect(ctx, database.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	g := olddata.New(olddata.Config{Users: 1200, LecturesPerUser: 4})
	if _, err := olddata.Fill(ctx, conn, g); err != nil {
		t.Fatal(err)
	}
	db, err := legacydb.Open(ctx, legacydb.Config{URL: database.URL(), Mapping: legacydb.Default()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, found := convertUsers(t, db)
	eachDocument(t, db, c, func(doc *conversion.Document, findings []conversion.Finding, back func() string) {
		check(t, doc)
		if diff := back(); diff != "" {
			t.Errorf("%s becomes another row: %s", doc.Path(), diff)
		}
	})
	// What is left out, too.
	r, err := db.Reader(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	each(t, r, func(row legacydb.Timetable) { _, f := c.Timetable(row); found[row.ID] = append(found[row.ID], f...) })
	each(t, r, func(row legacydb.Lecture) { _, f := c.Lecture(row); found[row.ID] = append(found[row.ID], f...) })

	for _, name := range olddata.Dirt() {
		u := g.Dirty(name)
		if strings.HasPrefix(name, "username differs from another in") {
			continue // either user may be the older one
		}
		ids := []string{u.ID}
		for _, t := range u.Timetables {
			ids = append(ids, t.ID)
			for _, l := range t.Lectures {
				ids = append(ids, l.ID)
			}
		}
		var all []conversion.Finding
		for _, id := range ids {
			all = append(all, found[id]...)
		}
		if fits := allowed[name]; (len(all) == 0) != fits {
			t.Errorf("%s: findings %q, want some: %v", name, describe(all), !fits)
		}
	}
}

// allowed is the dirt that the new schema can hold.
var allowed = map[string]bool{
	"username has a capital that folds to two characters": true, "username has a sharp s": true, "user's name is NULL": true, "user's name has 300 characters": true, "user was updated before they were created": true,
	"user has 60 timetables": true, "title is empty": true, "title has control characters": true,
	"timetable's semester is unknown": true, "timetable's semester is of a closed school": true, "timetable's id is in upper case": true,
	"timetable's id is short": true, "timetable has 150 lectures": true, "credit is not a multiple of anything": true,
	"time's room is NULL": true, "lecture has a time twice": true, "lecture has a tag in two forms": true,
	"lecture has two categories at one position": true, "lecture's category has no position": true,
}

// convertUsers converts all users and checks that no two share a name. It returns the findings by key.
func convertUsers(t *testing.T, db *legacydb.DB) (*conversion.Converter, map[string][]conversion.Finding) {
	t.Helper()
	r, err := db.Reader(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cfg := conversion.Config{Client: client(t), Mapping: db.Mapping, Names: conversion.NewNames(db.Mapping)}
	each(t, r, func(row legacydb.School) { cfg.Schools = append(cfg.Schools, row) })
	each(t, r, func(row legacydb.Semester) { cfg.Semesters = append(cfg.Semesters, row) })
	each(t, r, func(row legacydb.User) { cfg.Names.Put(row) })
	c := conversion.New(cfg)
	found, paths := map[string][]conversion.Finding{}, map[string]bool{}
	each(t, r, func(row legacydb.User) {
		docs, findings := c.User(row)
		found[row.ID] = findings
		for _, doc := range docs.All() {
			check(t, doc)
			if paths[doc.Path()] {
				t.Errorf("%s is the document of two users", doc.Path())
			}
			paths[doc.Path()] = true
		}
		if back, aside := c.UserRow(*docs.User, &row); difference(&row, back, aside) != "" {
			t.Errorf("user %s becomes another row: %s", row.ID, difference(&row, back, aside))
		}
		if err := schema.CheckUsername(docs.User.Fields["username"].(string)); err != nil {
			t.Error(err)
		}
	})
	return c, found
}
