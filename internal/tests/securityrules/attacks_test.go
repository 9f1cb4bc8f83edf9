package securityrules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"heek.kr/heektime/internal/schema"
)

// attack is an operation that the rules must deny. base is an allowed operation that differs from
// it only in the thing denied.
type attack struct {
	name     string
	base, op operation
}

// handwritten returns the attacks that are not generated.
func handwritten() []attack {
	var list []attack
	add := func(name string, base, op operation) { list = append(list, attack{name, base, op}) }
	for _, group := range []func(func(string, operation, operation)){usernameAttacks, userAttacks, timetableAttacks,
		lectureAttacks, viewAttacks, followAttacks, countAttacks, hiddenAttacks, broadQueries, announcementQueries, broadChangeQueries, offsets, serverDocuments} {
		group(add)
	}
	sortByName(list)
	return list
}

// usernameAttacks try to get a username without its index document, two usernames, or another
// user's username. The list is long because both documents and their order in the batch vary.
func usernameAttacks(add func(string, operation, operation)) {
	claimed, renamed := claim("carol"), rename("alicia")

	add("a user without the index", claimed, claimed.without(1))
	add("an index without the user", claimed, claimed.without(0))
	add("an index for another user", claimed, claimed.setting(1, "value", "bob"))
	add("an index for a uid without a user", claimed, claimed.setting(1, "value", "nobody"))
	add("an index for an empty uid", claimed, claimed.setting(1, "value", ""))
	add("an index under another name than the user's", claimed, claimed.to(1, usernames("carla")))
	add("an index whose name differs from the user's in case", claimed, claimed.to(1, usernames("Carol")))
	add("an index whose name differs from the user's in Unicode normalization", claim("한국어과"), claim("한국어과").to(1, usernames("\u1112\u1161\u11ab국어과")))
	add("a second index", claimed, claimed.and(write{set, usernames("carla"), fields{"value": "carol"}}))
	add("a second index for another user", claimed, claimed.and(write{set, usernames("carla"), fields{"value": "bob"}}))
	add("another's user", claimed, claimed.to(0, "users/dora"))
	add("another's user and index", claimed, claimed.to(0, "users/dora").setting(1, "value", "dora"))
	add("a user, signed out", claimed, claimed.as(""))
	add("a user and index, by another", claimed, claimed.as("bob"))
	add("a taken name, by create", claimed, claim("alice"))
	add("a taken name, leaving its index alone", claimed, claim("alice").without(1))
	add("a taken name, deleting its index first", claimed, func() operation {
		o := claim("alice")
		o.writes = append([]write{{kind: remove, path: usernames("alice")}}, o.writes...)
		return o
	}())
	add("a taken name, deleting its index afterwards", claimed, claim("alice").and(write{kind: remove, path: usernames("alice")}))
	// These write no index document, so only the rule for user documents can deny them.
	ghost := claim("ghost").without(1)
	add("a user whose index exists, by another", ghost, ghost.as("bob"))
	add("a user whose index exists, with a past time", ghost, ghost.setting(0, "updatedAt", earlier))
	repaired := operation{uid: "erin", writes: []write{{update, "users/erin", fields{"username": "erin2", "updatedAt": serverTime{}}}}}
	add("a user repaired to match an index, by another", repaired, repaired.as("bob"))
	add("a user repaired to match an index, with a past time", repaired, repaired.setting(0, "updatedAt", earlier.Add(1e9)))
	add("an index repaired to match a user, alone", repaired, operation{uid: "erin", writes: []write{{set, usernames("erin1"), fields{"value": "erin"}}}})
	add("an index repaired to match a user, for another", repaired, operation{uid: "erin", writes: []write{{set, usernames("erin1"), fields{"value": "bob"}}}})
	add("a name of 3 letters", claim("carl"), claim("car"))
	add("a name of 3 Korean letters", claim("고려대생"), claim("고려대"))
	add("a name of 3 emoji", claim("😀😀😀😀"), claim("😀😀😀"))
	longest := strings.Repeat("c", schema.MaxUsername)
	add("a name one letter too long", claim(longest), claim(longest+"c"))
	add("a name one Korean letter too long", claim(strings.Repeat("호", schema.MaxUsername)), claim(strings.Repeat("호", schema.MaxUsername+1)))
	add("a name of 1,000 letters", claimed, claim(strings.Repeat("c", 1000)))
	for what, name := range badNames {
		add("a name with "+what, claimed, claim(name))
		add("a change to a name with "+what, renamed, rename(name))
	}
	add("a name with slashes, with the index of the name without", claimed, claim("carol").setting(0, "username", "carol/of/users"))
	add("a name with slashes, with the document at that path", claimed, claim("carol/of/users"))
	add("a name with a trailing slash", claimed, claimed.setting(0, "username", "carol/"))
	add("a name with .. that leads to a taken one", claimed, claimed.setting(0, "username", "x/../alice"))
	add("a uid with a slash", claimed, operation{uid: "slash/ed", writes: []write{
		{set, "users/slash", stamped(fields{"username": "carol"})}, {set, usernames("carol"), fields{"value": "slash/ed"}}}})

	add("a taken name, by update", renamed, rename("bobby"))
	add("a taken name, by update, leaving its index alone", renamed, rename("bobby").without(2))
	add("a taken name, by update, deleting its index first", renamed, operation{uid: "alice", writes: append([]write{
		{kind: remove, path: usernames("bobby")}}, rename("bobby").writes...)})
	add("a change of only the user", renamed, operation{uid: "alice", writes: renamed.writes[:1]})
	add("a change that keeps the old index", renamed, renamed.without(1))
	add("a change without a new index", renamed, renamed.without(2))
	add("a change of only the indices", renamed, renamed.without(0))
	add("a change to a name of 3 letters", rename("alic"), rename("ali"))
	add("a change to a name one letter too long", rename(longest), rename(longest+"c"))
	add("a change with the new index for another", renamed, renamed.setting(2, "value", "bob"))
	add("a change of the user and the new index only", renamed, operation{uid: "alice", writes: []write{
		renamed.writes[0], renamed.writes[2]}})
	add("a change that reassigns the old index to another", renamed, renamed.with(1, func(w *write) {
		*w = write{set, usernames("alice"), fields{"value": "bob"}}
	}))
	add("a change to the same name", renamed, operation{uid: "alice", writes: []write{
		{update, "users/alice", fields{"username": "alice", "updatedAt": serverTime{}}}}})
	add("a change to the same name, deleting and setting its index", renamed, rename("alice"))
	add("a change to the same name, setting and deleting its index", renamed, operation{uid: "alice", writes: []write{
		{update, "users/alice", fields{"username": "alice", "updatedAt": serverTime{}}},
		{set, usernames("alice"), fields{"value": "alice"}}, {kind: remove, path: usernames("alice")}}})
	add("a new updatedAt without a new name", renamed, operation{uid: "alice", writes: []write{{update, "users/alice", fields{"updatedAt": serverTime{}}}}})
	add("two names swapped", renamed, operation{uid: "alice", writes: []write{
		{update, "users/alice", fields{"username": "bobby", "updatedAt": serverTime{}}},
		{update, "users/bob", fields{"username": "alice", "updatedAt": serverTime{}}},
		{set, usernames("alice"), fields{"value": "bob"}}, {set, usernames("bobby"), fields{"value": "alice"}}}})
	add("two names swapped, deleting and creating the indices", renamed, operation{uid: "alice", writes: []write{
		{update, "users/alice", fields{"username": "bobby", "updatedAt": serverTime{}}},
		{update, "users/bob", fields{"username": "alice", "updatedAt": serverTime{}}},
		{kind: remove, path: usernames("alice")}, {kind: remove, path: usernames("bobby")},
		{create, usernames("alice"), fields{"value": "bob"}}, {create, usernames("bobby"), fields{"value": "alice"}}}})
	add("another's name changed", renamed, renamed.as("bob"))
	add("another's name changed, signed out", renamed, renamed.as(""))
	add("another's name changed, with an index for oneself", renamed, renamed.as("bob").setting(2, "value", "bob"))

	add("a change to a name whose index exists", renamed, rename("spare"))
	add("an existing index updated in addition to a change of name", renamed, renamed.and(
		write{set, usernames("spare"), fields{"value": "mallory"}}))
	add("an index updated without a change", renamed, operation{uid: "alice", writes: []write{
		{update, usernames("alice"), fields{"value": "alice"}}}})
	add("an index given away", renamed, operation{uid: "alice", writes: []write{{set, usernames("alice"), fields{"value": "bob"}}}})
	add("another's index taken", renamed, operation{uid: "alice", writes: []write{{set, usernames("bobby"), fields{"value": "alice"}}}})
	add("another's index deleted", renamed, operation{uid: "alice", writes: []write{{kind: remove, path: usernames("bobby")}}})
	add("another's index deleted in addition to a change of name", renamed, renamed.and(write{kind: remove, path: usernames("bobby")}))
	add("one's own index deleted", renamed, operation{uid: "alice", writes: []write{{kind: remove, path: usernames("alice")}}})
	add("a spare index deleted without a change of name", renamed.and(write{kind: remove, path: usernames("spare")}),
		operation{uid: "alice", writes: []write{{kind: remove, path: usernames("spare")}}})
	add("an index deleted, signed out", renamed, operation{writes: []write{{kind: remove, path: usernames("alice")}}})
	add("an index below an index", renamed, renamed.and(write{set, usernames("alicia") + "/more/x", fields{"value": "alice"}}))
	add("an index of emails", renamed, renamed.to(2, "indices/user/emails/alicia"))
	add("an index of schools", renamed, renamed.to(2, "indices/school/usernames/alicia"))
	add("the document above the index", renamed, renamed.and(write{set, "indices/user", fields{"value": "alice"}}))
}

