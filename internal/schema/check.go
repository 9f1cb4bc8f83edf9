package schema

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"cloud.google.com/go/firestore"
)

// Check lists what a document has that the schema does not allow: absent fields, values of another type and
// values beyond their bounds. Fields that the schema does not know are allowed, as later versions of a
// server may have added them. Names that rules no longer let anyone claim are allowed, too: old accounts
// have them. Documents for servers only may lack fields, because each version reads those of the last.
func (d *Document) Check(id string, fields map[string]any) []string {
	var c documentCheck
	if n := utf8.RuneCountInString(id); len(d.IDLengths) > 0 && !slices.Contains(d.IDLengths, n) {
		c.addf("its id has %d characters, want one of %v", n, d.IDLengths)
	}
	c.fields("", d.Fields, fields, d.ServersOnly)
	return c.faults
}

type documentCheck struct{ faults []string }

func (c *documentCheck) addf(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

func (c *documentCheck) fields(prefix string, want []Field, got map[string]any, lenient bool) {
	for i := range want {
		f := &want[i]
		value, ok := got[f.Name]
		switch {
		case !ok && !f.Optional && !lenient:
			c.addf("%s%s is absent", prefix, f.Name)
		case ok && !(lenient && value == nil):
			c.value(prefix+f.Name, f, value)
		}
	}
}

func (c *documentCheck) value(name string, f *Field, value any) {
	if !f.Type.holds(value) {
		c.addf("%s is a %T, want a %s", name, value, f.Type)
		return
	}
	switch v := value.(type) {
	case string:
		c.text(name, f, v)
	case int64, float64:
		n, _ := number(v)
		if f.Max > 0 && (n < float64(f.Min) || n > float64(f.Max)) {
			c.addf("%s is %v, want %d to %d", name, v, f.Min, f.Max)
		}
	case []any:
		if f.Max > 0 && len(v) > f.Max {
			c.addf("%s has %d entries, want at most %d", name, len(v), f.Max)
		}
		if f.Entry != nil {
			for i, entry := range v {
				c.value(fmt.Sprintf("%s[%d]", name, i), f.Entry, entry)
			}
		}
	case map[string]any:
		c.fields(name+".", f.Fields, v, false)
	case *firestore.DocumentRef:
		if f.Target != "" && !matchesPath(f.Target, Path(v)) {
			c.addf("%s refers to %s, want %s", name, Path(v), f.Target)
		}
	}
}

func (c *documentCheck) text(name string, f *Field, text string) {
	if n := utf8.RuneCountInString(text); f.Max > 0 && f.Pattern == "" && n > f.Max {
		c.addf("%s has %d characters, want at most %d", name, n, f.Max)
	}
	if len(f.OneOf) > 0 && !slices.Contains(f.OneOf, text) {
		c.addf("%s is %.40q, want one of %v", name, text, f.OneOf)
	}
}

// holds reports whether a field of this type can have a value that Firestore's client read.
func (t Type) holds(value any) bool {
	switch t {
	case Text:
		_, ok := value.(string)
		return ok
	case Number:
		_, ok := number(value)
		return ok
	case Integer:
		n, ok := number(value) // JavaScript writes some integers as doubles
		return ok && n == math.Trunc(n)
	case Bool:
		_, ok := value.(bool)
		return ok
	case Timestamp:
		_, ok := value.(time.Time)
		return ok
	case Reference:
		ref, ok := value.(*firestore.DocumentRef)
		return ok && ref != nil
	case List:
		_, ok := value.([]any)
		return ok
	}
	_, ok := value.(map[string]any)
	return ok
}

// matchesPath reports whether a path matches a pattern such as "users/{uid}".
func matchesPath(pattern, path string) bool {
	return slices.EqualFunc(strings.Split(pattern, "/"), strings.Split(path, "/"), func(want, got string) bool {
		return want == got || strings.HasPrefix(want, "{")
	})
}

// Groups lists the collections that documents of the schema are in, by their ids. A collection group with
// such an id may contain documents of several kinds.
func Groups() []string {
	var groups []string
	for _, d := range Documents() {
		if !slices.Contains(groups, d.Collection()) {
			groups = append(groups, d.Collection())
		}
	}
	return groups
}

// Roots lists the collections at the root of the database.
func Roots() []string {
	var roots []string
	for _, d := range Documents() {
		if root, _, _ := strings.Cut(d.Path, "/"); !slices.Contains(roots, root) {
			roots = append(roots, root)
		}
	}
	return roots
}

// Collections lists the ids of the collections that the schema has directly below a document.
func (d *Document) Collections() []string {
	var ids []string
	for _, other := range Documents() {
		if rest, ok := strings.CutPrefix(other.Path, d.Path+"/"); ok {
			if id, _, _ := strings.Cut(rest, "/"); !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// InGroup queries the documents of all collections with an id, in the order of their names, and within a
// range of names: from is the first name, before the first one that no longer counts. Either may be nil.
func InGroup(client *firestore.Client, group string, from, before *firestore.DocumentRef) firestore.Query {
	q := client.CollectionGroup(group).Query
	if from != nil {
		q = q.Where(firestore.DocumentID, ">=", from)
	}
	if before != nil {
		q = q.Where(firestore.DocumentID, "<", before)
	}
	return q.OrderBy(firestore.DocumentID, firestore.Asc)
}

// NamesAt returns the range of names of a document and everything below it, or of everything in a
// collection: from the first name, before the first one that is not in it.
func NamesAt(client *firestore.Client, path string) (from, before *firestore.DocumentRef, err error) {
	segments := strings.Split(path, "/")
	for _, segment := range segments {
		if !IsID(segment) {
			return nil, nil, fmt.Errorf("%q is not the path of a document or collection: want users/UID or the like", path)
		}
	}
	if len(segments)%2 == 0 {
		// The document's next sibling is the first name after everything below the document.
		return client.Doc(path), client.Doc(path + "\x00"), nil
	}
	// The names in a collection come before those in the one whose id is longer by the lowest character.
	return client.Doc(path + "/\x01"), client.Doc(path + "\x00/\x01"), nil
}

// References lists the references in a document's fields, in maps and lists as well.
func References(fields map[string]any) []*firestore.DocumentRef {
	var refs []*firestore.DocumentRef
	var walk func(any)
	walk = func(value any) {
		switch v := value.(type) {
		case *firestore.DocumentRef:
			if v != nil {
				refs = append(refs, v)
			}
		case []any:
			for _, entry := range v {
				walk(entry)
			}
		case map[string]any:
			for _, field := range v {
				walk(field)
			}
		}
	}
	walk(fields)
	return refs
}

// DatabaseOf is the name of the database that a document is in: projects/P/databases/D.
func DatabaseOf(ref *firestore.DocumentRef) string {
	database, _, _ := strings.Cut(ref.Path, "/documents/")
	return database
}
