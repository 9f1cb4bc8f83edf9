package conversion

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"

	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// Aside is what a document has that has no place in the old database: fields by name. It is empty if
// the row holds all of the document.
type Aside map[string]any

// UserRow, TimetableRow and LectureRow convert a document back to a row. current is the row that the old
// database has, nil if it has none. A field of the document that is what current converts to leaves the
// column as it is: a title of 500 characters stays in the old database although its document has only 300
// of them, unless it was changed there. So converting a row and back returns the same row.
//
// The row is nil if the document has no place as a whole, for instance a private timetable; then the aside
// has all of its fields.

// UserRow converts users/{uid}. The password stays as it is.
func (c *Converter) UserRow(doc Document, current *legacydb.User) (*legacydb.User, Aside) {
	uid, ok := schema.SplitUserPath(strings.Split(doc.Path(), "/"))
	if !ok {
		return nil, Aside(doc.Fields)
	}
	b := back{zone: c.mapping.TimeZone, doc: asRead(doc.Fields), aside: Aside{}, description: &schema.UserDocument}
	row := legacydb.User{ID: UserKey(doc.Path())}
	if current != nil {
		row = *current
		if docs, _ := c.User(*current); docs != nil && row.ID == uid {
			b.before = docs.User
		}
	}
	b.begin()
	user := schema.UserOf(b.doc)
	b.text(&row.Username, schema.FieldUsername, user.Username)
	b.timestamps(&row.CreatedAt, &row.UpdatedAt)
	return &row, b.aside
}

// TimetableRow converts a timetable's document.
func (c *Converter) TimetableRow(doc Document, current *legacydb.Timetable) (*legacydb.Timetable, Aside) {
	segments := strings.Split(doc.Path(), "/")
	_, id, ok := schema.SplitTimetablePath(segments)
	if !ok {
		return nil, Aside(doc.Fields)
	}
	b := back{zone: c.mapping.TimeZone, doc: asRead(doc.Fields), aside: Aside{}, description: &schema.TimetableDocument}
	t := schema.TimetableOf(b.doc)
	if t.Visibility != schema.Public {
		return nil, Aside(doc.Fields)
	}
	row := legacydb.Timetable{ID: TimetableKey(doc.Path())}
	if current != nil {
		row = *current
		if before, _ := c.Timetable(*current); before != nil && row.ID == id {
			b.before = before
		}
	}
	b.begin()
	set(&row.UserID, UserKey(schema.Path(doc.Ref.Parent.Parent)))
	b.text(&row.Title, schema.FieldTitle, t.Title)
	if b.changed(schema.FieldSemester) {
		old, ok := c.SemesterID(t.Semester)
		if !ok {
			return nil, Aside(doc.Fields)
		}
		set(&row.SemesterID, old)
	}
	b.timestamps(&row.CreatedAt, &row.UpdatedAt)
	return &row, b.aside
}

// SemesterID returns the old id of a semester's document: the one of its row or, if it has none, the one
// that it would have. ok is false if the old database has not even its school.
func (c *Converter) SemesterID(ref *firestore.DocumentRef) (old string, ok bool) {
	if ref == nil {
		return "", false
	}
	path := schema.Path(ref)
	if old, ok := c.oldIDs[path]; ok {
		return old, true
	}
	school, id, ok := schema.SplitSemesterPath(path)
	year, month, _ := strings.Cut(string(id), "-")
	if !ok || id.Validate() != nil || c.oldSchools[school] == "" {
		return "", false
	}
	var terms []string
	for old, term := range c.mapping.Terms {
		if term.Month+"00" == month {
			terms = append(terms, old)
		}
	}
	if len(terms) == 0 {
		return "", false
	}
	// Old names of a term that Firestore does not have come last, and the numbered terms first.
	slices.SortFunc(terms, func(a, b string) int {
		return strings.Compare(c.termOrder(a), c.termOrder(b))
	})
	return c.oldSchools[school] + "/" + year + "-" + terms[0], true
}

func (c *Converter) termOrder(old string) string {
	if string(c.mapping.Terms[old].Name) != old {
		return "1" + old
	}
	return "0" + old
}

// LectureRow converts a lecture's document. It does not know whether the timetable has a row.
func (c *Converter) LectureRow(doc Document, current *legacydb.Lecture) (*legacydb.Lecture, Aside) {
	if d := schema.DocumentAt(doc.Path()); d == nil || d.Path != schema.LectureDocument.Path {
		return nil, Aside(doc.Fields)
	}
	b := back{zone: c.mapping.TimeZone, doc: asRead(doc.Fields), aside: Aside{}, description: &schema.LectureDocument}
	row := legacydb.Lecture{ID: LectureKey(doc.Path())}
	if current != nil {
		row = *current
		if before, _ := c.Lecture(*current); before != nil && before.Ref.ID == doc.Ref.ID {
			b.before = before
		}
	}
	b.begin()
	set(&row.TimetableID, TimetableKey(schema.Path(doc.Ref.Parent.Parent)))
	l := cleanLecture(schema.LectureOf(b.doc))
	b.text(&row.Identifier, schema.FieldIdentifier, l.Identifier)
	b.text(&row.Title, schema.FieldTitle, l.Title)
	b.text(&row.Professor, schema.FieldProfessor, l.Professor)
	if b.changed(schema.FieldCredit) {
		set(&row.Credit, strconv.FormatFloat(l.Credit, 'g', -1, 64))
	}
	b.json(&row.Times, schema.FieldTimes, l.Times)
	b.json(&row.Category, schema.FieldCategory, l.Category)
	tags := []string{}
	for _, m := range l.Metas {
		tags = append(tags, m.Name)
	}
	b.json(&row.Tags, schema.FieldMetas, tags)
	b.timestamps(&row.CreatedAt, &row.UpdatedAt)
	return &row, b.aside
}