// badNames are names that have the right length. internal/schema/username_test.go tries more.
var badNames = map[string]string{
	"a space": "car ol", "a leading space": " carol", "a trailing space": "carol ", "a newline at the end": "carol\n", "a newline": "car\nol", "a control character": "car\u0001ol",
	"a no-break space": "car\u00a0ol", "an ideographic space": "민수\u3000민수", "a zero-width space": "car\u200bol", "a zero-width joiner": "car\u200dol",
	"an RTL override": "car\u202eol", "a byte order mark": "\ufeffcarol", "a line separator": "car\u2028ol", "a soft hyphen": "car\u00adol", "a variation selector": "car\ufe0fol",
	"a Hangul filler": "민수민수\u3164", "blank Braille": "carol\u2800", "an at sign": "bob@gmail.com", "a question mark": "q?x=1", "a number sign": "carol#1",
	"a percent sign": "%41bcd", "a backslash": `car\ol`, "a colon": "car:ol", "quotes": `"carol"`, "an ampersand": "car&ol", "a plus": "car+ol",
	"decomposed Korean": "\u1106\u1175\u11ab\u1109\u116e", "decomposed Latin": "cafe\u0301", "fullwidth letters": "ｃａｒｏｌ", "a compatibility ideograph": "學生學\uf900",
	"mathematical letters": "𝐜𝐚𝐫𝐨𝐥", "the Kelvin sign": "\u212aevin", "Arabic letters": "مرحبا",
}

