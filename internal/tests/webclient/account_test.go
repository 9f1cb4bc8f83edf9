package webclient

import (
	"sync"
	"testing"

	"heek.kr/heektime/emulator/sdktest"
)

// signIn: a custom token signs in, and rules know the user; signed out again, they do not.
func signIn(t *testing.T, at place) {
	w := newWorld(t, at)
	c := w.client(t)
	var schools, semesters []document
	c.ask(&schools, "schools")
	c.ask(&semesters, "semesters", "데모대학교-서울")
	if len(schools) != 1 || schools[0].Data["name"] != "데모대학교-서울" || len(semesters) != 2 {
		t.Errorf("before signing in: %v, %v", schools, semesters)
	}
	c.refused("permission-denied", "set", "users/하늘", map[string]any{"username": "haneul"})

	var uid string
	c.ask(&uid, "signIn", w.customToken(t, "하늘"))
	if uid != "하늘" {
		t.Errorf("signed in as %q", uid)
	}
	// The app listens to its user before there is one, and must be told so.
	me := c.listen("listenTo", "users/하늘")
	if e := me.untilServer(); e.Exists {
		t.Errorf("there is a user already: %v", e)
	}
	c.do("claimUsername", "haneul")
	me.untilField("username", "haneul")
	c.do("refreshToken") // at which the SDK opens its streams anew
	c.do("changeUsername", "haneul", "haneul2")
	me.untilField("username", "haneul2")

	c.do("signOut")
	c.refused("permission-denied", "set", "users/하늘", map[string]any{"username": "haneul"})
}

// usernames: of those who claim a name, one at a time or at once, one gets it.
func usernames(t *testing.T, at place) {
	w := newWorld(t, at)
	a, b := w.user(t, "a"), w.user(t, "b")
	a.do("claimUsername", "first")
	b.refused("taken", "claimUsername", "first")

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
		case code != "permission-denied" && code != "taken" && !(code == "already-exists" && at.version == "v9"): // v12 tries again
			t.Errorf("who lost was told: %v", err)
		}
	}
	if len(winners) != 1 {
		t.Fatalf("%v have the name", winners)
	}
	if got := w.data(t, "indices/user/usernames/both")["value"]; got != winners[0] {
		t.Errorf("the index says %v, want %v", got, winners)
	}
	var named []document
	b.ask(&named, "usersNamed", "both")
	if len(named) != 1 || named[0].ID != winners[0] {
		t.Errorf("users named so: %v, want %v", named, winners)
	}
}

// lite: the SDK without listeners, which in browsers speaks REST only.
func lite(t *testing.T, at place) {
	w := newWorld(t, at)
	c, stranger := w.user(t, "하늘"), w.client(t)
	c.do("liteClaimUsername", "haneul")
	var user document
	stranger.ask(&user, "liteGet", "users/하늘")
	if user.Data["username"] != "haneul" {
		t.Errorf("the user is %v", user)
	}
	var semesters []document
	stranger.ask(&semesters, "liteSemesters", "데모대학교-서울")
	if len(semesters) != 2 || semesters[1].Data["term"] != "2학기" {
		t.Errorf("the semesters are %v", semesters)
	}
	c.do("createTimetable", "abcdefghij", "봄", semester1)
	c.do("liteUpdateTimetable", "abcdefghij", map[string]any{"title": "여름", "visibility": "private"})
	stranger.refused("permission-denied", "liteGet", "users/하늘/timetables/abcdefghij")
	c.refused("permission-denied", "liteUpdateTimetable", "abcdefghij", map[string]any{"visibility": "secret"})
	c.refused("not-found", "liteUpdateTimetable", "9999999999", map[string]any{"title": "none"})
	var timetable document
	c.ask(&timetable, "liteGet", "users/하늘/timetables/abcdefghij")
	if timetable.Data["title"] != "여름" {
		t.Errorf("the timetable is %v", timetable)
	}
}
