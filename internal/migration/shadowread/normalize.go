package shadowread

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// object is a response, or a part of one, without what may differ. Its fields are those of the contract, its
// parts have ids that are unique among the parts of a kind. Neither has an order.
type object struct {
	kind   string // "timetable", "" for the response itself
	fields map[string]any
	parts  map[string]object // by kind and id
}

func newObject(kind string) object {
	return object{kind: kind, fields: map[string]any{}, parts: map[string]object{}}
}

// add adds a part with an id. A second part with the same id, which no client could tell apart, is numbered.
func (o object) add(id string, part object) {
	key := part.kind + " " + id
	for n := 2; ; n++ {
		if _, taken := o.parts[key]; !taken {
			o.parts[key] = part
			return
		}
		key = fmt.Sprintf("%s %s #%d", part.kind, id, n)
	}
}

// readSchools reads [{id, name, semesters: [{id, year, term}]}]. The contract gives schools and semesters no
// order, and clients take semester ids as they are: year and term name a semester.
func readSchools(body any) object {
	o := newObject("")
	o.fields["body"] = listOr(body)
	for _, s := range list(body) {
		school := newObject("school")
		school.fields["name"] = orEmpty(field(s, "name"), "")
		for _, entry := range list(field(s, "semesters")) {
			semester := newObject("semester")
			semester.fields["school"] = schoolOf(field(entry, "id"))
			school.add(fmt.Sprintf("%s/%v-%v", text(field(s, "id")), field(entry, "year"), field(entry, "term")), semester)
		}
		o.add(text(field(s, "id")), school)
	}
	return o
}

// schoolOf returns the part of a semester's id before the first slash, which is how clients find the school.
func schoolOf(id any) any {
	school, _, found := strings.Cut(text(id), "/")
	if !found {
		return id
	}
	return school
}

// readListURL reads {url}. The servers keep their lists in different places.
func readListURL(body any) object {
	o := newObject("")
	o.fields["url"] = text(field(body, "url")) != ""
	return o
}

// readUser reads {id, username}.
func readUser(body any) object {
	o := newObject("")
	o.fields["id"], o.fields["username"] = field(body, "id"), field(body, "username")
	return o
}

// readTimetables reads [timetable].
func readTimetables(body any) object {
	o := newObject("")
	o.fields["body"] = listOr(body)
	for _, t := range list(body) {
		semester := field(t, "semester")
		timetable := newObject("timetable")
		timetable.fields["title"] = orEmpty(field(t, "title"), "")
		timetable.fields["user.id"] = field(field(t, "user"), "id")
		timetable.fields["semester.year"] = field(semester, "year")
		timetable.fields["semester.term"] = field(semester, "term")
		timetable.fields["semester.school.id"] = field(field(semester, "school"), "id")
		timetable.fields["semester.school.name"] = field(field(semester, "school"), "name")
		timetable.fields["semester.id"] = schoolOf(field(semester, "id"))
		timetable.fields["lectures"] = listOr(field(t, "lectures")) // never null
		for _, l := range list(field(t, "lectures")) {
			timetable.add(text(field(l, "id")), readLecture(l))
		}
		o.add(text(field(t, "id")), timetable)
	}
	return o
}

// readLecture reads a lecture. Firestore has no NULL: the old server's null is an empty text, list or 0.
// Only categories have an order.
func readLecture(l any) object {
	o := newObject("lecture")
	for _, name := range []string{"identifier", "title", "professor"} {
		o.fields[name] = orEmpty(field(l, name), "")
	}
	o.fields["credit"] = orEmpty(field(l, "credit"), 0.0)
	o.fields["category"] = orEmpty(field(l, "category"), []any{})
	times := []any{}
	for _, t := range list(field(l, "times")) {
		// Old apps compute the periods that a server does not send.
		times = append(times, map[string]any{
			"weekday": field(t, "weekday"), "timeBegin": field(t, "timeBegin"), "timeEnd": field(t, "timeEnd"), "room": orEmpty(field(t, "room"), ""),
		})
	}
	o.fields["times"] = sorted(times)
	tags := []any{}
	for _, t := range list(field(l, "tags")) {
		tags = append(tags, orEmpty(field(t, "name"), ""))
	}
	o.fields["tags"] = sorted(tags)
	return o
}

// sorted sorts a list by its entries' JSON.
func sorted(entries []any) []any {
	slices.SortFunc(entries, func(a, b any) int { return cmp.Compare(encode(a), encode(b)) })
	return entries
}

// encode returns a value's JSON, whose maps are in the order of their keys.
func encode(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

func list(value any) []any {
	entries, _ := value.([]any)
	return entries
}

// listOr stands for a list whose entries are compared one by one, and returns any other value as it is.
func listOr(value any) any {
	if _, isList := value.([]any); isList {
		return "a list"
	}
	return value
}

func field(value any, name string) any {
	fields, _ := value.(map[string]any)
	return fields[name]
}

// text returns a text, and any other value as JSON: an id may be a number.
func text(value any) string {
	if s, ok := value.(string); ok || value == nil {
		return s
	}
	return encode(value)
}

func orEmpty(value, empty any) any {
	if value == nil {
		return empty
	}
	return value
}