// userAttacks try other writes to user documents.
func userAttacks(add func(string, operation, operation)) {
	claimed, renamed := claim("carol"), rename("alicia")
	add("one's own user deleted", renamed, operation{uid: "alice", writes: []write{{kind: remove, path: "users/alice"}}})
	add("one's own user and index deleted", renamed, operation{uid: "alice", writes: []write{
		{kind: remove, path: "users/alice"}, {kind: remove, path: usernames("alice")}}})
	add("another's user deleted", renamed, operation{uid: "bob", writes: []write{{kind: remove, path: "users/alice"}}})
	add("one's own user deleted and created", renamed, operation{uid: "alice", writes: []write{
		{kind: remove, path: "users/alice"}, {set, "users/alice", stamped(user("alice"))}}})
	add("one's own user replaced, with a new createdAt", renamed, renamed.with(0, func(w *write) {
		*w = write{set, "users/alice", stamped(user("alicia"))}
	}))
	add("one's own user replaced under the same name, with a new createdAt", claimed, operation{uid: "alice", writes: []write{
		{set, "users/alice", stamped(user("alice"))}}})
	migrated := operation{uid: "dave", writes: []write{
		{update, "users/dave", fields{"username": "newdave", "updatedAt": serverTime{}}},
		{kind: remove, path: usernames("olddave")}, {set, usernames("newdave"), fields{"value": "dave"}}}}
	add("a server's field deleted", migrated, migrated.setting(0, "oldId", deleteField{}))
	add("a server's field changed", migrated, migrated.setting(0, "oldId", 18))
	add("a server's field dropped by a set", migrated, migrated.with(0, func(w *write) {
		*w = write{set, "users/dave", fields{"username": "newdave", "createdAt": earlier, "updatedAt": serverTime{}}}
	}))
	add("createdAt deleted", renamed, renamed.setting(0, "createdAt", deleteField{}))
	add("username deleted", renamed, renamed.setting(0, "username", deleteField{}))
	add("updatedAt deleted", renamed, renamed.setting(0, "updatedAt", deleteField{}))
	add("a collection below a user", addTimetable("my-table-1"), addTimetable("my-table-1").to(0, "users/alice/tables/my-table-1"))
}

