package webclient

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
)

// lecture returns a lecture as apps copy it from a course list.
func lecture(title string) map[string]any {
	return map[string]any{
		"identifier": "COSE372-02", "title": title, "professor": "정연돈", "credit": 3,
		"times":    []any{map[string]any{"weekday": 1, "timeBegin": 630, "timeEnd": 705, "room": "정보관 202"}},
		"category": []any{"정보대학", "컴퓨터학과"}, "metas": []any{map[string]any{"type": "tag", "name": "영강"}},
	}
}

// timetablesAndPages: users create, copy, change and delete timetables and see all of them in paginated
// lists. Others see the public ones.
func timetablesAndPages(t *testing.T, at place) {
	w := newWorld(t, at)
	owner := w.user(t, "owner")
	owner.do("createTimetable", "abcdefghij", "봄", semester1)
	owner.do("addLecture", "abcdefghij", "l1", lecture("데이터베이스시스템"))
	owner.do("addLecture", "abcdefghij", "l2", lecture("운영체제 😀"))
	owner.do("updateLecture", "abcdefghij", "l1", map[string]any{"credit": 2})
	owner.do("duplicateTimetable", "abcdefghij", "0123456789", "봄의 사본")
	for _, id := range []string{"l1", "l2"} {
		if path := "users/owner/timetables/0123456789/lectures/" + id; w.data(t, path)["category"] == nil {
			t.Errorf("the copy has no %s: %v", id, w.data(t, path))
		}
	}
	var counts bool
	if owner.ask(&counts, "canCount"); counts {
		var count int
		if owner.ask(&count, "count", "users/owner/timetables/0123456789/lectures"); count != 2 {
			t.Errorf("counted %d lectures in the copy, want 2", count)
		}
	}
	owner.do("removeLecture", "0123456789", "l2")
	owner.do("deleteTimetable", "0123456789")
	owner.do("updateTimetable", "abcdefghij", map[string]any{"visibility": "private"})

	// Add 43 timetables. Lists are sorted by semester, then by age, the newest first.
	now := time.Now()
	want := []string{}
	for i := range 43 {
		id, semester := fmt.Sprintf("timetable%02d", i), semester2
		if i%2 == 1 {
			semester = semester1
		}
		w.put(t, "users/owner/timetables/"+id, map[string]any{
			"title": id, "visibility": "public", "semester": w.admin.Doc(semester), "createdAt": now.Add(time.Duration(i-100) * time.Hour), "updatedAt": now,
		})
	}
	for i := 42; i >= 0; i -= 2 {
		want = append(want, fmt.Sprintf("timetable%02d", i))
	}
	private := len(want) // the private timetable is the newest of the older semester
	for i := 41; i >= 0; i -= 2 {
		want = append(want, fmt.Sprintf("timetable%02d", i))
	}
	stranger := w.client(t)
	var pages [][]string
	stranger.ask(&pages, "pages", "owner")
	if len(pages) != 3 || len(pages[0]) != 20 || !slices.Equal(slices.Concat(pages...), want) {
		t.Errorf("others see %v, want %v", pages, want)
	}
	owner.ask(&pages, "pages", "owner")
	if want := slices.Insert(want, private, "abcdefghij"); len(pages) != 3 || !slices.Equal(slices.Concat(pages...), want) {
		t.Errorf("the owner sees %v, want %v", pages, want)
	}
}

// listenWhileAnotherWrites: a page that shows somebody else's timetable sees each change.
func listenWhileAnotherWrites(t *testing.T, at place) {
	w := newWorld(t, at)
	owner, friend := w.user(t, "owner"), w.client(t)
	const path = "users/owner/timetables/abcdefghij"
	owner.do("createTimetable", "abcdefghij", "봄", semester1)
	timetable := friend.listen("listenTo", path)
	lectures := friend.listen("listenToAll", path+"/lectures")
	list := friend.listen("listenToTimetables", "owner")
	if e := timetable.untilServer(); e.Data["title"] != "봄" {
		t.Errorf("title is %v", e.Data["title"])
	}
	if got := timetable.events[0].Data["semester"]; fmt.Sprint(got) != fmt.Sprint(map[string]any{"reference": semester1}) {
		t.Errorf("semester is %v", got)
	}
	lectures.untilIDs()
	list.untilIDs("abcdefghij")

	owner.do("addLecture", "abcdefghij", "l1", lecture("데이터베이스시스템"))
	if e := lectures.untilIDs("l1"); e.Docs[0].Data["title"] != "데이터베이스시스템" {
		t.Errorf("lecture is %v", e.Docs[0])
	}
	owner.do("updateLecture", "abcdefghij", "l1", map[string]any{"title": "운영체제 😀"})
	lectures.until("the new title", func(e event) bool { return e.settled() && e.Docs[0].Data["title"] == "운영체제 😀" })
	owner.do("updateTimetable", "abcdefghij", map[string]any{"title": "여름"})
	timetable.untilField("title", "여름")
	owner.do("removeLecture", "abcdefghij", "l1")
	lectures.untilIDs()
	owner.do("createTimetable", "0123456789", "가을", semester2)
	list.untilIDs("0123456789", "abcdefghij")

	// A change by a server arrives as well.
	if _, err := w.admin.Doc(path).Update(t.Context(), []firestore.Update{{Path: "title", Value: "겨울"}}); err != nil {
		t.Fatal(err)
	}
	timetable.untilField("title", "겨울")

	// Once private, the timetable leaves the list and its listeners are denied. The others continue.
	owner.do("updateTimetable", "abcdefghij", map[string]any{"visibility": "private"})
	list.untilIDs("0123456789")
	for _, l := range []*listener{timetable, lectures} {
		l.untilDenied()
	}
	owner.do("updateTimetable", "0123456789", map[string]any{"title": "가을 2"})
	list.until("the new title", func(e event) bool { return e.settled() && e.Docs[0].Data["title"] == "가을 2" })
	owner.do("deleteTimetable", "0123456789")
	list.untilIDs()

	// A client that stops listening and starts again sees the current state.
	friend.do("stopListening", list.name)
	owner.do("createTimetable", "1111111111", "봄", semester1)
	list = friend.listen("listenToTimetables", "owner")
	list.untilIDs("1111111111")
}

