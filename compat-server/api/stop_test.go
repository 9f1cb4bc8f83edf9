package api_test

import (
	"testing"
	"time"

	"heek.kr/heektime/internal/schema"
)

// TestStopped makes every call while writes are stopped. Those that write get the operator's message, which
// old apps show, and change nothing. Everything else works.
func TestStopped(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	owner := fx.signUp(t, "owner")
	made := fx.makeTimetable(t, owner, oldKorea, "시간표")
	lecture := fx.addLecture(t, owner, made.ID, dataLecture())
	const message = "지금은 점검 중이에요."
	if _, err := schema.StopRef(fx.fs).Set(t.Context(), schema.Stop{Since: time.Now(), Message: message}); err != nil {
		t.Fatal(err)
	}
	lectures := "/me/timetables/" + made.ID + "/lectures"
	for _, c := range []struct {
		method, path string
		body         any
		status       int
	}{
		{"POST", "/users", map[string]string{"username": "newuser", "password": secret, "name": "이름"}, 403},
		{"POST", "/me/timetables", map[string]string{"semester_id": oldKorea, "title": "x"}, 403},
		{"POST", lectures, dataLecture(), 403},
		{"PUT", lectures + "/" + lecture.ID, dataLecture(), 403},
		{"DELETE", lectures + "/" + lecture.ID, nil, 403},
		{"POST", "/auth/token", map[string]string{"username": "owner", "password": secret}, 200},
		{"POST", "/auth/refresh-token", map[string]string{"refresh_token": owner.refresh}, 200},
		{"GET", "/me", nil, 200},
		{"GET", "/schools", nil, 200},
		{"GET", "/username/owner", nil, 200},
		{"GET", "/users/" + owner.id + "/timetables", nil, 200},
	} {
		r := call(t, c.method, fx.url+c.path, owner.access, c.body)
		if r.status != c.status {
			t.Errorf("%s %s: %d %s, want %d", c.method, c.path, r.status, r.body, c.status)
			continue
		}
		var body struct{ Code, Message string }
		if c.status != 200 {
			if r.into(t, &body); body.Code != "SV006" || body.Message != message {
				t.Errorf("%s %s: %+v", c.method, c.path, body)
			}
		}
	}
	var list []timetableResponse
	call(t, "GET", fx.url+"/users/"+owner.id+"/timetables", owner.access, nil).into(t, &list)
	if len(list) != 1 || len(list[0].Lectures) != 1 {
		t.Errorf("while writes were stopped, the timetables became %+v", list)
	}
	if _, err := schema.StopRef(fx.fs).Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := call(t, "DELETE", fx.url+lectures+"/"+lecture.ID, owner.access, nil); r.status != 204 {
		t.Errorf("after the start: %d %s", r.status, r.body)
	}
	fx.signUp(t, "newuser")
}