// timetableAttacks try bad references to a semester, bad ids and values, and other kinds of writes
// and reads.
func timetableAttacks(add func(string, operation, operation)) {
	base := addTimetable("my-table-1")
	for name, value := range map[string]any{
		"a semester that does not exist":                  reference("schools/korea/semesters/1999-0300"),
		"a semester of a school that does not exist":      reference("schools/nowhere/semesters/2026-0300"),
		"a semester that is a school":                     reference("schools/korea"),
		"a semester that is a user":                       reference("users/alice"),
		"a semester that is the timetable":                reference("users/alice/timetables/my-table-1"),
		"a semester that is a timetable":                  reference("users/alice/timetables/" + alicePublic),
		"a semester that is a server's record":            reference(serverSemester),
		"a semester that is a document below one":         reference(semester1 + "/notes/note1"),
		"a semester that is a lecture":                    reference("users/alice/timetables/" + alicePublic + "/lectures/first"),
		"a semester as its path":                          semester1,
		"a semester as its full path":                     root + "/" + semester1,
		"a semester in a list":                            []any{reference(semester1)},
		"a semester's path in a list":                     []any{"databases", "(default)", "documents", "schools", "korea", "semesters", "2026-0300"},
		"a semester in a map":                             fields{"path": reference(semester1)},
		"a semester as a map with the indexes of its ids": fields{"4": "korea", "6": "2026-0300"},
	} {
		add(name, base, base.setting(0, "semester", value))
	}
	for _, id := range []string{"nine-char", "eleven-char", "아홉글자아이디입니", "0123456789abcdef0123456789abcde",
		"0123456789abcdef0123456789abcdef0", "0123456789abcdef0123456789abcdeg", "a", strings.Repeat("x", 32), strings.Repeat("x", 1500)} {
		add(fmt.Sprintf("timetable id %.40q", id), base, addTimetable(id))
	}
	for _, v := range []any{"Public", "PRIVATE", "", "hidden", " public", "public ", []any{"public"}, true} {
		add(fmt.Sprintf("visibility %#v", v), base, base.setting(0, "visibility", v))
		hide := changeTimetable(fields{"visibility": "private"})
		add(fmt.Sprintf("visibility changed to %#v", v), hide, hide.setting(0, "visibility", v))
	}
	long := strings.Repeat("호", schema.MaxTimetableTitle+1)
	add("a title one letter too long", base.setting(0, "title", long[3:]), base.setting(0, "title", long))
	name := changeTimetable(fields{"title": "x"})
	add("a title changed to one letter too long", name, name.setting(0, "title", long))
	add("a title deleted", name, name.setting(0, "title", deleteField{}))
	add("visibility deleted", name, name.setting(0, "visibility", deleteField{}))
	add("updatedAt of a timetable deleted", name, name.setting(0, "updatedAt", deleteField{}))
	add("createdAt of a timetable deleted", name, name.setting(0, "createdAt", deleteField{}))
	add("a semester changed", name, name.setting(0, "semester", reference(semester2)))
	add("a semester deleted", name, name.setting(0, "semester", deleteField{}))
	add("a timetable changed without updatedAt", name, name.with(0, func(w *write) { delete(w.data, "updatedAt") }))
	add("a timetable that replaces another", base, addTimetable(alicePublic))
	add("a timetable that replaces another, with its createdAt", name, name.with(0, func(w *write) {
		w.kind, w.data = set, timetable("public")
	}))
	old := operation{uid: "dave", writes: []write{{update, "users/dave/timetables/" + legacy, fields{"title": "x", "updatedAt": serverTime{}}}}}
	add("a server's field of a timetable changed", old, old.setting(0, "oldId", "x"))
	add("a server's field of a timetable deleted", old, old.setting(0, "oldId", deleteField{}))
	add("a server's field of a timetable dropped by a set", old, old.with(0, func(w *write) {
		w.kind, w.data = set, timetable("public")
		w.data["updatedAt"] = serverTime{}
	}))
	add("a private timetable, by another", getting("alice", "users/alice/timetables/"+alicePrivate), getting("bob", "users/alice/timetables/"+alicePrivate))
	add("a private timetable, signed out", getting("alice", "users/alice/timetables/"+alicePrivate), getting("", "users/alice/timetables/"+alicePrivate))
	add("a listen on a private timetable, by another", listening("alice", "users/alice/timetables/"+alicePrivate), listening("bob", "users/alice/timetables/"+alicePrivate))
	add("a timetable that does not exist, by another", getting("alice", "users/alice/timetables/nothing001"), getting("bob", "users/alice/timetables/nothing001"))
	add("a listen on a timetable that does not exist, signed out", listening("alice", "users/alice/timetables/nothing001"), listening("", "users/alice/timetables/nothing001"))
}

// lectureAttacks try lectures in other places and with other fields.
func lectureAttacks(add func(string, operation, operation)) {
	base, change := addLecture(), changeLecture()
	add("a lecture in a timetable that does not exist", base, base.to(0, "users/alice/timetables/nothing001/lectures/second"))
	add("a lecture in a deleted timetable", base, base.to(0, "users/alice/timetables/deleted001/lectures/second"))
	add("a lecture in a timetable that the batch deletes", base, base.and(write{kind: remove, path: "users/alice/timetables/" + alicePublic}))
	add("a lecture changed in a deleted timetable", change, change.to(0, "users/alice/timetables/deleted001/lectures/first"))
	add("a lecture changed in a timetable that the batch deletes", change, change.and(write{kind: remove, path: "users/alice/timetables/" + alicePublic}))
	add("a lecture that replaces another", base, base.with(0, func(w *write) { w.kind, w.path = set, change.writes[0].path }))
	add("a lecture changed without updatedAt", change, change.with(0, func(w *write) { delete(w.data, "updatedAt") }))
	add("a lecture with a url", base, base.setting(0, "url", "https://example.com"))
	add("a lecture changed to have a url", change, change.setting(0, "url", "https://example.com"))
	for _, f := range schema.LectureDocument.OwnerFields() {
		if !f.Optional {
			add(f.Name+" of a lecture deleted", change, change.setting(0, f.Name, deleteField{}))
		}
	}
	old := operation{uid: "dave", writes: []write{{update, "users/dave/timetables/" + legacy + "/lectures/first", fields{"title": "x", "updatedAt": serverTime{}}}}}
	add("a server's field of a lecture changed", old, old.setting(0, "oldId", 100))
	add("a server's field of a lecture deleted", old, old.setting(0, "oldId", deleteField{}))
	copies := duplicate(3)
	add("copies of lectures without the timetable", copies, copies.without(0))
	add("copies of lectures with another timetable", copies, copies.to(0, "users/alice/timetables/duplicate2"))
	private := "users/alice/timetables/" + alicePrivate + "/lectures"
	for _, who := range []string{"bob", ""} {
		add(fmt.Sprintf("a listen on lectures of a private timetable, by %q", who), lecturesOf("alice", "alice", alicePrivate), lecturesOf(who, "alice", alicePrivate))
		add(fmt.Sprintf("a lecture of a private timetable, by %q", who), getting("alice", private+"/first"), getting(who, private+"/first"))
		add(fmt.Sprintf("a listen on lectures of a timetable that does not exist, by %q", who), lecturesOf("alice", "alice", "nothing001"), lecturesOf(who, "alice", "nothing001"))
		add(fmt.Sprintf("a listen on lectures of a deleted timetable, by %q", who), lecturesOf("alice", "alice", "deleted001"), lecturesOf(who, "alice", "deleted001"))
	}
}

