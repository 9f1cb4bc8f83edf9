package securityrules

import (
	"fmt"
	"strings"
	"time"

	"heek.kr/heektime/internal/schema"
)

// allowedCase is an operation of the contract with the clients.
type allowedCase struct {
	name string
	op   operation
}

// The operations that attacks vary, in the shape that released clients send.

func usernames(name string) string { return "indices/user/usernames/" + name }

// claim returns Carol's claim of her first username.
func claim(name string) operation { return claimBy("carol", name) }

func claimBy(uid, name string) operation {
	return operation{uid: uid, reads: []string{usernames(name)}, writes: []write{
		{set, "users/" + uid, stamped(fields{"username": name})},
		{set, usernames(name), fields{"value": uid}},
	}}
}

// rename returns Alice's change of her username.
func rename(name string) operation {
	return operation{uid: "alice", writes: []write{
		{update, "users/alice", fields{"username": name, "updatedAt": serverTime{}}},
		{kind: remove, path: usernames("alice")},
		{set, usernames(name), fields{"value": "alice"}},
	}}
}

func addTimetable(id string) operation {
	return operation{uid: "alice", writes: []write{{set, "users/alice/timetables/" + id, stamped(timetable("public"))}}}
}

func changeTimetable(data fields) operation {
	data["updatedAt"] = serverTime{}
	return operation{uid: "alice", writes: []write{{update, "users/alice/timetables/" + alicePublic, data}}}
}

func addLecture() operation {
	return operation{uid: "alice", writes: []write{
		{create, "users/alice/timetables/" + alicePublic + "/lectures/second", stamped(lecture())}}}
}

func changeLecture() operation {
	data := lecture()
	delete(data, "createdAt")
	data["updatedAt"], data["title"] = serverTime{}, "컴퓨터구조"
	return operation{uid: "alice", writes: []write{
		{update, "users/alice/timetables/" + alicePublic + "/lectures/first", data}}}
}

// duplicate returns a copy of a timetable with this many lectures.
func duplicate(lectures int) operation {
	o := addTimetable("duplicate1")
	for i := range lectures {
		o = o.and(write{set, fmt.Sprintf("users/alice/timetables/duplicate1/lectures/copy%d", i), stamped(lecture())})
	}
	return o
}

func listTimetables(who, of string, more ...where) operation {
	return operation{uid: who, list: &query{collection: "users/" + of + "/timetables", where: more,
		order: []string{"-semester", "-createdAt"}, limit: schema.MaxTimetablePage}}
}

func lecturesOf(who, of, timetable string) operation {
	return operation{uid: who, listen: true, list: &query{collection: "users/" + of + "/timetables/" + timetable + "/lectures"}}
}

func listUsers(username any) operation {
	return operation{list: &query{collection: "users", where: []where{{"username", "==", username}}}}
}

func listSemesters() operation {
	return operation{list: &query{collection: "schools/korea/semesters", where: []where{{"status", "==", "normal"}}}}
}

// listAnnouncements returns what a client that shows a school lists, with bounds relative to the time of the request.
func listAnnouncements(from, until time.Duration) operation {
	return operation{list: &query{collection: "announcements", where: []where{
		{"audience", "in", []any{"all", "korea"}}, {"from", "<=", fromNow(from)}, {"until", ">", fromNow(until)},
	}, order: []string{"-from"}, limit: schema.MaxAnnouncementPage}}
}

func listChanges() operation {
	return operation{list: &query{collection: semester1 + "/changes", order: []string{"-at"}, limit: schema.MaxChangePage}}
}

// viewsPath is where the views of Alice's public timetable are.
const viewsPath = "users/alice/timetables/" + alicePublic + "/views"

func listViews() operation {
	return operation{uid: "alice", list: &query{collection: viewsPath, order: []string{"__name__"}, limit: schema.MaxViewsPage}}
}