// back converts the fields of a document to columns.
type back struct {
	zone        *time.Location
	description *schema.Document
	doc         map[string]any
	// before is the document that the current row converts to, nil if there is none.
	before *Document
	aside  Aside

	old, new map[string]any // canonical
}

// begin compares the document with what the current row converts to, and puts aside what a row cannot
// hold: fields that the schema does not have, and values that it does not allow.
func (b *back) begin() {
	for name, value := range b.doc {
		if f := b.description.Field(name); f == nil || !f.Fits(value) || hasNUL(value) {
			b.aside[name] = value
		}
	}
	if b.before != nil {
		b.old = canonical(b.before)
		b.new = canonical(&Document{Ref: b.before.Ref, Fields: b.doc})
	}
}

// changed reports whether a field is not what the current row converts to.
func (b *back) changed(field string) bool {
	return b.before == nil || printed(b.old, field) != printed(b.new, field)
}

func (b *back) text(column **string, field, text string) {
	if b.changed(field) {
		set(column, withoutNUL(text))
	}
}

// json writes a list into a column.
func (b *back) json(column **string, field string, list any) {
	if !b.changed(field) {
		return
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(list); err != nil {
		panic(err) // a list of texts and integers
	}
	set(column, strings.TrimSpace(text.String()))
}

func (b *back) timestamps(createdAt, updatedAt **string) {
	created, updated := schema.CreatedAndUpdated(b.doc)
	if !created.IsZero() && b.changed(schema.FieldCreatedAt) {
		set(createdAt, legacydb.FormatTime(created, b.zone))
	}
	if !updated.IsZero() && b.changed(schema.FieldUpdatedAt) {
		set(updatedAt, legacydb.FormatTime(updated, b.zone))
	}
}

func set(column **string, text string) { *column = &text }

func withoutNUL(text string) string { return strings.ReplaceAll(text, "\x00", "") }

// hasNUL reports whether a value has a text that PostgreSQL cannot store.
func hasNUL(value any) bool {
	switch v := value.(type) {
	case string:
		return strings.Contains(v, "\x00")
	case []any:
		return slices.ContainsFunc(v, hasNUL)
	case map[string]any:
		for _, field := range v {
			if hasNUL(field) {
				return true
			}
		}
	}
	return false
}

// cleanLecture removes from a lecture what PostgreSQL cannot store, and gives every list a value.
func cleanLecture(l schema.Lecture) schema.Lecture {
	l = l.Complete()
	for i := range l.Times {
		l.Times[i].Room = withoutNUL(l.Times[i].Room)
	}
	for i := range l.Category {
		l.Category[i] = withoutNUL(l.Category[i])
	}
	for i := range l.Metas {
		l.Metas[i].Name = withoutNUL(l.Metas[i].Name)
	}
	return l
}

// UserKey, TimetableKey and LectureKey return the key of a document's row: the document's id if the old
// database can have it, a UUID or, for a timetable, a text of at most 32 characters; otherwise
// [DigestKey]. New clients choose ids within their own collections: the row with the key may belong to
// another user. Then the row of the document has DigestKey, too.

// UserKey returns the key of a user's row.
func UserKey(path string) string { return uuidKey(legacydb.UserKind, path) }

// TimetableKey returns the key of a timetable's row.
func TimetableKey(path string) string {
	id := lastSegment(path)
	if utf8.RuneCountInString(id) > schema.LegacyTimetableIDLength || strings.TrimSpace(id) != id || hasNUL(id) || !utf8.ValidString(id) {
		return DigestKey(legacydb.TimetableKind, path)
	}
	return id
}

// LectureKey returns the key of a lecture's row.
func LectureKey(path string) string { return uuidKey(legacydb.LectureKind, path) }

func uuidKey(kind legacydb.Kind, path string) string {
	id := lastSegment(path)
	if parsed, err := uuid.Parse(id); err == nil && parsed.String() == id {
		return id
	}
	return DigestKey(kind, path)
}

// DigestKey returns a key that is a digest of a document's path: 32 hexadecimal digits for a timetable, a
// UUID of version 5 for others.
func DigestKey(kind legacydb.Kind, path string) string {
	id := uuid.NewSHA1(namespace, []byte(path))
	if kind == legacydb.TimetableKind {
		return hex.EncodeToString(id[:])
	}
	return id.String()
}

// namespace is that of keys which are digests of paths.
var namespace = uuid.MustParse("6f3b1c52-0f3d-4a5e-9a41-6d1f0a0c8e57")

func lastSegment(path string) string { return path[strings.LastIndex(path, "/")+1:] }