// viewAttacks try to read the views of another's timetable, many at a time, and to write one's own.
func viewAttacks(add func(string, operation, operation)) {
	day := getting("alice", viewsPath+"/2026-11-28")
	for _, who := range []string{"", "bob"} {
		add(fmt.Sprintf("the views of a day, get by %q", who), day, getting(who, viewsPath+"/2026-11-28"))
		add(fmt.Sprintf("the views of a day, listen by %q", who), day, listening(who, viewsPath+"/2026-11-28"))
		add(fmt.Sprintf("the views of a timetable, list by %q", who), listViews(), listViews().as(who))
	}
	add("the views of a timetable, no limit", listViews(), listViews().querying(func(q *query) { q.limit = 0 }))
	add("the views of a timetable, limit 32", listViews(), listViews().querying(func(q *query) { q.limit = schema.MaxViewsPage + 1 }))
	add("the views of all timetables", listViews(), listViews().querying(func(q *query) { q.collection, q.group = "views", true }))
	writable := addTimetable("my-table-1")
	add("the views of a day, updated by the owner", writable, operation{uid: "alice", writes: []write{{update, viewsPath + "/2026-11-28", fields{"views": 1000}}}})
	for _, path := range []string{viewsPath + "/2026-11-28", viewsPath + "/2026-11-29"} {
		add(path+", set by the owner", writable, operation{uid: "alice", writes: []write{{set, path, fields{"views": 1000, "viewers": 1000, "expires": earlier}}}})
		add(path+", deleted by the owner", writable, operation{uid: "alice", writes: []write{{kind: remove, path: path}}})
	}
}

// followAttacks try to follow whom one may not, and to read the follows of another.
func followAttacks(add func(string, operation, operation)) {
	base, given := followBy("alice", "bob", 1), unfollowBy("alice", "dave", 1)
	add("a follow of oneself", base, followBy("alice", "alice", 1))
	add("a follow of a user who does not exist", base, followBy("alice", "nobody", 1))
	for _, uid := range []string{"fay", "gus", "ivy"} {
		add("a follow of "+uid+", who is hidden", base, followBy("alice", uid, 1))
	}
	add("a follow of a uid that is too long", followBy("alice", longestUID, 1), followBy("alice", longestUID+"x", 1))
	add("a follow that exists", base, followBy("alice", "dave", 1))
	add("a follow of another than the document's", base, base.setting(0, "uid", "dave").setting(1, "uid", "dave"))
	add("a follow by a user who follows as many as they may", base, followBy("dave", "bob", 100))
	add("a follow that did not exist given up", given, unfollowBy("alice", "bob", 1))
	changed := operation{uid: "alice", writes: []write{{update, "users/alice/follows/dave", fields{"createdAt": serverTime{}}}}}
	add("a follow changed", base, changed)
	add("a follow changed, and counted", base, changed.and(base.writes[1]).setting(1, "uid", "dave"))
	list := listFollows()
	for _, who := range []string{"", "dave"} {
		add(fmt.Sprintf("a follow, get by %q", who), getting("alice", "users/alice/follows/dave"), getting(who, "users/alice/follows/dave"))
		add(fmt.Sprintf("the follows of another, list by %q", who), list, list.as(who))
		for _, kind := range []string{"followers", "following"} {
			add(fmt.Sprintf("the count of %s of another, get by %q", kind, who), getting("alice", "users/alice/counts/"+kind), getting(who, "users/alice/counts/"+kind))
		}
	}
	add("follows without a limit", list, list.querying(func(q *query) { q.limit = 0 }))
	add("follows, one more than the largest limit", list, list.querying(func(q *query) { q.limit = schema.MaxFollows + 1 }))
	add("the follows of all users", list, list.querying(func(q *query) { q.collection, q.group = "follows", true }))
	add("the follows of oneself by all users", list, list.querying(func(q *query) {
		q.collection, q.group, q.where = "follows", true, []where{{"uid", "==", "alice"}}
	}))
	add("the counts of a user", list, list.querying(func(q *query) { q.collection = "users/alice/counts" }))
}

