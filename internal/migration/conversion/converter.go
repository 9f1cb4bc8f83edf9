package conversion

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/werkzeug"
)

// Converter converts rows to documents and back. Except for [Names] it never changes, and it is safe for
// concurrent use.
type Converter struct {
	client  *firestore.Client
	mapping *legacydb.Mapping
	names   *Names
	// semesters has where semesters are by old id, oldIDs the reverse by path, and oldSchools the old ids
	// of schools by those in Firestore.
	semesters  map[string]semester
	oldIDs     map[string]string
	oldSchools map[string]string
}

// semester is where a semester is in Firestore.
type semester struct {
	school string
	id     schema.SemesterID
	year   int
	term   schema.Term
}

// Config has what a [Converter] needs. All fields are required.
type Config struct {
	// Client only makes references.
	Client  *firestore.Client
	Mapping *legacydb.Mapping
	// Schools and Semesters are all of them.
	Schools   []legacydb.School
	Semesters []legacydb.Semester
	// Names has all users.
	Names *Names
}

// New returns a converter.
func New(cfg Config) *Converter {
	c := &Converter{
		client: cfg.Client, mapping: cfg.Mapping, names: cfg.Names,
		semesters: map[string]semester{}, oldIDs: map[string]string{}, oldSchools: map[string]string{},
	}
	for _, row := range cfg.Schools {
		c.oldSchools[c.schoolID(row.ID)] = row.ID
	}
	for old, id := range cfg.Mapping.Schools {
		c.oldSchools[id] = old
	}
	rows := slices.Clone(cfg.Semesters)
	slices.SortFunc(rows, func(a, b legacydb.Semester) int { return strings.Compare(a.ID, b.ID) })
	for _, row := range rows {
		s, problem := c.resolve(row)
		if problem != "" {
			continue
		}
		c.semesters[row.ID] = s
		path := schema.SemesterPath(s.school, s.id)
		// Of several rows that become one document, the one whose term has the same name.
		if _, taken := c.oldIDs[path]; !taken || row.Term != nil && *row.Term == string(s.term) {
			c.oldIDs[path] = row.ID
		}
	}
	return c
}

// Names returns the names of all users.
func (c *Converter) Names() *Names { return c.names }

func (c *Converter) schoolID(old string) string { return cmp.Or(c.mapping.Schools[old], old) }

var semesterName = regexp.MustCompile(`^([^/]+)/([0-9]{4})-([^/]+)$`)

// resolve says where a semester is in Firestore. What a row does not say is taken from its id, which is
// school/year-term in HeekTime's old database.
func (c *Converter) resolve(row legacydb.Semester) (s semester, problem string) {
	school, year, term := value(row.SchoolID), value(row.Year), value(row.Term)
	if parts := semesterName.FindStringSubmatch(row.ID); parts != nil {
		school, year, term = cmp.Or(school, parts[1]), cmp.Or(year, parts[2]), cmp.Or(term, parts[3])
	}
	known, ok := c.mapping.Terms[term]
	n, err := strconv.Atoi(year)
	s = semester{school: c.schoolID(school), year: n, term: known.Name}
	s.id = schema.SemesterID(fmt.Sprintf("%04d-%s00", n, known.Month))
	switch {
	case !schema.IsID(s.school):
		return s, "has no school"
	case err != nil || n < 1900 || n > 2200:
		return s, "has no year from 1900 to 2200"
	case !ok:
		return s, "has a term that is not in terms of the mapping"
	}
	return s, ""
}

