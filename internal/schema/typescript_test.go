package schema

import (
	"fmt"
	"strings"
	"testing"
)

// web/src/schema.ts is generated from the descriptions: go test ./internal/schema -update. The web client cannot
// write a document that lacks a field, because its compiler checks the shapes.
func TestTypeScript(t *testing.T) {
	checkGenerated(t, "../../web/src/schema.ts", typeScript(), buildRemedy)
}

// typeScript describes the documents that clients write.
func typeScript() string {
	var b strings.Builder
	b.WriteString(`// The documents that the app writes. Generated from internal/schema: go test ./internal/schema -update

import type { FieldValue, Timestamp } from 'firebase/firestore'

type Time = Timestamp | FieldValue
`)
	for _, d := range []struct {
		name string
		doc  *Document
	}{{"User", &UserDocument}, {"Username", &UsernameDocument}, {"Timetable", &TimetableDocument}, {"Lecture", &LectureDocument}, {"Follow", &FollowDocument},
		{"Following", &FollowingDocument}} {
		parameter := ""
		if usesReference(d.doc) {
			parameter = "<Reference>"
		}
		fmt.Fprintf(&b, "\n/** %s */\nexport interface %sFields%s {\n", d.doc.Path, d.name, parameter)
		for _, f := range d.doc.OwnerFields() {
			fmt.Fprintf(&b, "  %s: %s\n", f.Name, typeScriptOf(f))
		}
		b.WriteString("}\n")
	}
	fmt.Fprintf(&b, "\n/** How long texts may be, in characters. */\nexport const longest = { username: %d, title: %d, professor: %d, room: %d }\n",
		MaxUsername, MaxTitle, MaxProfessor, MaxRoom)
	fmt.Fprintf(&b, "\nexport const shortestUsername = %d\n", MinUsername)
	fmt.Fprintf(&b, "\nexport const maxCredit = %d\n\nexport const maxTimes = %d\n", MaxCredit, MaxTimes)
	fmt.Fprintf(&b, "\n/** How many timetables a query may ask for. */\nexport const maxPage = %d\n", TimetableDocument.MaxPage)
	fmt.Fprintf(&b, "\n/** How many others a user may follow. */\nexport const maxFollows = %d\n", MaxFollows)
	fmt.Fprintf(&b, "\n/** What a new username consists of. */\nexport const usernamePattern = /^%s$/u\n", UsernamePattern)
	return b.String()
}

func usesReference(d *Document) bool {
	for _, f := range d.OwnerFields() {
		if f.Type == Reference {
			return true
		}
	}
	return false
}

// typeScriptOf is the type of a field that the app writes.
func typeScriptOf(f Field) string {
	switch f.Type {
	case Text:
		if len(f.OneOf) > 0 {
			return "'" + strings.Join(f.OneOf, "' | '") + "'"
		}
		return "string"
	case Number, Integer:
		return "number"
	case Bool:
		return "boolean"
	case Timestamp:
		return "Time"
	case Reference:
		return "Reference"
	case List:
		return "readonly " + typeScriptOf(*f.Entry) + "[]"
	}
	var fields []string
	for _, entry := range f.Fields {
		fields = append(fields, entry.Name+": "+typeScriptOf(entry))
	}
	return "{ " + strings.Join(fields, "; ") + " }"
}