// countAttacks try to follow more than are counted, and to write counts alone.
func countAttacks(add func(string, operation, operation)) {
	base, given, first := followBy("alice", "bob", 1), unfollowBy("alice", "dave", 1), followBy("carol", "alice", 0)
	const followers, following = "users/alice/counts/followers", "users/alice/counts/following"
	for name, o := range map[string]operation{"a follow": base, "a follow given up": given, "the first follow": first} {
		add(name+" that is not counted", o, o.without(1))
		add("a count without "+name, o, o.without(0))
		add(name+" that is counted for another", o, o.setting(1, "uid", "erin"))
		add(name+" that is counted twice", o, o.setting(1, "count", o.writes[1].data["count"].(int)*2+1))
		add(name+" with a count that stays", o, o.setting(1, "count", map[bool]int{true: 1}[o.uid == "alice"]))
		add(name+" with a count that is a float", o, o.setting(1, "count", float64(o.writes[1].data["count"].(int))))
		add(name+" with the uid as a list", o, o.setting(1, "uid", []any{o.writes[1].data["uid"]}))
	}
	add("a follow given up that is counted as added", given, given.setting(1, "count", 2))
	add("a follow that is counted as given up", base, base.setting(1, "count", 0))
	again := given.and(write{update, following, fields{"count": -1, "uid": "dave", "updatedAt": serverTime{}}})
	add("a follow given up that is counted twice in a batch", given, again)
	two := base.and(write{set, "users/alice/follows/erin", fields{"uid": "erin", "createdAt": serverTime{}}})
	add("two follows that are counted as one", base, two)
	add("two follows, one of which is counted as two", base, two.setting(1, "count", 3))
	add("two follows that are counted one after the other", base, two.and(write{update, following, fields{"count": 3, "uid": "erin", "updatedAt": serverTime{}}}))
	add("a follow and one given up that are counted as nothing", base, base.without(1).and(given.writes[0]))
	add("the first follow that is counted one after the other", first, first.setting(1, "count", 1).and(
		write{update, "users/carol/counts/following", fields{"count": 2, "uid": "alice", "updatedAt": serverTime{}}}))
	add("the count deleted", given, operation{uid: "alice", writes: []write{{kind: remove, path: following}}})
	add("the count deleted with the follow", given, given.without(1).and(write{kind: remove, path: following}))
	add("the count of no follow", base, operation{uid: "alice", writes: []write{{update, following, fields{"count": 0, "uid": "nobody", "updatedAt": serverTime{}}}}})
	for _, path := range []string{followers, "users/carol/counts/followers", "users/alice/counts/others"} {
		uid := strings.Split(path, "/")[1]
		add(path+", set by the owner", base, operation{uid: uid, writes: []write{{set, path, fields{"count": 1000}}}})
		add(path+", deleted by the owner", base, operation{uid: uid, writes: []write{{kind: remove, path: path}}})
	}
}

// hiddenAttacks try to read the data of accounts that are pending deletion or blocked, and to give them a
// new user document. The generated attacks try what else they could write.
func hiddenAttacks(add func(string, operation, operation)) {
	const alices = "users/alice/timetables/" + alicePublic
	for _, uid := range []string{"fay", "ivy"} {
		theirs := "users/" + uid + "/timetables/" + alicePublic
		for _, who := range []string{"bob", ""} {
			by := func(what string) string { return fmt.Sprintf("%s of %s, who is hidden, by %q", what, uid, who) }
			add(by("a public timetable"), getting(who, alices), getting(who, theirs))
			add(by("a listen on a public timetable"), listening(who, alices), listening(who, theirs))
			add(by("public timetables"), listTimetables(who, "alice", isPublic), listTimetables(who, uid, isPublic))
			add(by("lectures of a public timetable"), lecturesOf(who, "alice", alicePublic), lecturesOf(who, uid, alicePublic))
			add(by("a lecture of a public timetable"), getting(who, alices+"/lectures/first"), getting(who, theirs+"/lectures/first"))
		}
	}
	for _, uid := range []string{"fay", "gus", "ivy"} {
		deleted := write{kind: remove, path: "deletions/" + uid}
		add("a new name for "+uid+", who is hidden", claim("newname"), claimBy(uid, "newname"))
		add("a new name for "+uid+", deleting the deletion record", claim("newname"), claimBy(uid, "newname").and(deleted))
		add("the deletion record of "+uid+" deleted", claim("newname"), operation{uid: uid, writes: []write{deleted}})
		add("the deletion record of "+uid+" deleted, with a new timetable", addTimetable("my-table-1"), operation{uid: uid, writes: []write{
			deleted, {set, "users/" + uid + "/timetables/my-table-1", stamped(timetable("public"))}}})
		add("the block of "+uid+" removed", claim("newname"), operation{uid: uid, writes: []write{{update, "deletions/" + uid, fields{"block": deleteField{}}}}})
	}
	for uid, name := range map[string]string{"fay": "fayette", "ivy": "ivyleague"} {
		add("the old name again for "+uid+", who is hidden", claim("newname"), claimBy(uid, name))
		add("the old name again for "+uid+", leaving its index alone", claim("ghost").without(1), claimBy(uid, name).without(1))
		add("the name of "+uid+", who is hidden", claim("newname"), claim(name))
		add("the name of "+uid+", by a change", rename("alicia"), rename(name))
		add("the index of "+uid+" deleted", rename("alicia"), operation{uid: uid, writes: []write{{kind: remove, path: usernames(name)}}})
	}
	add("a deletion record for another", addTimetable("my-table-1"), operation{uid: "alice", writes: []write{{set, "deletions/bob", fields{"purging": true}}}})
	add("a block of another", addTimetable("my-table-1"), operation{uid: "alice", writes: []write{{set, "deletions/bob", fields{"block": fields{}}}}})
}

