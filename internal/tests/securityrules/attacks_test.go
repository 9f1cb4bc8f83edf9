package securityrules

import (
	"fmt"
	"strings"

	"heek.kr/heektime/internal/schema"
)

// attack is an operation that the rules must deny for one thing in it. base is the same without that thing, and is
// allowed.
type attack struct {
	name     string
	base, op operation
}

// handmade returns the attacks that are not generated.
func handmade() []attack {
	var list []attack
	add := func(name string, base, op operation) { list = append(list, attack{name, base, op}) }
	for _, group := range []func(func(string, operation, operation)){usernameTricks, userTricks, timetableTricks, lectureTricks,
		leaving, broadLists, closedDocuments} {
		group(add)
	}
	byName(list)
	return list
}

// usernameTricks try to have a username without its index, two usernames, or another user's.
func usernameTricks(add func(string, operation, operation)) {
	claimed, renamed := claim("carol"), rename("alicia")
	renameTo := func(name string) operation { return rename(name) }

	add("a user without the index", claimed, claimed.without(1))
	add("an index without the user", claimed, claimed.without(0))
	add("an index that names another user", claimed, claimed.setting(1, "value", "bob"))
	add("an index that names nobody", claimed, claimed.setting(1, "value", "nobody"))
	add("an index that names nothing", claimed, claimed.setting(1, "value", ""))
	add("an index of another name than the user's", claimed, claimed.to(1, usernames("carla")))
	add("an index in another case than the user's", claimed, claimed.to(1, usernames("Carol")))
	add("an index in another Unicode form than the user's", claim("한국어과"), claim("한국어과").to(1, usernames("\u1112\u1161\u11ab국어과")))
	add("a second index", claimed, claimed.and(write{set, usernames("carla"), fields{"value": "carol"}}))
	add("a second index for another user", claimed, claimed.and(write{set, usernames("carla"), fields{"value": "bob"}}))
	add("the user of another", claimed, claimed.to(0, "users/dora"))
	add("a user and an index of another", claimed, claimed.to(0, "users/dora").setting(1, "value", "dora"))
	add("nobody's user", claimed, claimed.as(""))
	add("a user claims for another", claimed, claimed.as("bob"))
	add("a taken name, by create", claimed, claim("alice"))
	add("a taken name, with its index left alone", claimed, claim("alice").without(1))
	add("a taken name, its index deleted first", claimed, func() operation {
		o := claim("alice")
		o.writes = append([]write{{kind: remove, path: usernames("alice")}}, o.writes...)
		return o
	}())
	add("a taken name, its index deleted afterwards", claimed, claim("alice").and(write{kind: remove, path: usernames("alice")}))
	// Without an index document to write, only the user's own rule denies these.
	ghost := claim("ghost").without(1)
	add("a user for whom an index waits, made by another", ghost, ghost.as("bob"))
	add("a user for whom an index waits, with a past time", ghost, ghost.setting(0, "updatedAt", earlier))
	mended := operation{who: "erin", writes: []write{{update, "users/erin", fields{"username": "erin2", "updatedAt": stamp{}}}}}
	add("a user mended by another", mended, mended.as("bob"))
	add("a user mended, with a past time", mended, mended.setting(0, "updatedAt", earlier.Add(1e9)))
	add("an index mended without its user", mended, operation{who: "erin", writes: []write{{set, usernames("erin1"), fields{"value": "erin"}}}})
	add("an index mended for another", mended, operation{who: "erin", writes: []write{{set, usernames("erin1"), fields{"value": "bob"}}}})
	add("a name of 3 letters", claim("carl"), claim("car"))
	add("a name of 3 Korean letters", claim("고려대생"), claim("고려대"))
	add("a name of 3 pictures", claim("😀😀😀😀"), claim("😀😀😀"))
	longest := strings.Repeat("c", schema.MaxUsername)
	add("a name one letter too long", claim(longest), claim(longest+"c"))
	add("a name one Korean letter too long", claim(strings.Repeat("호", schema.MaxUsername)), claim(strings.Repeat("호", schema.MaxUsername+1)))
	add("a name of 1,000 letters", claimed, claim(strings.Repeat("c", 1000)))
	add("a name with a slash that names another document", claimed, claim("carol").setting(0, "username", "carol/of/users"))
	add("a name with a slash, with a document to match", claimed, claim("carol/of/users"))
	add("a name with a slash at its end", claimed, claimed.setting(0, "username", "carol/"))
	add("a name that climbs to a taken one", claimed, claimed.setting(0, "username", "x/../alice"))
	add("a uid that climbs", claimed, operation{who: "slash/ed", writes: []write{
		{set, "users/slash", stamped(fields{"username": "carol"})}, {set, usernames("carol"), fields{"value": "slash/ed"}}}})

	add("a taken name, by update", renamed, renameTo("bobby"))
	add("a taken name, by update, its index left alone", renamed, renameTo("bobby").without(2))
	add("a taken name, by update, its index deleted first", renamed, operation{who: "alice", writes: append([]write{
		{kind: remove, path: usernames("bobby")}}, renameTo("bobby").writes...)})
	add("a change of the user alone", renamed, operation{who: "alice", writes: renamed.writes[:1]})
	add("a change that leaves the old index", renamed, renamed.without(1))
	add("a change that sets no new index", renamed, renamed.without(2))
	add("a change of the indices without the user", renamed, renamed.without(0))
	add("a change to a name of 3 letters", renameTo("alic"), renameTo("ali"))
	add("a change to a name one letter too long", renameTo(longest), renameTo(longest+"c"))
	add("a change whose index names another", renamed, renamed.setting(2, "value", "bob"))
	add("a change that keeps the old index and its name", renamed, operation{who: "alice", writes: []write{
		renamed.writes[0], renamed.writes[2]}})
	add("a change that gives the old index to another", renamed, renamed.with(1, func(w *write) {
		*w = write{set, usernames("alice"), fields{"value": "bob"}}
	}))
	add("a change to the same name", renamed, operation{who: "alice", writes: []write{
		{update, "users/alice", fields{"username": "alice", "updatedAt": stamp{}}}}})
	add("a change to the same name with its index set again", renamed, renameTo("alice"))
	add("a change to the same name with its index set before it is deleted", renamed, operation{who: "alice", writes: []write{
		{update, "users/alice", fields{"username": "alice", "updatedAt": stamp{}}},
		{set, usernames("alice"), fields{"value": "alice"}}, {kind: remove, path: usernames("alice")}}})
	add("a new time and no new name", renamed, operation{who: "alice", writes: []write{{update, "users/alice", fields{"updatedAt": stamp{}}}}})
	add("two names swapped", renamed, operation{who: "alice", writes: []write{
		{update, "users/alice", fields{"username": "bobby", "updatedAt": stamp{}}},
		{update, "users/bob", fields{"username": "alice", "updatedAt": stamp{}}},
		{set, usernames("alice"), fields{"value": "bob"}}, {set, usernames("bobby"), fields{"value": "alice"}}}})
	add("two names swapped, the indices deleted and created", renamed, operation{who: "alice", writes: []write{
		{update, "users/alice", fields{"username": "bobby", "updatedAt": stamp{}}},
		{update, "users/bob", fields{"username": "alice", "updatedAt": stamp{}}},
		{kind: remove, path: usernames("alice")}, {kind: remove, path: usernames("bobby")},
		{create, usernames("alice"), fields{"value": "bob"}}, {create, usernames("bobby"), fields{"value": "alice"}}}})
	add("another's name changed", renamed, renamed.as("bob"))
	add("another's name changed by nobody", renamed, renamed.as(""))
	add("another's name changed, with an index for oneself", renamed, renamed.as("bob").setting(2, "value", "bob"))

	add("an index that is there, updated", renamed, renameTo("spare"))
	add("an index that is there, updated beside a change of the name", renamed, renamed.and(
		write{set, usernames("spare"), fields{"value": "mallory"}}))
	add("an index updated as it is", renamed, operation{who: "alice", writes: []write{
		{update, usernames("alice"), fields{"value": "alice"}}}})
	add("an index given away", renamed, operation{who: "alice", writes: []write{{set, usernames("alice"), fields{"value": "bob"}}}})
	add("another's index taken", renamed, operation{who: "alice", writes: []write{{set, usernames("bobby"), fields{"value": "alice"}}}})
	add("another's index deleted", renamed, operation{who: "alice", writes: []write{{kind: remove, path: usernames("bobby")}}})
	add("another's index deleted beside a change of the name", renamed, renamed.and(write{kind: remove, path: usernames("bobby")}))
	add("one's index deleted", renamed, operation{who: "alice", writes: []write{{kind: remove, path: usernames("alice")}}})
	add("a spare index deleted without a change of the name", renamed.and(write{kind: remove, path: usernames("spare")}),
		operation{who: "alice", writes: []write{{kind: remove, path: usernames("spare")}}})
	add("an index deleted by nobody", renamed, operation{writes: []write{{kind: remove, path: usernames("alice")}}})
	add("an index below an index", renamed, renamed.and(write{set, usernames("alicia") + "/more/x", fields{"value": "alice"}}))
	add("an index of something else", renamed, renamed.to(2, "indices/user/emails/alicia"))
	add("an index of schools", renamed, renamed.to(2, "indices/school/usernames/alicia"))
	add("the document above the index", renamed, renamed.and(write{set, "indices/user", fields{"value": "alice"}}))
}

