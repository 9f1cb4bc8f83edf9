package comparison

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"strings"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/reverse"
	"heek.kr/heektime/internal/schema"
)

// converted is a document that a row became.
type converted struct {
	path string
	// document is nil if the rules leave the row out; findings say why.
	document *conversion.Document
	findings []conversion.Finding
}

// rowReader converts the rows of some users, with everything below them. Documents of the new side may have ids
// that the old database cannot hold; then the rows have other keys, and the old database remembers the
// documents' paths.
type rowReader struct {
	*comparer
	reader *legacydb.Reader
	each   func(uid string, row converted)
}

// eachRow calls f for each document that the rows of users became. uid is that of the document.
func (c *comparer) eachRow(ctx context.Context, r *legacydb.Reader, users []legacydb.User, f func(uid string, row converted)) error {
	rr := rowReader{c, r, f}
	paths, err := pathsOf(ctx, c, legacydb.UserKind, users, func(u legacydb.User) string { return u.ID })
	if err != nil {
		return err
	}
	above := make(map[string]*firestore.DocumentRef, len(users)) // documents by the key of their rows
	for _, user := range users {
		above[user.ID] = rr.refOf(paths, user.ID, c.convert.UserRef(user.ID))
		if c.has(schema.MigrateAccounts) {
			rr.user(user, above[user.ID])
		}
	}
	if !c.has(schema.MigrateTimetables) {
		return nil
	}
	return rr.timetables(ctx, users, above)
}

// pathsOf returns the paths of the documents whose rows have other keys than their ids.
func pathsOf[T any](ctx context.Context, c *comparer, kind legacydb.Kind, rows []T, key func(T) string) (map[string]string, error) {
	if !c.flowsBack || len(rows) == 0 {
		return nil, nil
	}
	keys := make([]string, len(rows))
	for i, row := range rows {
		keys[i] = key(row)
	}
	return reverse.Paths(ctx, c.Old.Pool, string(kind), keys)
}

// refOf returns the document of a row: the one that is remembered, or else the usual one.
func (c *comparer) refOf(paths map[string]string, key string, usual *firestore.DocumentRef) *firestore.DocumentRef {
	if path, ok := paths[key]; ok {
		return c.Firestore.Doc(path)
	}
	return usual
}

// user calls each for the documents of a user's own row. ref is the user's document, nil if there can be none.
func (r *rowReader) user(row legacydb.User, ref *firestore.DocumentRef) {
	documents, findings := r.convert.User(row)
	if documents == nil || ref == nil {
		r.each(row.ID, converted{pathOf(ref), nil, findings})
		return
	}
	if ref.ID == row.ID {
		for _, d := range documents.All() {
			r.each(row.ID, converted{d.Path(), d, findings})
		}
		return
	}
	// An account of the new side: its password was never in the old database.
	r.each(ref.ID, at(ref, documents.User, findings))
	username := *documents.Username
	username.Fields = maps.Clone(username.Fields)
	username.Fields[schema.FieldValue] = ref.ID
	r.each(ref.ID, converted{username.Path(), &username, findings})
}

// timetables calls each for the timetables of users and their lectures.
func (r *rowReader) timetables(ctx context.Context, users []legacydb.User, above map[string]*firestore.DocumentRef) error {
	keys := make([]string, len(users))
	for i, user := range users {
		keys[i] = user.ID
	}
	rows, err := legacydb.ByParent[legacydb.Timetable](ctx, r.reader, keys)
	if err != nil {
		return fmt.Errorf("read the timetables of %d users: %w", len(keys), err)
	}
	paths, err := pathsOf(ctx, r.comparer, legacydb.TimetableKind, rows, func(t legacydb.Timetable) string { return t.ID })
	if err != nil {
		return err
	}
	timetables := make(map[string]*firestore.DocumentRef, len(rows))
	var ids []string
	for _, t := range rows {
		user := above[text(t.UserID)]
		ref := r.refOf(paths, t.ID, schema.TimetableRef(user, t.ID))
		if ref == nil {
			continue // its user cannot have documents
		}
		timetables[t.ID], ids = ref, append(ids, t.ID)
		document, findings := r.convert.Timetable(t)
		r.each(uidIn(schema.Path(ref)), at(ref, document, findings))
	}
	for len(ids) > 0 {
		batch := ids[:min(len(ids), lectureBatch)]
		ids = ids[len(batch):]
		if err := r.lectures(ctx, batch, timetables); err != nil {
			return err
		}
	}
	return nil
}

// lectures calls each for the lectures of timetables.
func (r *rowReader) lectures(ctx context.Context, ids []string, timetables map[string]*firestore.DocumentRef) error {
	rows, err := legacydb.ByParent[legacydb.Lecture](ctx, r.reader, ids)
	if err != nil {
		return fmt.Errorf("read the lectures of %d timetables: %w", len(ids), err)
	}
	paths, err := pathsOf(ctx, r.comparer, legacydb.LectureKind, rows, func(l legacydb.Lecture) string { return l.ID })
	if err != nil {
		return err
	}
	for _, l := range rows {
		ref := r.refOf(paths, l.ID, schema.LectureRef(timetables[text(l.TimetableID)], l.ID))
		if ref == nil {
			continue
		}
		document, findings := r.convert.Lecture(l)
		r.each(uidIn(schema.Path(ref)), at(ref, document, findings))
	}
	return nil
}

// at is a document that a row became, at a path.
func at(ref *firestore.DocumentRef, document *conversion.Document, findings []conversion.Finding) converted {
	if document != nil && document.Ref.Path != ref.Path {
		moved := *document
		moved.Ref = ref
		document = &moved
	}
	return converted{schema.Path(ref), document, findings}
}

// pathOf returns the path of a document, "" if it is nil.
func pathOf(ref *firestore.DocumentRef) string {
	if ref == nil {
		return ""
	}
	return schema.Path(ref)
}

func text(value *string) string {
	if value == nil {
		return ""
	}
	return *value
}

// uidIn returns the uid in the path of a document below a user.
func uidIn(path string) string {
	segments := strings.SplitN(path, "/", 3)
	if uid, ok := schema.SplitUserPath(segments[:min(2, len(segments))]); ok {
		return uid
	}
	return ""
}

// oldUID matches the ids of the old database's users: UUIDs of version 4. Accounts that compat-server makes
// have version 8, those of new clients are not UUIDs.
var oldUID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func isOldUID(uid string) bool { return oldUID.MatchString(uid) }