// broadQueries try queries that could return forbidden documents, whether or not any exist.
func broadQueries(add func(string, operation, operation)) {
	named := listUsers("alice")
	add("all users", named, named.querying(func(q *query) { q.where = nil }))
	add("all users, limit 1", named, named.querying(func(q *query) { q.where, q.limit = nil, 1 }))
	add("all users by name", named, named.querying(func(q *query) { q.where, q.order = nil, []string{"username"} }))
	add("all users, count", named, named.querying(func(q *query) { q.where, q.count = nil, true }))
	add("users by another field than the name", named, named.querying(func(q *query) { q.where[0].field = "nickname" }))
	add("users by createdAt", named, named.querying(func(q *query) { q.where = []where{{"createdAt", ">", earlier}} }))
	for _, op := range []string{"<", "<=", ">", ">=", "!="} {
		add("users by name "+op, named, named.querying(func(q *query) { q.where[0].op = op }))
	}
	add("users by name not-in", named, named.querying(func(q *query) { q.where[0] = where{"username", "not-in", []any{"x"}} }))
	add("users by a name that is a number", named, listUsers(7))
	add("users by a null name", named, listUsers(nil))

	own, public := listTimetables("alice", "alice"), listTimetables("bob", "alice", isPublic)
	for who, base := range map[string]operation{"one's own": own, "another's public": public} {
		add(who+" timetables without a limit", base, base.querying(func(q *query) { q.limit = 0 }))
		add(who+" timetables, one more than the largest limit", base, base.querying(func(q *query) { q.limit = schema.MaxTimetablePage + 1 }))
		add(who+" timetables, limit 1,000", base, base.querying(func(q *query) { q.limit = 1000 }))
		add(who+" timetables without a limit, count", base, base.querying(func(q *query) { q.limit, q.count = 0, true }))
	}
	another := public.querying(func(q *query) { q.where = nil })
	add("another's timetables", public, another)
	add("another's timetables, signed out", public, another.as(""))
	add("another's timetables, limit 1", public, another.querying(func(q *query) { q.limit = 1 }))
	add("a listen on another's timetables", public, func() operation { o := another; o.listen = true; return o }())
	add("another's timetables, count", public, another.querying(func(q *query) { q.count = true }))
	for op, v := range map[string]any{"==": "private", "in": []any{"public", "private"}, ">=": "public", "<=": "public",
		"!=": "private", "not-in": []any{"private"}} {
		add(fmt.Sprintf("another's timetables, visibility %s %v", op, v), public, public.querying(func(q *query) {
			q.where[0] = where{"visibility", op, v}
			if op != "==" && op != "in" {
				q.order = nil
			}
		}))
	}
	add("another's timetables by title", public, public.querying(func(q *query) { q.where[0] = where{"title", "==", "public"}; q.order = nil }))
	add("all timetables of all users", public, public.querying(func(q *query) { q.collection, q.group, q.order = "timetables", true, nil }))
	add("all timetables of all users, by one of them", own, own.querying(func(q *query) { q.collection, q.group, q.order = "timetables", true, nil }))

	lectures := lecturesOf("", "alice", alicePublic)
	add("all lectures of all users", lectures, lectures.querying(func(q *query) { q.collection, q.group = "lectures", true }))
	semesters := listSemesters()
	add("all semesters of a school", semesters, semesters.querying(func(q *query) { q.where = nil }))
	add("hidden semesters", semesters, semesters.querying(func(q *query) { q.where[0].value = "hidden" }))
	add("semesters of either status", semesters, semesters.querying(func(q *query) { q.where[0] = where{"status", "in", []any{"normal", "hidden"}} }))
	add("semesters by year", semesters, semesters.querying(func(q *query) { q.where[0] = where{"year", "==", 2026} }))
	add("normal semesters of all schools", semesters, semesters.querying(func(q *query) { q.collection, q.group = "semesters", true }))
	add("schools as a collection group", semesters, operation{list: &query{collection: "schools", group: true}})
	names := operation{list: &query{collection: "indices/user/usernames"}}
	add("all usernames", getting("", usernames("alice")), names)
	add("all usernames, signed in", getting("alice", usernames("alice")), names.as("alice"))
	add("one's own usernames", getting("alice", usernames("alice")), names.as("alice").querying(func(q *query) {
		q.where = []where{{"value", "==", "alice"}}
	}))
	add("usernames as a collection group", getting("", usernames("alice")), names.querying(func(q *query) { q.collection, q.group = "usernames", true }))
	add("users as a collection group", named, named.querying(func(q *query) { q.group = true }))
}