// userTricks are other writes to users.
func userTricks(add func(string, operation, operation)) {
	claimed, renamed := claim("carol"), rename("alicia")
	add("one's user deleted", renamed, operation{who: "alice", writes: []write{{kind: remove, path: "users/alice"}}})
	add("one's user and index deleted", renamed, operation{who: "alice", writes: []write{
		{kind: remove, path: "users/alice"}, {kind: remove, path: usernames("alice")}}})
	add("another's user deleted", renamed, operation{who: "bob", writes: []write{{kind: remove, path: "users/alice"}}})
	add("one's user deleted and created", renamed, operation{who: "alice", writes: []write{
		{kind: remove, path: "users/alice"}, {set, "users/alice", stamped(user("alice"))}}})
	add("one's user set anew, with a new createdAt", renamed, renamed.with(0, func(w *write) {
		*w = write{set, "users/alice", stamped(user("alicia"))}
	}))
	add("one's user set anew with its name, with a new createdAt", claimed, operation{who: "alice", writes: []write{
		{set, "users/alice", stamped(user("alice"))}}})
	migrated := operation{who: "dave", writes: []write{
		{update, "users/dave", fields{"username": "newdave", "updatedAt": stamp{}}},
		{kind: remove, path: usernames("olddave")}, {set, usernames("newdave"), fields{"value": "dave"}}}}
	add("a server's field deleted", migrated, migrated.setting(0, "oldId", gone{}))
	add("a server's field changed", migrated, migrated.setting(0, "oldId", 18))
	add("a server's field dropped by a set", migrated, migrated.with(0, func(w *write) {
		*w = write{set, "users/dave", fields{"username": "newdave", "createdAt": earlier, "updatedAt": stamp{}}}
	}))
	add("createdAt deleted", renamed, renamed.setting(0, "createdAt", gone{}))
	add("username deleted", renamed, renamed.setting(0, "username", gone{}))
	add("updatedAt deleted", renamed, renamed.setting(0, "updatedAt", gone{}))
	add("a collection below a user", addTimetable("my-table-1"), addTimetable("my-table-1").to(0, "users/alice/tables/my-table-1"))
}