// followBy returns how a user who follows this many others follows one more.
func followBy(uid, other string, count int) operation {
	return operation{uid: uid, writes: []write{
		{set, "users/" + uid + "/follows/" + other, fields{"uid": other, "createdAt": serverTime{}}},
		{set, "users/" + uid + "/counts/following", fields{"count": count + 1, "uid": other, "updatedAt": serverTime{}}},
	}}
}

// unfollowBy returns how a user who follows this many others gives one up.
func unfollowBy(uid, other string, count int) operation {
	return operation{uid: uid, writes: []write{
		{kind: remove, path: "users/" + uid + "/follows/" + other},
		{update, "users/" + uid + "/counts/following", fields{"count": count - 1, "uid": other, "updatedAt": serverTime{}}},
	}}
}

func listFollows() operation {
	return operation{uid: "alice", list: &query{collection: "users/alice/follows", limit: schema.MaxFollows}}
}

func getting(who, path string) operation { return operation{uid: who, get: path} }

func listening(who, path string) operation { return operation{uid: who, get: path, listen: true} }

var isPublic = where{"visibility", "==", "public"}

// allowed returns the operations of the contract, in its order, and at both ends of every bound. It
// is one long table.
func allowed() []allowedCase {
	list := []allowedCase{
		{"anyone lists schools", operation{list: &query{collection: "schools"}}},
		{"anyone gets a school", getting("", "schools/korea")},
		{"anyone lists the normal semesters", listSemesters()},
		{"a user lists the normal semesters", listSemesters().as("alice")},
		{"anyone gets a semester", getting("", semester1)},
		{"anyone lists the announcements", listAnnouncements(0, 0)},
		{"a user lists the announcements", listAnnouncements(0, 0).as("alice")},
		{"an anonymous user lists the announcements", listAnnouncements(0, 0).as("carol").byGuest()},
		{"anyone lists the announcements for everyone", listAnnouncements(0, 0).querying(func(q *query) { q.where[0] = where{"audience", "==", "all"} })},
		{"anyone lists an announcement", listAnnouncements(0, 0).querying(func(q *query) { q.limit = 1 })},
		{"anyone lists the next page of announcements", listAnnouncements(0, 0).querying(func(q *query) { q.after = []any{fromNow(-time.Hour)} })},
		{"anyone whose clock is fast lists the announcements", listAnnouncements(30*time.Minute, 30*time.Minute)},
		{"anyone whose clock is an hour fast lists the announcements", listAnnouncements(time.Hour, time.Hour)},
		{"anyone whose clock is slow lists the announcements", listAnnouncements(-12*time.Hour, -12*time.Hour)},
		{"anyone gets an announcement", getting("", "announcements/now")},
		{"anyone whose clock is fast gets an announcement", getting("", "announcements/soon")},
		{"anyone whose clock is slow gets an announcement", getting("", "announcements/ended")},
		{"anyone gets a change of a course list", getting("", semester1+"/changes/1-first")},
		{"anyone lists the last changes of a course list", listChanges()},
		{"a user lists the changes of a course list since the last time", listChanges().as("alice").querying(func(q *query) {
			q.where = []where{{"at", ">", earlier}}
		})},
		{"anyone gets why writes are stopped", getting("", schema.StopPath)},
		{"anyone listens to whether writes are stopped, which they are not", listening("", "switches/others")},
		{"anyone gets a user", getting("", "users/alice")},
		{"a user gets another", getting("bob", "users/alice")},
		{"anyone finds a user by username", listUsers("alice")},
		{"anyone looks for a free username", listUsers("nobody")},
		{"anyone looks for a username of one letter", listUsers("a")},
		{"anyone gets the index of a username", getting("", usernames("alice"))},
		{"anyone gets the index of a free username", getting("", usernames("free"))},

		{"a user listens to their own user, which does not exist yet", listening("carol", "users/carol")},
		{"a user claims a name", claim("carol")},
		{"a user claims a name of four letters", claim("card")},
		{"a user claims the longest name", claim(strings.Repeat("c", schema.MaxUsername))},
		{"a user claims a name of four Korean letters", claim("고려대생")},
		{"a user claims the longest Korean name", claim(strings.Repeat("호", schema.MaxUsername))},
		{"a user claims the longest name of emoji", claim(strings.Repeat("😀", schema.MaxUsername))},
		{"a user claims a name with punctuation", claim("-c.a_r~ol.")},
		{"a user claims a name of hanja, kana and jamo", claim("韓國かな々カナーㅋㅠ")},
		{"a user claims a name with Latin, Greek and Cyrillic letters", claim("ĐặngΩмéга")},
		{"a user claims a name that differs from another's in case", claim("Alice")},
		{"a user changes their name", rename("alicia")},
		{"a user changes their name, in reverse order", reversed(rename("alicia"))},
		{"a user changes the case of their name", rename("ALICE")},
		{"anyone finds a user by a name that new users cannot claim", listUsers(odd)},
		{"anyone gets the index of a name that new users cannot claim", getting("", usernames(odd))},
		{"a user changes a name that new users cannot claim", operation{uid: "hal", writes: []write{
			{update, "users/hal", fields{"username": "hal9000", "updatedAt": serverTime{}}},
			{kind: remove, path: usernames(odd)}, {set, usernames("hal9000"), fields{"value": "hal"}}}}},
		{"an anonymous user finds a user", listUsers("alice").as("carol").byGuest()},
		{"an anonymous user lists public timetables", listTimetables("carol", "alice", isPublic).byGuest()},
		{"an anonymous user lists their own timetables", listTimetables("carol", "carol").byGuest()},
		{"an anonymous user listens to the lectures of a public timetable", lecturesOf("carol", "alice", alicePublic).byGuest()},
		{"a migrated user changes their name", operation{uid: "dave", writes: []write{
			{update, "users/dave", fields{"username": "newdave", "updatedAt": serverTime{}}},
			{kind: remove, path: usernames("olddave")}, {set, usernames("newdave"), fields{"value": "dave"}}}}},

		{"an owner lists timetables", listTimetables("alice", "alice")},
		{"an owner lists the next page of timetables", listTimetables("alice", "alice").querying(func(q *query) {
			q.after = []any{reference(semester1), earlier}
		})},
		{"an owner lists fewer timetables", listTimetables("alice", "alice").querying(func(q *query) { q.limit = 1 })},
		{"anyone lists public timetables", listTimetables("", "alice", isPublic)},
		{"a user lists another's public timetables", listTimetables("bob", "alice", isPublic)},
		{"a user lists the next page of another's public timetables", listTimetables("bob", "alice", isPublic).querying(func(q *query) {
			q.after = []any{reference(semester1), earlier}
		})},
		{"an owner lists the public timetables", listTimetables("alice", "alice", isPublic)},
		{"anyone gets a public timetable", getting("", "users/alice/timetables/"+alicePublic)},
		{"anyone listens to a public timetable", listening("", "users/alice/timetables/"+alicePublic)},
		{"a user gets another's public timetable", getting("bob", "users/alice/timetables/"+alicePublic)},
		{"an owner gets a private timetable", getting("alice", "users/alice/timetables/"+alicePrivate)},
		{"an owner listens to a private timetable", listening("alice", "users/alice/timetables/"+alicePrivate)},
		{"an owner listens to a timetable that does not exist", listening("alice", "users/alice/timetables/nothing001")},
		{"anyone listens to the lectures of a public timetable", lecturesOf("", "alice", alicePublic)},
		{"a user listens to the lectures of another's public timetable", lecturesOf("bob", "alice", alicePublic)},
		{"an owner listens to the lectures of a public timetable", lecturesOf("alice", "alice", alicePublic)},
		{"an owner listens to the lectures of a private timetable", lecturesOf("alice", "alice", alicePrivate)},
		{"an owner listens to the lectures of a timetable that does not exist", lecturesOf("alice", "alice", "nothing001")},
		{"an owner listens to the lectures of a deleted timetable", lecturesOf("alice", "alice", "deleted001")},
		{"an SDK gets a lecture missing from a listener, for anyone", getting("", "users/alice/timetables/"+alicePublic+"/lectures/first")},
		{"an SDK gets a lecture missing from a listener, for the owner", getting("alice", "users/alice/timetables/deleted001/lectures/gone")},

		{"an owner lists the views of a timetable", listViews()},
		{"an owner lists the views of a timetable since a day", listViews().querying(func(q *query) { q.after = []any{reference(viewsPath + "/2026-10-29")} })},
		{"an owner gets the views of a day", getting("alice", viewsPath+"/2026-11-28")},
		{"an owner gets the views of a day without any", getting("alice", viewsPath+"/2026-11-29")},

		{"a user lists whom they follow", listFollows()},
		{"a user listens to whom they follow", func() operation { o := listFollows(); o.listen = true; return o }()},
		{"a user gets whether they follow another", getting("alice", "users/alice/follows/dave")},
		{"a user gets whether they follow another, whom they do not", getting("alice", "users/alice/follows/bob")},
		{"a user gets how many others follow them", getting("alice", "users/alice/counts/followers")},
		{"a user listens to how many others follow them, which is nobody", listening("carol", "users/carol/counts/followers")},
		{"a user gets how many others they follow", getting("alice", "users/alice/counts/following")},
		{"a user follows another", followBy("alice", "bob", 1)},
		{"a user follows another, in reverse order", reversed(followBy("alice", "bob", 1))},
		{"a user follows the first other", followBy("erin", "alice", 0)},
		{"a user without a name follows the first other", followBy("carol", "alice", 0)},
		{"a user follows the last other that they may", followBy("hal", "bob", schema.MaxFollows-1)},
		{"a user follows another with the longest uid", followBy("alice", longestUID, 1)},
		{"a user gives up following another", unfollowBy("alice", "dave", 1)},
		{"a user gives up following another, in reverse order", reversed(unfollowBy("alice", "dave", 1))},
		{"a user who follows as many as they may gives up one", unfollowBy("dave", "alice", schema.MaxFollows)},

		{"an owner adds a timetable", addTimetable("my-table-1")},
		{"an owner adds a timetable with a Korean ID", addTimetable("시간표하나둘셋넷다섯")},
		{"an owner adds a timetable with an ID of the old system", addTimetable("ABCDEF6789abcdef0123456789abcdef")},
		{"an owner adds a private timetable", addTimetable("my-table-1").setting(0, "visibility", "private")},
		{"an owner adds a timetable without a title", addTimetable("my-table-1").setting(0, "title", "")},
		{"an owner adds a timetable with the longest title", addTimetable("my-table-1").setting(0, "title", strings.Repeat("호", schema.MaxTimetableTitle))},
		{"an owner adds a timetable of another semester", addTimetable("my-table-1").setting(0, "semester", reference(semester2))},
		{"an owner hides a timetable", changeTimetable(fields{"visibility": "private"})},
		{"an owner shows a timetable", changeTimetable(fields{"visibility": "public"}).to(0, "users/alice/timetables/"+alicePrivate)},
		{"an owner renames a timetable", changeTimetable(fields{"title": "가을학기"})},
		{"an owner gives a timetable the longest title", changeTimetable(fields{"title": strings.Repeat("t", schema.MaxTimetableTitle)})},
		{"an owner hides a timetable of the old system", operation{uid: "dave", writes: []write{
			{update, "users/dave/timetables/" + legacy, fields{"visibility": "private", "updatedAt": serverTime{}}}}}},
		{"an owner deletes a timetable", operation{uid: "alice", writes: []write{{kind: remove, path: "users/alice/timetables/" + alicePublic}}}},

		{"an owner adds a lecture", addLecture()},
		{"an owner adds a lecture to a private timetable", addLecture().to(0, "users/alice/timetables/"+alicePrivate+"/lectures/second")},
		{"an owner adds a lecture with empty fields", addLecture().with(0, func(w *write) { w.data = lectureOf(smallest) })},
		{"an owner adds a lecture with fractional credits", addLecture().setting(0, "credit", 1.5)},
		{"an owner adds a lecture at the bounds", addLecture().with(0, func(w *write) { w.data = lectureOf(largest) })},
		{"an owner adds a lecture in the first minute of the week", addLecture().setting(0, "times",
			[]any{fields{"weekday": 0, "timeBegin": 0, "timeEnd": 1, "room": ""}})},
		{"an owner changes a lecture", changeLecture()},
		{"an owner changes a lecture of the old system", operation{uid: "dave", writes: []write{
			{update, "users/dave/timetables/" + legacy + "/lectures/first", fields{"title": "x", "updatedAt": serverTime{}}}}}},
		{"an owner deletes a lecture", operation{uid: "alice", writes: []write{
			{kind: remove, path: "users/alice/timetables/" + alicePublic + "/lectures/first"}}}},
		{"an owner deletes a lecture of a deleted timetable", operation{uid: "alice", writes: []write{
			{kind: remove, path: "users/alice/timetables/deleted001/lectures/first"}}}},
		{"an owner duplicates a timetable", duplicate(12)},

		{"anyone gets a user pending deletion, which does not exist", getting("", "users/fay")},
		{"anyone looks for a user pending deletion", listUsers("fayette")},
		{"a user pending deletion listens to their own user", listening("fay", "users/fay")},
		{"a user pending deletion lists their timetables", listTimetables("fay", "fay")},
		{"a user pending deletion listens to their lectures", lecturesOf("fay", "fay", alicePublic)},
		{"a blocked user lists their timetables", listTimetables("ivy", "ivy")},
		{"an owner duplicates a timetable with 100 lectures", duplicate(100)},
	}
	for _, f := range lectureFields() {
		list = append(list, allowedCase{"an owner changes " + f.Name + " of a lecture", changeLecture().with(0, func(w *write) {
			w.data = fields{f.Name: different(f), "updatedAt": serverTime{}}
		})})
		if f.Optional {
			list = append(list,
				allowedCase{"an owner adds a lecture without " + f.Name, addLecture().with(0, func(w *write) { delete(w.data, f.Name) })},
				allowedCase{"an owner removes " + f.Name + " from a lecture", changeLecture().setting(0, f.Name, deleteField{})})
		}
	}
	for n := range 8 {
		list = append(list, allowedCase{fmt.Sprintf("an owner adds a lecture with lists of %d entries", n), addLecture().with(0, func(w *write) {
			w.data["times"], w.data["category"], w.data["metas"] = repeat(meeting(6), n), repeat("교양", n), repeat(tag(""), n)
		})})
	}
	return list
}

func reversed(o operation) operation {
	for i := range len(o.writes) / 2 {
		j := len(o.writes) - 1 - i
		o.writes[i], o.writes[j] = o.writes[j], o.writes[i]
	}
	return o
}

func repeat(v any, n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = v
	}
	return list
}

// latest returns a meeting at the upper bounds.
func latest() fields {
	return fields{"weekday": 6, "timeBegin": 1439, "timeEnd": 1440, "room": strings.Repeat("호", schema.MaxRoom)}
}

// different returns a value for a field that differs from that in [lecture].
func different(f schema.Field) any {
	switch f.Type {
	case schema.Text:
		return strings.Repeat("x", max(1, f.Min))
	case schema.Number:
		return 1.5
	case schema.List:
		return []any{}
	}
	return sampleOf(f)
}
