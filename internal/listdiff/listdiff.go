// Package listdiff compares two versions of a course list, lecture by lecture, as a student would: spaces
// and the width of characters are no change, and a lecture whose code alone changed has moved.
package listdiff

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"

	"heek.kr/heektime/internal/schema"
)

// Difference is what changed between two lists.
type Difference struct {
	Added, Removed, Changed, Moved int
	// Lectures are all of them, by identifier.
	Lectures []schema.LectureChange
}

// Compare compares two lists.
func Compare(from, to schema.CourseList) Difference {
	before := make(map[string]*schema.Lecture, len(from))
	for i := range from {
		before[from[i].Identifier] = &from[i]
	}
	var d Difference
	var added []*schema.Lecture
	for i := range to {
		l := &to[i]
		old, ok := before[l.Identifier]
		delete(before, l.Identifier)
		if !ok {
			added = append(added, l)
		} else if fields := changedFields(old, l); len(fields) > 0 {
			d.Changed++
			d.add(schema.LectureChanged, old, l, fields)
		}
	}
	var removed []*schema.Lecture
	for i := range from {
		if l := &from[i]; before[l.Identifier] == l {
			removed = append(removed, l)
		}
	}
	d.addMoves(removed, added)
	slices.SortStableFunc(d.Lectures, func(a, b schema.LectureChange) int {
		return cmp.Or(cmp.Compare(a.Identifier, b.Identifier), cmp.Compare(a.Kind, b.Kind))
	})
	return d
}

// addMoves adds lectures that are in one list only. Those that differ in nothing but the identifier have
// moved. If several are alike, they are paired in order, unless more were removed than added or fewer: then
// nobody can say which of them moved.
func (d *Difference) addMoves(removed, added []*schema.Lecture) {
	var contents []string // in the order of removed
	from, to := map[string][]*schema.Lecture{}, map[string][]*schema.Lecture{}
	for _, l := range removed {
		content := contentOf(l)
		if from[content] == nil {
			contents = append(contents, content)
		}
		from[content] = append(from[content], l)
	}
	for _, l := range added {
		content := contentOf(l)
		if from[content] == nil && to[content] == nil {
			contents = append(contents, content)
		}
		to[content] = append(to[content], l)
	}
	for _, content := range contents {
		old, new := from[content], to[content]
		if len(old) == len(new) {
			for i := range old {
				d.Moved++
				fields := []string{schema.FieldIdentifier}
				if old[i].URL != new[i].URL {
					fields = append(fields, schema.FieldURL)
				}
				d.add(schema.LectureMoved, old[i], new[i], fields)
			}
			continue
		}
		for _, l := range old {
			d.Removed++
			d.add(schema.LectureRemoved, l, nil, nil)
		}
		for _, l := range new {
			d.Added++
			d.add(schema.LectureAdded, nil, l, nil)
		}
	}
}

// add adds a change with these fields of both lectures, all of them if fields is nil.
func (d *Difference) add(kind schema.ChangeKind, old, new *schema.Lecture, fields []string) {
	change := schema.LectureChange{Kind: kind, Before: fieldsOf(old, fields), After: fieldsOf(new, fields)}
	named := new
	if named == nil {
		named = old
	}
	change.Identifier, change.Title = named.Identifier, named.Title
	d.Lectures = append(d.Lectures, change)
}

func fieldsOf(l *schema.Lecture, names []string) map[string]any {
	if l == nil {
		return map[string]any{}
	}
	all := l.ListFields()
	if names == nil {
		return all
	}
	some := make(map[string]any, len(names))
	for _, name := range names {
		some[name] = all[name]
	}
	return some
}

// changedFields names the fields of a lecture that differ in more than their wording.
func changedFields(old, new *schema.Lecture) (names []string) {
	if reflect.DeepEqual(old, new) { // most of them
		return nil
	}
	before, after := normalized(old).ListFields(), normalized(new).ListFields()
	for name, value := range after {
		if !reflect.DeepEqual(before[name], value) {
			names = append(names, name)
		}
	}
	return names
}

// contentOf returns what two lectures have in common if they differ in nothing but the identifier, and the
// address that many schools derive from it.
func contentOf(l *schema.Lecture) string {
	n := normalized(l)
	n.Identifier, n.URL = "", ""
	text, err := json.Marshal(n.ListFields())
	if err != nil {
		panic(err) // a published list was encoded before
	}
	return string(text)
}

// normalized returns a lecture without differences of wording. The order of meetings and of tags means
// nothing; that of categories does, from the college to the department.
func normalized(l *schema.Lecture) schema.Lecture {
	n := *l
	n.Title, n.Professor = wording(l.Title), wording(l.Professor)
	n.Times = slices.Clone(l.Times)
	for i := range n.Times {
		n.Times[i].Room = wording(n.Times[i].Room)
	}
	slices.SortFunc(n.Times, schema.CompareTimes)
	n.Category = slices.Clone(l.Category)
	for i := range n.Category {
		n.Category[i] = wording(n.Category[i])
	}
	n.Metas = slices.Clone(l.Metas)
	for i := range n.Metas {
		n.Metas[i].Name = wording(n.Metas[i].Name)
	}
	slices.SortFunc(n.Metas, func(a, b schema.LectureMeta) int { return cmp.Compare(a.Name, b.Name) })
	return n
}

// wording returns a text without what differs between two spellings that read the same: the number of
// spaces, composed and decomposed letters, and full-width and half-width forms of a character. Korean input
// methods and school systems mix the last: （영강） and (영강) are the same mark. Compatibility forms such as
// Ⅱ and ² stay: folding those could hide a change.
func wording(s string) string {
	if isPlain(s) {
		return s
	}
	return strings.Join(strings.Fields(norm.NFC.String(width.Fold.String(s))), " ")
}

// isPlain reports whether wording would return s as it is, for the most frequent texts.
func isPlain(s string) bool {
	space := true
	for _, r := range s {
		switch {
		case r == ' ':
			if space {
				return false
			}
			space = true
		case r > ' ' && r < 0x7f, r >= '가' && r <= '힣':
			space = false
		default:
			return false
		}
	}
	return !space || s == ""
}

// Fields names the fields of one lecture that differ in more than their wording. before and after are fields of
// a lecture as Firestore's client reads them; fields that only one of them has are ignored.
func Fields(before, after map[string]any) (names []string) {
	from, to := map[string]any{}, map[string]any{}
	for name, value := range before {
		if other, ok := after[name]; ok {
			from[name], to[name] = value, other
		}
	}
	a, b := schema.LectureOf(from), schema.LectureOf(to)
	return changedFields(&a, &b)
}
