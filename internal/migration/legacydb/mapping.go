package legacydb

import (
	_ "embed"
	"time"
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
	// Terms maps a term to the second half of a semester's Firestore id: "2학기" to "0900".
	Terms map[string]string
	// Rules says what becomes of rows that the new schema cannot hold.
	Rules Rules
	// Rows has an entry for each kind.
	Rows map[Kind]*RowMapping
}

// RowMapping says where the rows of a kind are.
type RowMapping struct {
	// Select returns the rows with named columns.
	Select string
	// Key is the column of Select that identifies a row.
	Key string
	// Tables are the tables that rows of the kind come from, by name; without a schema it is public.
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
	// Children are the columns whose change affects the rows below, too: the lectures of a timetable
	// that gets another user.
	Children []string
}

// Rules says what becomes of rows that the new schema cannot hold.
type Rules struct {
	// Username is what happens to a username that nobody could claim, or that an older user has:
	// Rename or LeaveOut.
	Username Action
	// Text is what happens to a text that is too long: Shorten or LeaveOut.
	Text Action
	// List is what happens to a list with too many entries: Shorten or LeaveOut.
	List Action
	// Number is what happens to a credit that is out of bounds: Replace, by the nearest bound, or
	// LeaveOut.
	Number Action
	// Time is what happens to a lecture's time that is not within a day: LeaveOut only drops the time.
	Time Action
	// Timestamp replaces a created_at or updated_at that is NULL or out of bounds and has no neighbour
	// that is not.
	Timestamp time.Time
	// Semester is the old id of the semester that timetables without one get, "" to leave them out.
	Semester string
}

// Action is what becomes of a row, or of a part of it, that the new schema cannot hold.
type Action string

// The actions.
const (
	Rename   Action = "rename"    // with a suffix that is derived from the row's key
	Shorten  Action = "shorten"   // to what fits
	Replace  Action = "replace"   // by the nearest value that fits
	LeaveOut Action = "leave out" // the row, or the entry of a list
)

// Default returns the mapping of HeekTime's old database.
func Default() *Mapping {
	m, err := ParseMapping("migrate.yaml", defaultMapping)
	if err != nil {
		panic(err)
	}
	return m
}

// DefaultFile returns the commented text of [Default].
func DefaultFile() []byte { return defaultMapping }

// ReadMapping reads a mapping from a file, or returns [Default] if name is "".
func ReadMapping(name string) (*Mapping, error) {
	panic("TODO")
}

// ParseMapping parses a mapping. Errors name the file, the line, and what to do.
func ParseMapping(name string, text []byte) (*Mapping, error) {
	panic("TODO")
}

// TableNames lists the tables that rows come from, with their schemas, sorted, each once. A publication
// has to contain all of them.
func (m *Mapping) TableNames() []string {
	panic("TODO")
}
