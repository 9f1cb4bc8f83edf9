package webclient

import (
	"sync"
	"testing"

	"heek.kr/heektime/emulator/sdktest"
)

// signIn: a custom token signs a user in, which rules see until the user signs out.
func signIn(t *testing.T, at place) {
	w := newWorld(t, at)
	c := w.client(t)
	var schools, semesters []document
	c.ask(&schools, "schools")
	c.ask(&semesters, "semesters", "데모대학교-서울")
	if len(schools) != 1 || schools[0].Data["name"] != "데모대학교-서울" || len(semesters) != 2 {
		t.Errorf("before signing in: %v, %v", schools, semesters)
	}
	c.mustFail("permission-denied", "set", "users/하늘", map[string]any{"username": "haneul"})

	var uid string
	c.ask(&uid, "signIn", w.customToken(t, "하늘"))
	if uid != "하늘" {
		t.Errorf("signed in as %q", uid)
	}
	// The app listens to its user document before it exists and must learn that it does not.
	me := c.listen("listenTo", "users/하늘")
	if e := me.untilServer(); e.Exists {
		t.Errorf("the user document exists already: %v", e)
	}
	c.do("claimUsername", "haneul")
	me.untilField("username", "haneul")
	c.do("refreshToken") // makes the SDK reopen its streams
	c.do("changeUsername", "haneul", "haneul2")
	me.untilField("username", "haneul2")

	c.do("signOut")
	c.mustFail("permission-denied", "set", "users/하늘", map[string]any{"username": "haneul"})
}

// usernames: exactly one of several claimants gets a username, whether they claim it sequentially or
// simultaneously.
func usernames(t *testing.T, at place) {
	w := newWorld(t, at)
	a, b := w.user(t, "a"), w.user(t, "b")
	a.do("claimUsername", "first")
	b.mustFail("taken", "claimUsername", "first")

	var both sync.WaitGroup
	var errs [2]error
	for i, c := range []*client{a, b} {
		both.Go(func() {
			if i == 0 {
				errs[i] = c.call(nil, "changeUsername", []any{"first", "both"})
			} else {
				errs[i] = c.call(nil, "claimUsername", []any{"both"})
			}
		})
	}
	both.Wait()
	var winners []string
	for i, err := range errs {
		switch code := sdktest.Code(err); {
		case err == nil:
			winners = append(winners, []string{"a", "b"}[i])
		case code != "permission-denied" && code != "taken" && !(code == "already-exists" && at.version == "v9"): // v12 retries
			t.Errorf("the losing claim failed with %v", err)
		}
	}
	if len(winners) != 1 {
		t.Fatalf("%v claimed the name, want one", winners)
	}
	if got := w.data(t, "indices/user/usernames/both")["value"]; got != winners[0] {
		t.Errorf("the index has %v, want %v", got, winners)
	}
	var named []document
	b.ask(&named, "usersNamed", "both")
	if len(named) != 1 || named[0].ID != winners[0] {
		t.Errorf("users with the name: %v, want %v", named, winners)
	}
}

// lite: Firestore Lite, the SDK without listeners, which uses only REST.
func lite(t *testing.T, at place) {
	w := newWorld(t, at)
	c, stranger := w.user(t, "하늘"), w.client(t)
	c.do("liteClaimUsername", "haneul")
	var user document
	stranger.ask(&user, "liteGet", "users/하늘")
	if user.Data["username"] != "haneul" {
		t.Errorf("user %v", user)
	}
	var semesters []document
	stranger.ask(&semesters, "liteSemesters", "데모대학교-서울")
	if len(semesters) != 2 || semesters[1].Data["term"] != "2학기" {
		t.Errorf("semesters %v", semesters)
	}
	c.do("createTimetable", "abcdefghij", "봄", semester1)
	c.do("liteUpdateTimetable", "abcdefghij", map[string]any{"title": "여름", "visibility": "private"})
	stranger.mustFail("permission-denied", "liteGet", "users/하늘/timetables/abcdefghij")
	c.mustFail("permission-denied", "liteUpdateTimetable", "abcdefghij", map[string]any{"visibility": "secret"})
	c.mustFail("not-found", "liteUpdateTimetable", "9999999999", map[string]any{"title": "none"})
	var timetable document
	c.ask(&timetable, "liteGet", "users/하늘/timetables/abcdefghij")
	if timetable.Data["title"] != "여름" {
		t.Errorf("timetable %v", timetable)
	}
}
