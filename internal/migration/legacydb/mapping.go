package legacydb

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"heek.kr/heektime/internal/schema"
)

//go:embed migrate.yaml
var defaultMapping []byte

// Mapping is a parsed migrate.yaml: where the rows of each kind are in the old database, and what
// becomes of rows that the new schema cannot hold.
type Mapping struct {
	// TimeZone is that of timestamps without a time zone.
	TimeZone *time.Location
	// Schools maps the old id of a school to its Firestore id. A school that is not in it keeps its id.
	Schools map[string]string
	// Terms maps what the old database calls a term.
	Terms map[string]Term
	Rules Rules
	// Rows has an entry for each kind.
	Rows map[Kind]*RowMapping
}

// Term is a term of the old database.
type Term struct {
	// Month is the one in which it begins: "09".
	Month string
	// Name is what Firestore calls it.
	Name schema.Term
}

// RowMapping says where the rows of a kind are.
type RowMapping struct {
	// Select returns the rows with named columns.
	Select string
	// Key is the column of Select that identifies a row.
	Key string
	// Tables are the tables that rows of the kind come from, by their names with schemas.
	Tables map[string]Table
	// Save are statements that insert or replace a row, with parameters such as @title. Remove are
	// statements that delete the row @id. Both run in order in one transaction, and are empty if rows of
	// the kind never flow back.
	Save, Remove []string
}

// Table is a table that rows of a kind come from. All of its columns that are named here have to be in
// the replica identity.
type Table struct {
	// Key is the column that has the row's key.
	Key string
	// Parent is the column that has the key of the row above: of a lecture's timetable, of a timetable's
	// user. It is "" in tables that do not have it.
	Parent string
	// Children are the columns whose change changes the rows below, too: the lectures of a timetable that
	// gets another user move with it.
	Children []string
}

// columns lists the columns that changes have to have, each once.
func (t Table) columns() []string {
	names := []string{t.Key}
	for _, name := range append([]string{t.Parent}, t.Children...) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Field names a field that has a rule, as migrate.yaml does.
type Field string

// The fields with rules.
const (
	UserUsername      Field = "user.username"
	TimetableSemester Field = "timetable.semester"
	TimetableTitle    Field = "timetable.title"
	LectureIdentifier Field = "lecture.identifier"
	LectureTitle      Field = "lecture.title"
	LectureProfessor  Field = "lecture.professor"
	LectureRoom       Field = "lecture.room"
	LectureCategory   Field = "lecture.category"
	LectureTags       Field = "lecture.tags"
	LectureCredit     Field = "lecture.credit"
)

// Rules says what becomes of what the new schema cannot hold. migrate.yaml explains each rule.
type Rules struct {
	Actions map[Field]Action
	// Timestamp replaces a created_at or updated_at if neither is usable.
	Timestamp time.Time
	// Semester is the old id of the semester that timetables without a usable one get, "" to leave them
	// out.
	Semester string
}

// Action is what becomes of a row, or of a part of it, that the new schema cannot hold.
type Action string

// The actions.
const (
	Rename   Action = "rename"    // with a suffix that is derived from the row's key
	Shorten  Action = "shorten"   // to what fits
	Replace  Action = "replace"   // by the nearest value that fits, or an empty one
	LeaveOut Action = "leave out" // the row, or the entry of a list
	Keep     Action = "keep"      // as it is, although new documents cannot be like that
)

// actions are what the rule of a field may say, the default first.
var actions = map[Field][]Action{
	UserUsername:      {Rename, LeaveOut},
	TimetableTitle:    {Shorten},
	LectureIdentifier: {Shorten, LeaveOut},
	LectureTitle:      {Shorten, LeaveOut},
	LectureProfessor:  {Shorten, LeaveOut},
	LectureRoom:       {Shorten, LeaveOut},
	LectureCategory:   {Shorten, LeaveOut},
	LectureTags:       {Shorten, LeaveOut},
	LectureCredit:     {Replace, LeaveOut},
}

// Default returns the mapping of HeekTime's old database.
func Default() *Mapping {
	m, err := ParseMapping("migrate.yaml", defaultMapping)
	if err != nil {
		panic(err)
	}
	return m
}

// DefaultFile returns the commented text of [Default].
func DefaultFile() []byte { return slices.Clone(defaultMapping) }

// ReadMapping reads a mapping from a file, or returns [Default] if the name is "".
func ReadMapping(name string) (*Mapping, error) {
	if name == "" {
		return Default(), nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the mapping of the old database: %w", err)
	}
	return ParseMapping(filepath.Base(name), text)
}

// TableNames lists the tables that rows come from, with their schemas, sorted, each once. A publication
// has to contain all of them.
func (m *Mapping) TableNames() []string { return m.TablesOf(Kinds()...) }

// TablesOf lists the tables that rows of these kinds come from, like [Mapping.TableNames].
func (m *Mapping) TablesOf(kinds ...Kind) []string {
	var names []string
	for _, kind := range kinds {
		for name := range m.Rows[kind].Tables {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// IdentityColumns lists the columns of a table that have to be in its replica identity, sorted.
func (m *Mapping) IdentityColumns(table string) []string {
	var names []string
	for _, rows := range m.Rows {
		if t, ok := rows.Tables[table]; ok {
			names = append(names, t.columns()...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// KeyColumns lists the columns of a table by which its rows are looked up, sorted.
func (m *Mapping) KeyColumns(table string) []string {
	var names []string
	for _, rows := range m.Rows {
		if t, ok := rows.Tables[table]; ok {
			if names = append(names, t.Key); t.Parent != "" {
				names = append(names, t.Parent)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// withSchema adds the default schema to the name of a table.
func withSchema(table string) string {
	if strings.Contains(table, ".") {
		return table
	}
	return "public." + table
}
