// Package bothsides has an old database and a Firestore for tests of the migration, and compares them:
// what a fresh conversion of all rows gives, and what is stored.
package bothsides

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// Documents are documents in their canonical form, by path.
type Documents map[string]string

// Converted converts all rows of the old database.
func Converted(t testing.TB, fs *firestore.Client, db *legacydb.DB) Documents {
	t.Helper()
	ctx := context.Background()
	r, err := db.Reader(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c, err := documentwriter.ReadConverter(ctx, fs, db.Mapping, r)
	if err != nil {
		t.Fatal(err)
	}
	all := Documents{}
	each(t, r, func(row legacydb.School) { all.add(c.School(row)) })
	each(t, r, func(row legacydb.Semester) { all.add(c.Semester(row)) })
	each(t, r, func(row legacydb.User) {
		if docs, _ := c.User(row); docs != nil {
			for _, doc := range docs.All() {
				all.add(doc, nil)
			}
		}
	})
	each(t, r, func(row legacydb.Timetable) { all.add(c.Timetable(row)) })
	each(t, r, func(row legacydb.Lecture) { all.add(c.Lecture(row)) })
	return all
}

func each[T legacydb.Row](t testing.TB, r *legacydb.Reader, do func(T)) {
	t.Helper()
	for row, err := range legacydb.Rows[T](context.Background(), r, "") {
		if err != nil {
			t.Fatal(err)
		}
		do(row)
	}
}

func (d Documents) add(doc *conversion.Document, _ []conversion.Finding) {
	if doc != nil {
		d[doc.Path()] = string(conversion.Canonical(doc))
	}
}

// Stored reads everything that a migration writes.
func Stored(t testing.TB, fs *firestore.Client) Documents {
	t.Helper()
	all := Documents{}
	for _, query := range []firestore.Query{
		schema.Users(fs).Query, schema.Usernames(fs).Query, schema.Credentials(fs).Query,
		fs.CollectionGroup(schema.SchoolDocument.Collection()).Query, fs.CollectionGroup(schema.SemesterDocument.Collection()).Query,
		fs.CollectionGroup(schema.TimetableDocument.Collection()).Query, fs.CollectionGroup(schema.LectureDocument.Collection()).Query,
	} {
		for doc, err := range documentwriter.Documents(context.Background(), query) {
			if err != nil {
				t.Fatal(err)
			}
			all.add(&conversion.Document{Ref: doc.Ref, Fields: doc.Data()}, nil)
		}
	}
	return all
}

// Differences lists what differs, at most some of it; "" if nothing does.
func Differences(want, got Documents) string {
	const most = 10
	var lines []string
	for _, path := range slices.Sorted(maps.Keys(want)) {
		switch stored, ok := got[path]; {
		case !ok:
			lines = append(lines, "missing "+path+" "+want[path])
		case stored != want[path]:
			lines = append(lines, fmt.Sprintf("%s\n  is     %s\n  wanted %s", path, stored, want[path]))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[path]; !ok {
			lines = append(lines, "left over "+path+" "+got[path])
		}
	}
	if len(lines) > most {
		lines = append(lines[:most], fmt.Sprintf("and %d more", len(lines)-most))
	}
	return strings.Join(lines, "\n")
}

// Require fails the test unless Firestore has exactly what the rows convert to.
func Require(t testing.TB, fs *firestore.Client, db *legacydb.DB) {
	t.Helper()
	if differences := Differences(Converted(t, fs, db), Stored(t, fs)); differences != "" {
		t.Errorf("Firestore differs from the old database:\n%s", differences)
	}
}
