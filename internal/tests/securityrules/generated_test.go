package securityrules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"heek.kr/heektime/internal/schema"
)

// shape is an allowed operation from which attacks are generated.
type shape struct {
	name string
	op   operation
}

// shapes returns the writes that clients make.
func shapes() []shape {
	return []shape{
		{"claim a name", claim("carol")},
		{"change the name", rename("alicia")},
		{"add a timetable", addTimetable("my-table-1")},
		{"hide a timetable", changeTimetable(fields{"visibility": "private"})},
		{"rename a timetable", changeTimetable(fields{"title": "x"})},
		{"delete a timetable", operation{uid: "alice", writes: []write{{kind: remove, path: "users/alice/timetables/" + alicePublic}}}},
		{"add a lecture", addLecture()},
		{"change a lecture", changeLecture()},
		{"delete a lecture", operation{uid: "alice", writes: []write{{kind: remove, path: "users/alice/timetables/" + alicePublic + "/lectures/first"}}}},
		{"duplicate a timetable", duplicate(2)},
		{"follow another", followBy("alice", "bob", 1)},
		{"follow the first other", followBy("carol", "alice", 0)},
		{"give up following another", unfollowBy("alice", "dave", 1)},
	}
}

// generated returns the attacks that vary the shapes.
func generated() []attack {
	var list []attack
	for _, s := range shapes() {
		list = append(list, badFields(s)...)
		list = append(list, otherUsers(s)...)
		list = append(list, hiddenUsers(s)...)
	}
	list = append(list, badListEntries(shape{"add a lecture", addLecture()}, 5)...)
	list = append(list, badListEntries(shape{"change a lecture", changeLecture()}, 1)...)
	list = append(list, largeListEntries(shape{"add a lecture", addLecture()})...)
	sortByName(list) // maps have a random order, and inBatches takes every seventh attack
	return append(list, inBatches(list)...)
}

func sortByName(list []attack) {
	slices.SortFunc(list, func(a, b attack) int { return strings.Compare(a.name, b.name) })
}

// samples returns values of every type, keyed by description.
func samples() map[string]any {
	return map[string]any{
		"null": nil, "a boolean": true, "an integer": 7, "a float": 7.5, "NaN": nan, "a string": "text", "an empty string": "", "a time as a string": "2026-11-20T12:00:00Z",
		"a past time": earlier, "a future time": time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), "bytes": []byte("bytes"), "empty bytes": []byte{},
		"a reference": reference("users/bob"), "a geopoint": point{37.59, 127.03},
		"a list": []any{"text"}, "an empty list": []any{}, "a map": fields{"key": "value"}, "an empty map": fields{},
	}
}

var nan = func() float64 { zero := 0.0; return zero / zero }()

// badFields returns attacks with a missing field, an extra one, and each field with each value that
// it may not have.
func badFields(s shape) []attack {
	var list []attack
	for i, w := range s.op.writes {
		where := fmt.Sprintf("%s: %s: ", s.name, w.path)
		if w.kind == remove {
			continue
		}
		list = append(list, attack{where + "an extra field", s.op, s.op.setting(i, "extra", "x")})
		document := schema.DocumentAt(w.path)
		for _, field := range slices.Sorted(maps.Keys(w.data)) {
			f := document.Field(field)
			// An update without the field is another operation, which may be allowed.
			if w.kind != update || field == "updatedAt" {
				if !f.Optional {
					list = append(list, attack{where + field + " is missing", s.op, s.op.with(i, func(w *write) { delete(w.data, field) })})
				}
				list = append(list, attack{where + field + " under another name", s.op, s.op.with(i, func(w *write) {
					w.data[strings.ToUpper(field)] = w.data[field]
					delete(w.data, field)
				})})
			}
			for _, sample := range slices.Sorted(maps.Keys(samples())) {
				if !fits(*f, samples()[sample]) {
					list = append(list, attack{where + field + " is " + sample, s.op, s.op.setting(i, field, samples()[sample])})
				}
			}
		}
		if w.kind == update {
			for _, sample := range []string{"a past time", "a future time"} {
				list = append(list, attack{where + "createdAt is changed to " + sample, s.op, s.op.setting(i, "createdAt", samples()[sample].(time.Time).Add(time.Second))})
			}
			list = append(list, attack{where + "createdAt is changed to now", s.op, s.op.setting(i, "createdAt", serverTime{})})
		}
		for _, f := range document.OwnerFields() {
			if _, there := w.data[f.Name]; !there || f.Name == schema.FieldUsername { // usernameAttacks covers them
				continue
			}
			for name, v := range outside(f) {
				list = append(list, attack{where + f.Name + " is " + name, s.op, s.op.setting(i, f.Name, v)})
			}
			if f.Type == schema.List {
				full := repeat(sampleOf(f).([]any)[0], f.Max)
				more := append(slices.Clone(full), full[0])
				list = append(list, attack{where + f.Name + " is full and gets one more", s.op.setting(i, f.Name, full), s.op.setting(i, f.Name, more)})
			}
		}
	}
	return list
}

