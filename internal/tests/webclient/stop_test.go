package webclient

import (
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/emulator/rules"
	"heek.kr/heektime/emulator/sdktest"
	"heek.kr/heektime/internal/schema"
)

// writesStopped: an operator closes the rules for writes while a user edits a timetable. The edit is denied, the
// SDK takes it back, the app reads why, and everything can still be read. Then writes are open again.
//
// cmd/heektime/internal/stop tests the switch itself; here the rules are those that it releases.
func writesStopped(t *testing.T, at place) {
	w := newWorld(t, at)
	owner := w.user(t, "owner")
	const path = "users/owner/timetables/abcdefghij"
	owner.do("createTimetable", "abcdefghij", "봄", semester1)
	shown := owner.listen("listenTo", path)
	shown.untilField("title", "봄")

	open := string(read(t, "firestore.rules"))
	closed, err := rules.Without("firestore.rules", open, rules.Create, rules.Update, rules.Delete)
	if err != nil {
		t.Fatal(err)
	}
	release := func(text string) {
		t.Helper()
		if _, err := w.Firestore.SetRules(w.Project, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	release(closed)
	w.put(t, schema.StopPath, map[string]any{"since": time.Now(), "message": "지금은 점검 중이에요."})

	err = owner.call(nil, "updateTimetable", []any{"abcdefghij", map[string]any{"title": "여름"}})
	if sdktest.Code(err) != "permission-denied" || !strings.Contains(err.Error(), "Missing or insufficient permissions.") {
		t.Errorf("an edit: %v", err)
	}
	shown.until("the edit", func(e event) bool { return e.Pending && e.Data["title"] == "여름" })
	shown.untilField("title", "봄") // taken back
	for function, args := range map[string][]any{
		"createTimetable": {"0123456789", "가을", semester1}, "deleteTimetable": {"abcdefghij"}, "addLecture": {"abcdefghij", "l1", lecture("x")}, "claimUsername": {"owner"},
	} {
		owner.mustFail("permission-denied", function, args...)
	}
	var why document
	if owner.ask(&why, "get", schema.StopPath); why.Data["message"] != "지금은 점검 중이에요." {
		t.Errorf("the app reads %v", why.Data)
	}
	var pages [][]string
	if w.client(t).ask(&pages, "pages", "owner"); len(pages) != 1 {
		t.Errorf("others see %v", pages)
	}

	release(open)
	if _, err := w.admin.Doc(schema.StopPath).Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	owner.do("updateTimetable", "abcdefghij", map[string]any{"title": "여름"})
	shown.untilField("title", "여름")
	if owner.ask(&why, "get", schema.StopPath); why.Exists {
		t.Errorf("after the start the app reads %v", why.Data)
	}
}