// concurrentEdits: two pages of one user edit a timetable simultaneously. Both converge on the server's
// state.
func concurrentEdits(t *testing.T, at place) {
	w := newWorld(t, at)
	pages := []*client{w.user(t, "owner"), w.user(t, "owner")}
	const path = "users/owner/timetables/abcdefghij"
	pages[0].do("createTimetable", "abcdefghij", "봄", semester1)
	var timetables, lectures [2]*listener
	for i, page := range pages {
		timetables[i], lectures[i] = page.listen("listenTo", path), page.listen("listenToAll", path+"/lectures")
		timetables[i].untilServer()
	}
	const edits = 10
	done := make(chan error, len(pages))
	for i, page := range pages {
		go func() {
			for n := range edits {
				if err := page.call(nil, "addLecture", []any{"abcdefghij", fmt.Sprintf("page%d-%02d", i, n), lecture("강의")}); err != nil {
					done <- err
					return
				}
				if err := page.call(nil, "updateTimetable", []any{"abcdefghij", map[string]any{"title": fmt.Sprintf("page %d, edit %d", i, n)}}); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range pages {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	var ids []string
	for i := range pages {
		for n := range edits {
			ids = append(ids, fmt.Sprintf("page%d-%02d", i, n))
		}
	}
	title := w.data(t, path)["title"]
	for i := range pages {
		timetables[i].untilField("title", title)
		lectures[i].untilIDs(ids...)
	}
}

// manyTabs: one browser listens and writes in several tabs, which share its few connections per host.
func manyTabs(t *testing.T, at place) {
	if at.pages == nil {
		t.Skip("Node has no tabs")
	}
	w := newWorld(t, at, withoutRules)
	tabs := []*client{w.client(t)}
	for range 4 {
		tabs = append(tabs, w.tab(tabs[0]))
	}
	var notes []*listener
	for _, tab := range tabs {
		notes = append(notes, tab.listen("listenToAll", "notes"))
	}
	var ids []string
	for i, tab := range tabs {
		ids = append(ids, fmt.Sprint("tab", i))
		tab.do("set", "notes/"+ids[i], map[string]any{"n": i})
	}
	for _, note := range notes {
		note.untilIDs(ids...)
	}
}

// denied: the page rolls back a write that rules deny, and nothing else on it is affected.
func denied(t *testing.T, at place) {
	w := newWorld(t, at)
	owner, other := w.user(t, "owner"), w.user(t, "other")
	const path = "users/owner/timetables/abcdefghij"
	owner.do("createTimetable", "abcdefghij", "봄", semester1)
	other.do("createTimetable", "9876543210", "나의 봄", semester1)
	owners := other.listen("listenTo", path)
	own := other.listen("listenTo", "users/other/timetables/9876543210")
	owners.untilField("title", "봄")
	own.untilField("title", "나의 봄")

	// A denied write is visible immediately, like any other, and then rolled back.
	other.mustFail("permission-denied", "set", path, map[string]any{"title": "남의 것"})
	owners.until("the denied write", func(e event) bool { return e.Pending && e.Data["title"] == "남의 것" })
	owners.untilField("title", "봄")
	if w.data(t, path)["title"] != "봄" {
		t.Error("the denied write was applied")
	}
	// Denying one write of several leaves the others in place.
	other.do("updateTimetable", "9876543210", map[string]any{"title": "둘째"})
	other.mustFail("permission-denied", "updateTimetable", "9876543210", map[string]any{"visibility": "secret"})
	other.do("updateTimetable", "9876543210", map[string]any{"title": "셋째"})
	own.untilField("title", "셋째")

	// Denied listeners end with an error. The others continue.
	for _, l := range []*listener{other.listen("listenTo", "refreshes/데모대학교-서울"), other.listen("listenToAll", "users")} {
		l.untilDenied()
	}
	other.mustFail("permission-denied", "get", "refreshes/데모대학교-서울")
	owner.do("updateTimetable", "abcdefghij", map[string]any{"title": "여름"})
	owners.untilField("title", "여름")
	other.do("updateTimetable", "9876543210", map[string]any{"title": "넷째"})
	own.untilField("title", "넷째")
	other.mustFail("permission-denied", "increment", path, "n") // a transaction
}