func value(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// School converts a school. The document is nil if the row was left out.
func (c *Converter) School(row legacydb.School) (*Document, []Finding) {
	f := &findings{kind: legacydb.SchoolKind, key: row.ID}
	id := c.schoolID(row.ID)
	ref := schema.SchoolRef(c.client, id)
	if ref == nil {
		f.leftOut("", problemID, row.ID)
		return nil, f.list
	}
	s := schema.School{Name: f.text("name", row.Name, 0, legacydb.Keep)}
	s.Name = cmp.Or(s.Name, id)
	if row.ID != id {
		s.LegacyID = row.ID
	}
	return &Document{Ref: ref, Fields: s.Fields(), CreateOnly: true}, f.list
}

// Semester converts a semester. The document is nil if the row was left out. It is hidden: the school file
// says which semesters are offered.
func (c *Converter) Semester(row legacydb.Semester) (*Document, []Finding) {
	f := &findings{kind: legacydb.SemesterKind, key: row.ID}
	s, problem := c.resolve(row)
	if problem != "" {
		f.leftOut("", problem, row.ID)
		return nil, f.list
	}
	fields := schema.Semester{Year: s.year, Term: s.term, Status: schema.StatusHidden}.Fields()
	return &Document{Ref: schema.SemesterRef(c.client, s.school, s.id), Fields: fields, CreateOnly: true}, f.list
}

// SemesterRef returns the document of a semester by its old id, whether or not it has a row. ok is false
// if the id means nothing.
func (c *Converter) SemesterRef(oldID string) (ref *firestore.DocumentRef, ok bool) {
	s, ok := c.semesters[oldID]
	if !ok {
		var problem string
		if s, problem = c.resolve(legacydb.Semester{ID: oldID}); problem != "" {
			return nil, false
		}
	}
	ref = schema.SemesterRef(c.client, s.school, s.id)
	return ref, ref != nil
}

// usableSemester is SemesterRef for a timetable, with the semester that the rules give to those without.
// used is the old id.
func (c *Converter) usableSemester(oldID *string) (ref *firestore.DocumentRef, used string, ok bool) {
	if oldID != nil {
		if ref, ok := c.SemesterRef(*oldID); ok {
			return ref, *oldID, true
		}
	}
	ref, ok = c.SemesterRef(c.mapping.Rules.Semester)
	return ref, c.mapping.Rules.Semester, ok
}

// maxUID is the length of the longest uid that Authentication has.
//
// Source: https://firebase.google.com/docs/auth/admin/manage-users#create_a_user
const maxUID = 128

// UserRef, TimetableRef and LectureRef return where the document of a row is, nil if it cannot have one.
// They need no row, only keys, for rows that are gone.

// UserRef returns the document of the user with a key.
func (c *Converter) UserRef(user string) *firestore.DocumentRef {
	if len(user) > maxUID {
		return nil
	}
	return schema.UserRef(c.client, user)
}

// TimetableRef returns the document of a timetable.
func (c *Converter) TimetableRef(user, timetable string) *firestore.DocumentRef {
	return schema.TimetableRef(c.UserRef(user), timetable)
}

// LectureRef returns the document of a lecture.
func (c *Converter) LectureRef(user, timetable, lecture string) *firestore.DocumentRef {
	return schema.LectureRef(c.TimetableRef(user, timetable), lecture)
}

// isLeftOut reports whether a user has no documents, so that nothing of theirs has any.
func (c *Converter) isLeftOut(user string) bool {
	name, ok := c.names.Of(user)
	return !ok || name.renamed && c.mapping.Rules.Actions[legacydb.UserUsername] == legacydb.LeaveOut || c.UserRef(user) == nil
}

// User converts a user, who must be in [Names] as they are. The result is nil if the row was left out.
func (c *Converter) User(row legacydb.User) (*UserDocuments, []Finding) {
	f := &findings{kind: legacydb.UserKind, key: row.ID}
	ref := c.UserRef(row.ID)
	name, ok := c.names.Of(row.ID)
	switch {
	case ref == nil:
		f.leftOut("", problemID, row.ID)
		return nil, f.list
	case !ok:
		f.leftOut("", "was not put into the names", row.ID)
		return nil, f.list
	}
	c.nameFindings(f, row, name)
	if c.isLeftOut(row.ID) {
		return nil, f.list
	}
	created, updated := c.times(f, row.CreatedAt, row.UpdatedAt)
	docs := &UserDocuments{
		User:     &Document{Ref: ref, Fields: schema.User{Username: name.Username, CreatedAt: created, UpdatedAt: updated}.Fields()},
		Username: &Document{Ref: schema.UsernameRef(c.client, name.Username), Fields: schema.NewUsername(row.ID)},
	}
	// The hash itself must not be in a finding.
	if _, err := werkzeug.Parse(value(row.PasswordHash)); err != nil {
		problem := problemHash
		if row.PasswordHash == nil {
			problem = problemNull
		}
		f.add("password_hash", problem, legacydb.LeaveOut, "", "")
		return docs, f.list
	}
	cred := schema.Credential{Email: name.Address, UID: row.ID, Hash: *row.PasswordHash}
	docs.Credential = &Document{Ref: credential.Ref(c.client, cred.Email), Fields: cred.Fields()}
	return docs, f.list
}

// Timetable converts a timetable. The document is nil if the row was left out.
func (c *Converter) Timetable(row legacydb.Timetable) (*Document, []Finding) {
	f := &findings{kind: legacydb.TimetableKind, key: row.ID}
	ref, semester := c.placeOfTimetable(f, row.ID, row.UserID, row.SemesterID)
	if ref == nil {
		return nil, f.list
	}
	if n := len(row.ID); n != schema.TimetableIDLength && !isHexID(row.ID) {
		f.add("id", "is not 32 hexadecimal digits", legacydb.Keep, row.ID, row.ID)
	}
	created, updated := c.times(f, row.CreatedAt, row.UpdatedAt)
	t := schema.Timetable{
		Title:      f.text("title", row.Title, schema.MaxTimetableTitle, c.mapping.Rules.Actions[legacydb.TimetableTitle]),
		Visibility: schema.Public, Semester: semester, CreatedAt: created, UpdatedAt: updated,
	}
	return &Document{Ref: ref, Fields: t.Fields()}, f.list
}

// placeOfTimetable returns where a timetable is and which semester it has, nil if it is left out.
func (c *Converter) placeOfTimetable(f *findings, id string, user, semesterID *string) (ref, semester *firestore.DocumentRef) {
	switch {
	case user == nil:
		f.leftOut("", "has no user", "")
		return nil, nil
	case c.isLeftOut(*user):
		f.leftOut("", "is of a user who is left out", *user)
		return nil, nil
	}
	if ref = c.TimetableRef(*user, id); ref == nil {
		f.leftOut("", problemID, id)
		return nil, nil
	}
	semester, used, ok := c.usableSemester(semesterID)
	switch {
	case !ok:
		f.leftOut("semester_id", problemSemester, value(semesterID))
		return nil, nil
	case semesterID == nil || used != *semesterID:
		f.add("semester_id", problemSemester, legacydb.Replace, value(semesterID), used)
	}
	return ref, semester
}

// times converts created_at and updated_at. If one is unusable, it gets the value of the other.
func (c *Converter) times(f *findings, createdAt, updatedAt *string) (created, updated time.Time) {
	created, problem1 := c.timestamp(createdAt)
	updated, problem2 := c.timestamp(updatedAt)
	if problem1 != "" {
		if created = updated; problem2 != "" {
			created = c.mapping.Rules.Timestamp.UTC().Truncate(time.Microsecond)
		}
		f.add("created_at", problem1, legacydb.Replace, value(createdAt), created.Format(time.RFC3339))
	}
	if problem2 != "" {
		updated = created
		f.add("updated_at", problem2, legacydb.Replace, value(updatedAt), updated.Format(time.RFC3339))
	}
	return created, updated
}

func (c *Converter) timestamp(text *string) (t time.Time, problem string) {
	if text == nil {
		return t, problemNull
	}
	t, err := legacydb.ParseTime(*text, c.mapping.TimeZone)
	if err != nil {
		return t, "is not within the years 1 to 9999"
	}
	return t, ""
}

func isHexID(id string) bool {
	return len(id) == schema.LegacyTimetableIDLength && strings.Trim(id, "0123456789abcdefABCDEF") == ""
}