// announcementQueries try to read announcements of the past and of the future.
func announcementQueries(add func(string, operation, operation)) {
	base := listAnnouncements(0, 0)
	without := func(i int) operation {
		return base.querying(func(q *query) { q.where, q.order = slices.Delete(q.where, i, i+1), nil })
	}
	add("announcements of the future, too", base, without(1))
	add("announcements of the past, too", base, without(2))
	add("announcements from before tomorrow", base, listAnnouncements(24*time.Hour, 0))
	add("announcements of the next 90 minutes", base, listAnnouncements(90*time.Minute, 0))
	add("announcements of the last 36 hours", base, listAnnouncements(0, -36*time.Hour))
	add("announcements of the last day, with the one that ended just then", base, listAnnouncements(0, -24*time.Hour).querying(func(q *query) {
		q.where[2].op = ">="
	}))
	add("announcements by a beginning that is a string", base, base.querying(func(q *query) { q.where[1].value = "2026-11-20T12:00:00Z" }))
	add("announcements by an end that is null", base, base.querying(func(q *query) { q.where[2] = where{"until", "==", nil} }))
	add("announcements without a limit", base, base.querying(func(q *query) { q.limit = 0 }))
	add("announcements, one more than the largest limit", base, base.querying(func(q *query) { q.limit = schema.MaxAnnouncementPage + 1 }))
	add("announcements without a limit, count", base, base.querying(func(q *query) { q.limit, q.count = 0, true }))
	add("announcements of a collection group", base, base.querying(func(q *query) { q.group = true }))
	now := getting("", "announcements/now")
	for _, who := range []string{"", "alice"} {
		add(fmt.Sprintf("the announcement of tomorrow, by %q", who), now, getting(who, "announcements/tomorrow"))
		add(fmt.Sprintf("a listen on the announcement of tomorrow, by %q", who), now, listening(who, "announcements/tomorrow"))
		add(fmt.Sprintf("the announcement of the day before yesterday, by %q", who), now, getting(who, "announcements/past"))
		add(fmt.Sprintf("an announcement that does not exist, by %q", who), now, getting(who, "announcements/nothing"))
		add(fmt.Sprintf("what is below an announcement, by %q", who), now, getting(who, "announcements/now/notes/x"))
	}
}

// broadChangeQueries try queries for more changes of course lists than clients may list.
func broadChangeQueries(add func(string, operation, operation)) {
	changes := listChanges()
	add("changes of a course list, no limit", changes, changes.querying(func(q *query) { q.limit = 0 }))
	add("changes of a course list, limit 21", changes, changes.querying(func(q *query) { q.limit = schema.MaxChangePage + 1 }))
	add("a listen on all changes of a course list", changes, func() operation {
		o := changes.querying(func(q *query) { q.limit = 0 })
		o.listen = true
		return o
	}())
	add("changes of all course lists", changes, changes.querying(func(q *query) { q.collection, q.group = "changes", true }))
}

// offsets try queries that skip results, which Firestore bills as read.
func offsets(add func(string, operation, operation)) {
	for what, base := range map[string]operation{
		"schools": {list: &query{collection: "schools"}}, "semesters": listSemesters(), "changes of a course list": listChanges(),
		"users":                listUsers("alice"),
		"one's own timetables": listTimetables("alice", "alice"), "another's public timetables": listTimetables("bob", "alice", isPublic),
		"one's own lectures": lecturesOf("alice", "alice", alicePublic), "another's lectures": lecturesOf("", "alice", alicePublic),
		"announcements": listAnnouncements(0, 0), "views": listViews(), "follows": listFollows(),
	} {
		add(what+" with an offset", base, base.querying(func(q *query) { q.offset = 1 }))
		add(what+" with a huge offset", base, base.querying(func(q *query) { q.offset = 1 << 30 }))
	}
}

// serverDocuments tries documents that no client may read or write.
func serverDocuments(add func(string, operation, operation)) {
	readable, writable := getting("alice", "users/alice"), addTimetable("my-table-1")
	for _, path := range []string{"refreshes/korea", serverSemester, serverSemester + "/runs/1", "schedules/korea", "credentials/alice", "deletions/alice", "deletions/fay", "deletions/ivy",
		"anything/else", "indices/user", "users/alice/secrets/x", "users/alice/timetables/" + alicePublic + "/notes/x", semester1 + "/notes/note1",
		usernames("alice") + "/notes/x"} {
		for _, who := range []string{"", "alice"} {
			add(fmt.Sprintf("%s, get by %q", path, who), readable, getting(who, path))
			add(fmt.Sprintf("%s, write by %q", path, who), writable, writable.as(who).to(0, path))
			add(fmt.Sprintf("%s, delete by %q", path, who), writable, operation{uid: who, writes: []write{{kind: remove, path: path}}})
			add(fmt.Sprintf("the collection of %s, list by %q", path, who), operation{list: &query{collection: "schools"}},
				operation{uid: who, list: &query{collection: path[:strings.LastIndexByte(path, '/')]}})
		}
	}
	add("all switches", getting("", schema.StopPath), operation{list: &query{collection: "switches"}})
	for _, path := range []string{"schools/korea", "schools/new", semester1, "schools/korea/semesters/2030-0300", "announcements/now", "announcements/new", schema.StopPath, "switches/new",
		semester1 + "/changes/1-first", semester1 + "/changes/2-new"} {
		for _, who := range []string{"", "alice"} {
			add(fmt.Sprintf("%s, write by %q", path, who), writable, writable.as(who).to(0, path))
			add(fmt.Sprintf("%s, delete by %q", path, who), writable, operation{uid: who, writes: []write{{kind: remove, path: path}}})
			add(fmt.Sprintf("%s created along with a timetable by %q", path, who), writable, writable.as(who).and(
				write{set, path, fields{"name": "x", "status": "normal", "createdAt": earlier}}))
		}
	}
	add("a timetable with a semester created in the same batch", writable, writable.setting(0, "semester", reference("schools/korea/semesters/2030-0300")).and(
		write{set, "schools/korea/semesters/2030-0300", fields{"status": "normal"}}))
}