// hiddenUsers returns attacks in which an account that is pending deletion or blocked writes its own
// timetables and lectures, as it could before. Its user document does not exist.
func hiddenUsers(s shape) []attack {
	var list []attack
	for _, uid := range []string{"fay", "ivy"} {
		op, below := s.op.as(uid), 0
		for i, w := range op.writes {
			if rest, ok := strings.CutPrefix(w.path, "users/alice/"); ok {
				op, below = op.to(i, "users/"+uid+"/"+rest), below+1
			}
		}
		if below == len(op.writes) {
			list = append(list, attack{fmt.Sprintf("%s: by %s, who is hidden", s.name, uid), s.op, op})
		}
	}
	return list
}

// otherUsers returns attacks in which another user does what only the owner may do.
func otherUsers(s shape) []attack {
	var list []attack
	for _, who := range []string{"", "bob"} {
		list = append(list, attack{fmt.Sprintf("%s: by %q", s.name, who), s.op, s.op.as(who)})
	}
	list = append(list, attack{s.name + ": by an anonymous account", s.op, s.op.byGuest()})
	// The owner writes to another user's documents.
	for i, w := range s.op.writes {
		if strings.HasPrefix(w.path, "users/"+s.op.uid) {
			path := "users/bob" + strings.TrimPrefix(w.path, "users/"+s.op.uid)
			path = strings.Replace(path, alicePublic, bobPublic, 1)
			list = append(list, attack{fmt.Sprintf("%s: %s instead of %s", s.name, path, w.path), s.op, s.op.to(i, path)})
		}
	}
	return list
}

// badListEntries returns attacks with a bad entry at each of the first indexes of a list, after
// good ones.
func badListEntries(s shape, indexes int) []attack {
	var list []attack
	for n := range indexes {
		for field := range badEntriesByField() {
			good := repeat(lecture()[field].([]any)[0], n+1)
			base := s.op.setting(0, field, good)
			for name, bad := range badEntriesByField()[field] {
				entries := slices.Clone(good)
				entries[n] = bad
				list = append(list, attack{fmt.Sprintf("%s: %s[%d] of %d is %s", s.name, field, n, n+1, name), base, s.op.setting(0, field, entries)})
				if n < indexes-1 {
					continue
				}
				// The rules check this entry no matter how many follow.
				others := repeat(good[0], schema.LectureDocument.Field(field).Max-len(good))
				more := slices.Concat(entries, others)
				list = append(list, attack{fmt.Sprintf("%s: %s[%d] of %d is %s", s.name, field, n, len(more), name),
					s.op.setting(0, field, slices.Concat(good, others)), s.op.setting(0, field, more)})
			}
		}
	}
	return list
}

// checkedEntries is how many entries of a list the rules check one by one. They bound the others together.
const checkedEntries = 5

// huge is half of the largest document.
var huge = strings.Repeat("x", 1<<19)

// largeListEntries returns attacks with one entry too large, or of another size, among full entries that
// the rules only bound together.
func largeListEntries(s shape) []attack {
	var list []attack
	for _, f := range lectureFields() {
		if f.Type != schema.List {
			continue
		}
		full := largest(f).([]any)
		for n := checkedEntries; n < f.Max; n++ {
			for name, bad := range largerEntries(*f.Entry, full[n]) {
				entries := slices.Clone(full)
				entries[n] = bad
				list = append(list, attack{fmt.Sprintf("%s: full %s[%d] is %s", s.name, f.Name, n, name),
					s.op.setting(0, f.Name, full), s.op.setting(0, f.Name, entries)})
				if f.Entry.Type == schema.Map { // the rules fill up shorter lists of maps with full entries
					list = append(list, attack{fmt.Sprintf("%s: full %s[%d] of %d is %s", s.name, f.Name, n, n+1, name),
						s.op.setting(0, f.Name, full[:n+1]), s.op.setting(0, f.Name, entries[:n+1])})
				}
			}
		}
	}
	return list
}