// timetableTricks try other semesters, ids and ways to write a timetable.
func timetableTricks(add func(string, operation, operation)) {
	base := addTimetable("my-table-1")
	for name, value := range map[string]any{
		"a semester that does not exist":             reference("schools/korea/semesters/1999-0300"),
		"a semester of a school that does not exist": reference("schools/nowhere/semesters/2026-0300"),
		"a semester that is a school":                reference("schools/korea"),
		"a semester that is a user":                  reference("users/alice"),
		"a semester that is the timetable":           reference("users/alice/timetables/my-table-1"),
		"a semester that is a timetable":             reference("users/alice/timetables/" + alicePublic),
		"a semester that is a server's record":       reference(serverSemester),
		"a semester that is a document below":        reference(semester1 + "/notes/note1"),
		"a semester that is a lecture":               reference("users/alice/timetables/" + alicePublic + "/lectures/first"),
		"a semester by its path":                     semester1,
		"a semester by its whole path":               root + "/" + semester1,
		"a semester in a list":                       []any{reference(semester1)},
		"a semester's path in a list":                []any{"databases", "(default)", "documents", "schools", "korea", "semesters", "2026-0300"},
		"a semester in a map":                        fields{"path": reference(semester1)},
		"a semester by keys that look like one":      fields{"4": "korea", "6": "2026-0300"},
	} {
		add(name, base, base.setting(0, "semester", value))
	}
	for _, id := range []string{"nine-char", "eleven-char", "아홉글자아이디입니", "0123456789abcdef0123456789abcde",
		"0123456789abcdef0123456789abcdef0", "0123456789abcdef0123456789abcdeg", "a", strings.Repeat("x", 32), strings.Repeat("x", 1500)} {
		add(fmt.Sprintf("a timetable's id %.40q", id), base, addTimetable(id))
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
	add("a title deleted", name, name.setting(0, "title", gone{}))
	add("visibility deleted", name, name.setting(0, "visibility", gone{}))
	add("updatedAt of a timetable deleted", name, name.setting(0, "updatedAt", gone{}))
	add("createdAt of a timetable deleted", name, name.setting(0, "createdAt", gone{}))
	add("a semester changed", name, name.setting(0, "semester", reference(semester2)))
	add("a semester deleted", name, name.setting(0, "semester", gone{}))
	add("a timetable without its time changed", name, name.with(0, func(w *write) { delete(w.data, "updatedAt") }))
	add("a timetable set over another", base, addTimetable(alicePublic))
	add("a timetable set over another, with its createdAt", name, name.with(0, func(w *write) {
		w.kind, w.data = set, timetable("public")
	}))
	old := operation{who: "dave", writes: []write{{update, "users/dave/timetables/" + legacy, fields{"title": "x", "updatedAt": stamp{}}}}}
	add("a server's field of a timetable changed", old, old.setting(0, "oldId", "x"))
	add("a server's field of a timetable deleted", old, old.setting(0, "oldId", gone{}))
	add("a server's field of a timetable dropped by a set", old, old.with(0, func(w *write) {
		w.kind, w.data = set, timetable("public")
		w.data["updatedAt"] = stamp{}
	}))
	add("a private timetable got by another", getting("alice", "users/alice/timetables/"+alicePrivate), getting("bob", "users/alice/timetables/"+alicePrivate))
	add("a private timetable got by nobody", getting("alice", "users/alice/timetables/"+alicePrivate), getting("", "users/alice/timetables/"+alicePrivate))
	add("a private timetable listened to by another", listening("alice", "users/alice/timetables/"+alicePrivate), listening("bob", "users/alice/timetables/"+alicePrivate))
	add("a timetable that does not exist, got by another", getting("alice", "users/alice/timetables/nothing001"), getting("bob", "users/alice/timetables/nothing001"))
	add("a timetable that does not exist, listened to by nobody", listening("alice", "users/alice/timetables/nothing001"), listening("", "users/alice/timetables/nothing001"))
}

// lectureTricks try lectures in other places and with other fields.
func lectureTricks(add func(string, operation, operation)) {
	base, change := addLecture(), changeLecture()
	add("a lecture below a timetable that does not exist", base, base.to(0, "users/alice/timetables/nothing001/lectures/second"))
	add("a lecture below a timetable that was deleted", base, base.to(0, "users/alice/timetables/deleted001/lectures/second"))
	add("a lecture below a timetable that is deleted with it", base, base.and(write{kind: remove, path: "users/alice/timetables/" + alicePublic}))
	add("a lecture changed below a timetable that was deleted", change, change.to(0, "users/alice/timetables/deleted001/lectures/first"))
	add("a lecture changed below a timetable that is deleted with it", change, change.and(write{kind: remove, path: "users/alice/timetables/" + alicePublic}))
	add("a lecture set over another", base, base.with(0, func(w *write) { w.kind, w.path = set, change.writes[0].path }))
	add("a lecture without its time changed", change, change.with(0, func(w *write) { delete(w.data, "updatedAt") }))
	add("a lecture with its url", base, base.setting(0, "url", "https://example.com"))
	add("a lecture changed with its url", change, change.setting(0, "url", "https://example.com"))
	for _, f := range schema.LectureDocument.OwnerFields() {
		if !f.Optional {
			add(f.Name+" of a lecture deleted", change, change.setting(0, f.Name, gone{}))
		}
	}
	old := operation{who: "dave", writes: []write{{update, "users/dave/timetables/" + legacy + "/lectures/first", fields{"title": "x", "updatedAt": stamp{}}}}}
	add("a server's field of a lecture changed", old, old.setting(0, "oldId", 100))
	add("a server's field of a lecture deleted", old, old.setting(0, "oldId", gone{}))
	copies := duplicate(3)
	add("copies of lectures without the timetable", copies, copies.without(0))
	add("copies of lectures beside another timetable", copies, copies.to(0, "users/alice/timetables/duplicate2"))
	private := "users/alice/timetables/" + alicePrivate + "/lectures"
	for _, who := range []string{"bob", ""} {
		add(fmt.Sprintf("lectures of a private timetable, listened to by %q", who), lecturesOf("alice", "alice", alicePrivate), lecturesOf(who, "alice", alicePrivate))
		add(fmt.Sprintf("a lecture of a private timetable, got by %q", who), getting("alice", private+"/first"), getting(who, private+"/first"))
		add(fmt.Sprintf("lectures of a timetable that does not exist, listened to by %q", who), lecturesOf("alice", "alice", "nothing001"), lecturesOf(who, "alice", "nothing001"))
		add(fmt.Sprintf("lectures of a timetable that was deleted, listened to by %q", who), lecturesOf("alice", "alice", "deleted001"), lecturesOf(who, "alice", "deleted001"))
	}
}

// leaving tries accounts that are about to be deleted: others see nothing of them, and they get no new user
// document.
func leaving(add func(string, operation, operation)) {
	const alices, fays = "users/alice/timetables/" + alicePublic, "users/fay/timetables/" + fayPublic
	for _, who := range []string{"bob", ""} {
		by := func(what string) string { return fmt.Sprintf("%s of one who is leaving, by %q", what, who) }
		add(by("a public timetable"), getting(who, alices), getting(who, fays))
		add(by("a listen on a public timetable"), listening(who, alices), listening(who, fays))
		add(by("public timetables"), listTimetables(who, "alice", isPublic), listTimetables(who, "fay", isPublic))
		add(by("lectures of a public timetable"), lecturesOf(who, "alice", alicePublic), lecturesOf(who, "fay", fayPublic))
		add(by("a lecture of a public timetable"), getting(who, alices+"/lectures/first"), getting(who, fays+"/lectures/first"))
	}
	for _, uid := range []string{"fay", "gus"} {
		add("a new name for "+uid+", who is leaving", claim("newname"), claimBy(uid, "newname"))
		add("a new name for "+uid+", who takes the mark away", claim("newname"), claimBy(uid, "newname").and(write{kind: remove, path: "deletions/" + uid}))
		add("the mark of "+uid+" taken away", claim("newname"), operation{who: uid, writes: []write{{kind: remove, path: "deletions/" + uid}}})
	}
	add("the old name again for fay, who is leaving", claim("fayfay"), claimBy("fay", "fayette"))
	add("the old name again for fay, its index left alone", claim("ghost").without(1), claimBy("fay", "fayette").without(1))
	add("the name of one who is leaving", claim("fayfay"), claim("fayette"))
	add("the name of one who is leaving, by a change", rename("alicia"), rename("fayette"))
	add("the mark of another", addTimetable("my-table-1"), operation{who: "alice", writes: []write{{set, "deletions/bob", fields{"purging": true}}}})
}

// broadLists are queries that could return forbidden documents, even if they do not.
func broadLists(add func(string, operation, operation)) {
	named := listUsers("alice")
	add("all users", named, named.asking(func(q *query) { q.where = nil }))
	add("all users, one", named, named.asking(func(q *query) { q.where, q.limit = nil, 1 }))
	add("all users by name", named, named.asking(func(q *query) { q.where, q.order = nil, []string{"username"} }))
	add("all users, counted", named, named.asking(func(q *query) { q.where, q.count = nil, true }))
	add("users by a field that is not the name", named, named.asking(func(q *query) { q.where[0].field = "nickname" }))
	add("users by their time", named, named.asking(func(q *query) { q.where = []where{{"createdAt", ">", earlier}} }))
	for _, op := range []string{"<", "<=", ">", ">=", "!="} {
		add("users by name "+op, named, named.asking(func(q *query) { q.where[0].op = op }))
	}
	add("users by names that are not these", named, named.asking(func(q *query) { q.where[0] = where{"username", "not-in", []any{"x"}} }))
	add("users by a name that is a number", named, listUsers(7))
	add("users by no name", named, listUsers(nil))

	own, public := listTimetables("alice", "alice"), listTimetables("bob", "alice", isPublic)
	for who, base := range map[string]operation{"one's own": own, "another's public": public} {
		add(who+" timetables without a limit", base, base.asking(func(q *query) { q.limit = 0 }))
		add(who+" timetables, one too many", base, base.asking(func(q *query) { q.limit = schema.MaxTimetablePage + 1 }))
		add(who+" timetables, 1,000", base, base.asking(func(q *query) { q.limit = 1000 }))
		add(who+" timetables without a limit, counted", base, base.asking(func(q *query) { q.limit, q.count = 0, true }))
	}
	another := public.asking(func(q *query) { q.where = nil })
	add("another's timetables", public, another)
	add("another's timetables, by nobody", public, another.as(""))
	add("another's timetables, one", public, another.asking(func(q *query) { q.limit = 1 }))
	add("another's timetables, listened to", public, func() operation { o := another; o.listen = true; return o }())
	add("another's timetables, counted", public, another.asking(func(q *query) { q.count = true }))
	for op, v := range map[string]any{"==": "private", "in": []any{"public", "private"}, ">=": "public", "<=": "public",
		"!=": "private", "not-in": []any{"private"}} {
		add(fmt.Sprintf("another's timetables, visibility %s %v", op, v), public, public.asking(func(q *query) {
			q.where[0] = where{"visibility", op, v}
			if op != "==" && op != "in" {
				q.order = nil
			}
		}))
	}
	add("another's timetables by title", public, public.asking(func(q *query) { q.where[0] = where{"title", "==", "public"}; q.order = nil }))
	add("all timetables", public, public.asking(func(q *query) { q.collection, q.group, q.order = "timetables", true, nil }))
	add("all timetables of all users, by their owner", own, own.asking(func(q *query) { q.collection, q.group, q.order = "timetables", true, nil }))

	lectures := lecturesOf("", "alice", alicePublic)
	add("all lectures", lectures, lectures.asking(func(q *query) { q.collection, q.group = "lectures", true }))
	semesters := listSemesters()
	add("all semesters of a school", semesters, semesters.asking(func(q *query) { q.where = nil }))
	add("hidden semesters", semesters, semesters.asking(func(q *query) { q.where[0].value = "hidden" }))
	add("semesters of either status", semesters, semesters.asking(func(q *query) { q.where[0] = where{"status", "in", []any{"normal", "hidden"}} }))
	add("semesters by year", semesters, semesters.asking(func(q *query) { q.where[0] = where{"year", "==", 2026} }))
	add("normal semesters of all schools", semesters, semesters.asking(func(q *query) { q.collection, q.group = "semesters", true }))
	add("all schools of a collection group", semesters, operation{list: &query{collection: "schools", group: true}})
	names := operation{list: &query{collection: "indices/user/usernames"}}
	add("all usernames", getting("", usernames("alice")), names)
	add("all usernames, by a user", getting("alice", usernames("alice")), names.as("alice"))
	add("one's own usernames", getting("alice", usernames("alice")), names.as("alice").asking(func(q *query) {
		q.where = []where{{"value", "==", "alice"}}
	}))
	add("usernames of a collection group", getting("", usernames("alice")), names.asking(func(q *query) { q.collection, q.group = "usernames", true }))
	add("users of a collection group", named, named.asking(func(q *query) { q.group = true }))
}

// closedDocuments tries documents for servers only: no client reads or writes them.
func closedDocuments(add func(string, operation, operation)) {
	readable, writable := getting("alice", "users/alice"), addTimetable("my-table-1")
	for _, path := range []string{"refreshes/korea", serverSemester, serverSemester + "/runs/1", "schedules/korea", "credentials/alice", "deletions/alice", "deletions/fay",
		"anything/else", "indices/user", "users/alice/secrets/x", "users/alice/timetables/" + alicePublic + "/notes/x", semester1 + "/notes/note1",
		usernames("alice") + "/notes/x"} {
		for _, who := range []string{"", "alice"} {
			add(fmt.Sprintf("%s got by %q", path, who), readable, getting(who, path))
			add(fmt.Sprintf("%s written by %q", path, who), writable, writable.as(who).to(0, path))
			add(fmt.Sprintf("%s deleted by %q", path, who), writable, operation{who: who, writes: []write{{kind: remove, path: path}}})
			add(fmt.Sprintf("the collection of %s listed by %q", path, who), operation{list: &query{collection: "schools"}},
				operation{who: who, list: &query{collection: path[:strings.LastIndexByte(path, '/')]}})
		}
	}
	for _, path := range []string{"schools/korea", "schools/new", semester1, "schools/korea/semesters/2030-0300"} {
		for _, who := range []string{"", "alice"} {
			add(fmt.Sprintf("%s written by %q", path, who), writable, writable.as(who).to(0, path))
			add(fmt.Sprintf("%s deleted by %q", path, who), writable, operation{who: who, writes: []write{{kind: remove, path: path}}})
			add(fmt.Sprintf("%s created beside a timetable by %q", path, who), writable, writable.as(who).and(
				write{set, path, fields{"name": "x", "status": "normal", "createdAt": earlier}}))
		}
	}
	add("a timetable with a semester that it brings along", writable, writable.setting(0, "semester", reference("schools/korea/semesters/2030-0300")).and(
		write{set, "schools/korea/semesters/2030-0300", fields{"status": "normal"}}))
}
