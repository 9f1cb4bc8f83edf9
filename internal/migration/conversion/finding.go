package conversion

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"heek.kr/heektime/internal/migration/legacydb"
)

// Finding is something that the new schema cannot hold, and what became of it.
type Finding struct {
	Kind legacydb.Kind `json:"kind"`
	Key  string        `json:"key"`
	// Field is the column, or an entry of a list such as times[2]; "" means the whole row.
	Field string `json:"field,omitempty"`
	// Problem says what is wrong, the same text for all findings of a sort: "is longer than 300
	// characters".
	Problem string `json:"problem"`
	// Action is what became of the row or the field.
	Action legacydb.Action `json:"action"`
	// Before and After are the values, shortened; never a password hash.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// TellUser says that the user will notice: their username, or the name they sign in with, changes.
	TellUser bool `json:"tellUser,omitempty"`

	wholeRow bool
}

// WholeRow reports whether the finding makes the whole row left out.
func (f Finding) WholeRow() bool { return f.wholeRow }

// Column is Field without the index of an entry.
func (f Finding) Column() string {
	column, _, _ := strings.Cut(f.Field, "[")
	return column
}

// Problems that several kinds or fields have.
const (
	problemID       = "has an id that Firestore cannot have"
	problemNull     = "is NULL"
	problemHash     = "is not a hash of Werkzeug that the auth service supports"
	problemSemester = "is not a semester"
	problemEntry    = "has an entry that is NULL or empty"
	problemList     = "is not a JSON array"
)

// findings collects those of a row.
type findings struct {
	kind legacydb.Kind
	key  string
	list []Finding
	// isLeftOut is set when a rule leaves out the whole row.
	isLeftOut bool
}

func (f *findings) add(field, problem string, action legacydb.Action, before, after string) {
	f.list = append(f.list, Finding{Kind: f.kind, Key: f.key, Field: field, Problem: problem, Action: action, Before: shown(before), After: shown(after)})
}

// leftOut reports that the whole row is left out.
func (f *findings) leftOut(field, problem, before string) {
	f.isLeftOut = true
	f.add(field, problem, legacydb.LeaveOut, before, "")
	f.list[len(f.list)-1].wholeRow = true
}

// text converts a column with a text of at most a number of characters, any number if length is 0. What is
// longer is shortened, or makes the row left out.
func (f *findings) text(field string, text *string, length int, tooLong legacydb.Action) string {
	if text == nil {
		f.add(field, problemNull, legacydb.Replace, "", "")
		return ""
	}
	clean := f.encoding(field, *text)
	if length == 0 || len(clean) <= length || utf8.RuneCountInString(clean) <= length {
		return clean
	}
	problem := fmt.Sprintf("is longer than %d characters", length)
	if tooLong == legacydb.LeaveOut {
		f.leftOut(field, problem, clean)
		return ""
	}
	short := clip(clean, length)
	f.add(field, problem, legacydb.Shorten, clean, short)
	return short
}

// encoding makes a text valid UTF-8 without NUL, which PostgreSQL's text cannot have, but its JSON can.
func (f *findings) encoding(field, text string) string {
	clean := strings.ReplaceAll(strings.ToValidUTF8(text, string(utf8.RuneError)), "\x00", "")
	if clean != text {
		f.add(field, "is not UTF-8, or contains NUL", legacydb.Replace, text, clean)
	}
	return clean
}

// nameFindings reports what becomes of a username, and of the address to sign in with.
func (c *Converter) nameFindings(f *findings, row legacydb.User, name Name) {
	raw := value(row.Username)
	var problem string
	action := legacydb.Rename
	switch trimmed := strings.TrimSpace(raw); {
	case !name.renamed && name.Username == raw:
		return
	case !name.renamed && name.Username == trimmed:
		problem, action = "is surrounded by spaces", legacydb.Replace
	case !name.renamed:
		problem, action = "is not in Unicode's NFC", legacydb.Replace
	case row.Username == nil:
		problem = problemNull
	case name.moved && addressOf(raw) != "":
		problem = "is an older user's, if case and Unicode's form are ignored"
	case c.names.isReserved(row.ID):
		problem = "is that of an account of the new side"
	default:
		problem = "is not a name that new users can have"
	}
	if name.renamed && c.mapping.Rules.Actions[legacydb.UserUsername] == legacydb.LeaveOut {
		f.leftOut("username", problem, raw)
		return
	}
	f.add("username", problem, action, raw, name.Username)
	last := &f.list[len(f.list)-1]
	last.TellUser = name.renamed
	if name.moved && raw != "" {
		f.add("username", "cannot be used to sign in any more", legacydb.Rename, raw, name.Username)
		f.list[len(f.list)-1].TellUser = true
	}
}

// maxShown is how many characters of a value a finding has.
const maxShown = 80

// shown shortens a value and makes invisible characters visible.
func shown(text string) string {
	if text == "" {
		return ""
	}
	short := clip(text, maxShown)
	quoted := fmt.Sprintf("%q", short)
	quoted = strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
	if short != text {
		quoted += "…"
	}
	return quoted
}