// largerEntries returns entries that do not fit among full ones, keyed by what is wrong with them.
func largerEntries(f schema.Field, full any) map[string]any {
	if f.Type == schema.Text {
		return map[string]any{"one character too long": strings.Repeat("호", f.Max+1), "a map": fields{"key": "value"}, "bytes": []byte("bytes"),
			"a time": earlier, "a geopoint": point{37.59, 127.03}, "huge": huge}
	}
	bad := badEntries(f, full)
	delete(bad, "with timeBegin a float") // small, so the rules do not notice
	delete(bad, "with timeEnd a float")
	for _, inner := range f.Fields {
		if inner.Type == schema.Integer {
			e := maps.Clone(full.(fields))
			e[inner.Name] = full.(fields)[inner.Name].(int) + 1
			bad["with "+inner.Name+" one larger"] = e
		}
		e := maps.Clone(full.(fields))
		e[inner.Name] = huge
		bad["with a huge "+inner.Name] = e
	}
	return bad
}

// badEntriesByField returns bad entries for each list of a lecture, keyed by what is wrong with them.
func badEntriesByField() map[string]map[string]any {
	bad := map[string]map[string]any{}
	for _, f := range lectureFields() {
		if f.Type == schema.List {
			bad[f.Name] = badEntries(*f.Entry, lecture()[f.Name].([]any)[0])
		}
	}
	entry := func(of fields, field string, v any) fields {
		e := maps.Clone(of)
		e[field] = v
		return e
	}
	for name, e := range map[string]fields{
		"on a day before Monday":     entry(meeting(1), "weekday", -1),
		"on a day after Sunday":      entry(meeting(1), "weekday", 7),
		"before midnight":            entry(meeting(1), "timeBegin", -1),
		"after midnight":             entry(meeting(1), "timeEnd", 1441),
		"with no length":             entry(meeting(1), "timeEnd", 630),
		"that ends before it begins": entry(meeting(1), "timeEnd", 629),
		"with weekday 1.0":           entry(meeting(1), "weekday", 1.0),
		"with timeBegin 630.0":       entry(meeting(1), "timeBegin", 630.0),
		"with timeEnd 705.0":         entry(meeting(1), "timeEnd", 705.0),
	} {
		bad["times"][name] = e
	}
	bad["metas"]["of another type"] = fields{"type": "note", "name": "x"}
	bad["metas"]["of type Tag"] = fields{"type": "Tag", "name": "x"}
	return bad
}

// badEntries returns bad entries of one list, keyed by what is wrong with them. good is an allowed entry.
func badEntries(f schema.Field, good any) map[string]any {
	bad := map[string]any{}
	for name, v := range samples() {
		if _, isList := v.([]any); !isList && !fits(f, v) { // Firestore has no lists of lists
			bad[name] = v
		}
	}
	for name, v := range outside(f) {
		bad[name] = v
	}
	m, isMap := good.(fields)
	if !isMap {
		return bad
	}
	with := func(field string, v any) fields {
		e := maps.Clone(m)
		e[field] = v
		return e
	}
	bad["with an extra field"] = with("extra", "x")
	for _, inner := range f.Fields {
		few := maps.Clone(m)
		delete(few, inner.Name)
		bad["without "+inner.Name] = few
		other := maps.Clone(few)
		other["extra"] = m[inner.Name]
		bad["with another field for "+inner.Name] = other
		for name, v := range samples() {
			if !fits(inner, v) {
				bad["with "+inner.Name+" "+name] = with(inner.Name, v)
			}
		}
		if inner.Type == schema.Text {
			for name, v := range outside(inner) {
				bad["with "+inner.Name+" "+name] = with(inner.Name, v)
			}
		}
	}
	return bad
}

// inBatches returns some of the attacks in the middle of a batch of good writes.
func inBatches(attacks []attack) []attack {
	good := func(i int) write {
		return write{set, fmt.Sprintf("users/alice/timetables/%s/lectures/good%d", alicePrivate, i), stamped(lecture())}
	}
	surround := func(o operation) operation {
		o.writes = slices.Concat([]write{good(1), good(2)}, o.writes, []write{good(3)})
		return o
	}
	var list []attack
	for i, a := range attacks {
		// A sample is enough: the check of a field does not depend on the rest of the batch.
		if a.base.uid == "alice" && a.op.uid == "alice" && (i%7 == 0 || strings.Contains(a.name, " instead of ")) {
			list = append(list, attack{"in a batch: " + a.name, surround(a.base), surround(a.op)})
		}
	}
	return list
}
