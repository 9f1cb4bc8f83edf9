package conversion

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// Canonical returns the JSON form of a document's fields that is equal if and only if two documents say
// the same: with fields of the schema only, sorted; integers and doubles alike; timestamps in
// microseconds; references as paths; and a lecture's times and tags, whose order the old database does
// not keep, sorted, without what no reader shows. A password hash is replaced by a digest.
func Canonical(doc *Document) []byte {
	text, err := json.Marshal(canonical(doc))
	if err != nil {
		panic(err) // canonical returns only what JSON has
	}
	return text
}

// Sum is the hash of a document's path and canonical form.
type Sum [sha256.Size]byte

// Hash returns the hash of a document.
func Hash(doc *Document) Sum {
	return sha256.Sum256(append([]byte(doc.Path()+"\n"), Canonical(doc)...))
}

// Difference is a field that two documents have different values of, in their canonical form; "" if the
// field is absent.
type Difference struct {
	Field, Old, New string
}

// Compare lists the fields that differ between the document that a row became and the one that Firestore
// has. Either may be nil.
func Compare(old, current *Document) []Difference {
	var a, b map[string]any
	if old != nil {
		a = canonical(old)
	}
	if current != nil {
		b = canonical(current)
	}
	names := map[string]bool{}
	for name := range a {
		names[name] = true
	}
	for name := range b {
		names[name] = true
	}
	var differences []Difference
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if x, y := printed(a, name), printed(b, name); x != y {
			differences = append(differences, Difference{name, x, y})
		}
	}
	return differences
}

// printed returns a canonical field as JSON.
func printed(fields map[string]any, name string) string {
	value, ok := fields[name]
	if !ok {
		return ""
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // as in Canonical
	}
	return strings.TrimSpace(b.String())
}

// canonical returns the canonical fields of a document: text, float64, bool, and lists and maps of them.
func canonical(doc *Document) map[string]any {
	description := schema.DocumentAt(doc.Path())
	if description == nil {
		return map[string]any{}
	}
	fields := asRead(doc.Fields)
	if description.Path == schema.LectureDocument.Path {
		fields = canonicalLecture(fields)
	}
	result := map[string]any{}
	for _, f := range description.Fields {
		value, ok := fields[f.Name]
		switch {
		case !ok, description.Path == schema.CredentialDocument.Path && f.Name == schema.FieldHeld:
			continue // who is signing in is not what the document says
		case description.Path == schema.CredentialDocument.Path && f.Name == schema.FieldHash:
			text, _ := value.(string)
			sum := sha256.Sum256([]byte(text))
			value = sum[:]
		}
		if value, ok := canonicalValue(value); ok {
			result[f.Name] = value
		}
	}
	return result
}

// canonicalLecture sorts what has no order, and drops what readers skip.
func canonicalLecture(fields map[string]any) map[string]any {
	l := schema.LectureOf(fields)
	slices.SortStableFunc(l.Times, func(a, b schema.LectureTime) int {
		return cmp.Or(a.Weekday-b.Weekday, a.TimeBegin-b.TimeBegin, a.TimeEnd-b.TimeEnd, strings.Compare(a.Room, b.Room))
	})
	slices.SortFunc(l.Metas, func(a, b schema.LectureMeta) int { return strings.Compare(a.Name, b.Name) })
	l.Metas = slices.Compact(l.Metas)
	created, updated := schema.CreatedAndUpdated(fields)
	return asRead(l.Fields(created, updated))
}

// canonicalValue converts a value as Firestore's client returns it. ok is false if the value says nothing.
func canonicalValue(value any) (_ any, ok bool) {
	switch v := value.(type) {
	case string, bool:
		return v, true
	case []byte:
		return v, true // of a digest; JSON has it in base64
	case int64:
		return float64(v), true
	case float64:
		return v + 0, v-v == 0 // neither -0, nor infinite, nor NaN
	case time.Time:
		return v.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano), !v.IsZero()
	case *firestore.DocumentRef:
		if v == nil {
			return nil, false
		}
		return schema.Path(v), true
	case []any:
		list := []any{}
		for _, entry := range v {
			if entry, ok := canonicalValue(entry); ok {
				list = append(list, entry)
			}
		}
		return list, true
	case map[string]any:
		fields := map[string]any{}
		for name, field := range v {
			if field, ok := canonicalValue(field); ok {
				fields[name] = field
			}
		}
		return fields, true
	}
	return nil, false
}

// asRead converts fields that are to be written to what the client returns when it reads them.
func asRead(fields map[string]any) map[string]any {
	read := make(map[string]any, len(fields))
	for name, value := range fields {
		read[name] = valueAsRead(value)
	}
	return read
}

func valueAsRead(value any) any {
	switch v := value.(type) {
	case int:
		return int64(v)
	case []any:
		list := make([]any, len(v))
		for i, entry := range v {
			list[i] = valueAsRead(entry)
		}
		return list
	case map[string]any:
		return asRead(v)
	}
	return value
}
