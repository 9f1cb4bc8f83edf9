package api_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"heek.kr/heektime/compat-server/token"
)

// Who calls.
var callers = []string{"nobody", "owner", "stranger", "expired", "revoked", "forged", "other algorithm", "no algorithm", "other purpose"}

// Every call by everybody, on what belongs to the owner. Whoever has no token is told to sign in, an expired or revoked session
// gets AT003, which makes old apps refresh it, and whatever else is no token of ours gets AT002. A stranger finds nothing of the
// owner's under /me, and of his timetables the public one.
func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner, stranger := w.signUp(t, "owner"), w.signUp(t, "stranger")
	open := w.makeTimetable(t, owner, oldKorea, "공개")
	lecture := w.addLecture(t, owner, open.ID, dataLecture())
	w.set(t, "users/"+owner.id+"/timetables/private-01", map[string]any{
		"title": "비공개", "visibility": "private", "semester": w.fs.Doc(koreaFall), "createdAt": time.Now(), "updatedAt": time.Now(),
	})
	lectures := "/me/timetables/" + open.ID + "/lectures"
	tokens := w.tokens(t, owner, stranger)

	const ok, made, gone = "200", "201", "204"
	const noToken, bad, expired, no = "401 AT001", "401 AT002", "401 AT003", "404 TT001"
	//                     nobody   owner stranger expired revoked forged other no   other
	always := []string{ok, ok, ok, expired, ok, bad, bad, bad, bad} // what everybody may know asks nobody about a session
	for _, c := range []struct {
		method, path string
		body         any
		want         []string
	}{
		{"GET", "/schools", nil, always},
		{"GET", "/semesters/" + oldKorea + "/lectures-url", nil, always},
		{"GET", "/username/owner", nil, always},
		{"GET", "/users/" + owner.id + "/timetables", nil, []string{ok, ok, ok, expired, expired, bad, bad, bad, bad}},
		{"GET", "/me", nil, []string{noToken, ok, ok, expired, expired, bad, bad, bad, bad}},
		{"POST", "/me/timetables", map[string]string{"semester_id": oldKorea, "title": "x"},
			[]string{noToken, made, made, expired, expired, bad, bad, bad, bad}},
		{"POST", lectures, dataLecture(), []string{noToken, made, no, expired, expired, bad, bad, bad, bad}},
		{"PUT", lectures + "/" + lecture.ID, dataLecture(), []string{noToken, ok, no, expired, expired, bad, bad, bad, bad}},
		{"DELETE", lectures + "/" + lecture.ID, nil, []string{noToken, gone, no, expired, expired, bad, bad, bad, bad}},
		// Authorization does not matter to these.
		{"POST", "/users", map[string]string{"username": "x"}, same("400 RQ001")},
		{"POST", "/auth/token", map[string]string{"username": "owner", "password": secret}, same(ok)},
		{"POST", "/auth/refresh-token", map[string]string{"refresh_token": stranger.refresh}, same(ok)},
	} {
		for i, who := range callers {
			r := call(t, c.method, w.url+c.path, tokens[who], c.body)
			got := fmt.Sprint(r.status)
			if r.status >= 400 {
				got += " " + r.code(t)
			}
			if got != c.want[i] {
				t.Errorf("%s %s by %s: %s, want %s", c.method, c.path, who, got, c.want[i])
			}
		}
	}
	for who, want := range map[string]int{"nobody": 2, "stranger": 2, "owner": 3} { // one more was made above
		var list []timetableAnswer
		call(t, "GET", w.url+"/users/"+owner.id+"/timetables", tokens[who], nil).into(t, &list)
		if len(list) != want {
			t.Errorf("%s sees %d timetables, want %d: %+v", who, len(list), want, list)
		}
	}
}

func same(want string) (all []string) {
	for range callers {
		all = append(all, want)
	}
	return all
}

// tokens of all callers. The clock has gone on, so that the expired one is.
func (w *world) tokens(t *testing.T, owner, stranger user) map[string]string {
	t.Helper()
	session, err := w.signer(t, keyNow, "").Check(owner.access, token.Access)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(alg jose.SignatureAlgorithm, key any) string {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := jwt.Signed(signer).Claims(map[string]any{
			"sub": owner.id, "aud": w.Project + "/apis/v2/access", "use": "access", "since": session.Since,
			"exp": w.Clock.Now().Add(24 * time.Hour).Unix(),
		}).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	key, other := bytesOf(t, keyNow), bytesOf(t, keyBefore)
	genuine := sign(jose.HS256, key) // what sign makes would be good, but for one thing each
	if r := call(t, "GET", w.url+"/me", genuine, nil); r.status != 200 {
		t.Fatalf("a token like ours: %d %s", r.status, r.body)
	}
	expired := owner.access
	w.Clock.Advance(11 * time.Minute)
	return map[string]string{
		"nobody": "null", "expired": expired,
		"owner": w.refreshed(t, owner), "stranger": w.refreshed(t, stranger),
		"revoked":         w.access(t, token.Session{UID: owner.id, Since: session.Since - 1000}),
		"forged":          sign(jose.HS256, other),
		"other algorithm": sign(jose.HS384, append(key, other...)),
		"no algorithm":    "eyJhbGciOiJub25lIn0." + strings.Split(genuine, ".")[1] + ".",
		"other purpose":   owner.refresh,
	}
}

func bytesOf(t testing.TB, key string) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// access is an access token of a session.
func (w *world) access(t testing.TB, s token.Session) string {
	t.Helper()
	text, err := w.signer(t, keyNow, "").Sign(s, token.Access)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// refreshed is a new access token of a user.
func (w *world) refreshed(t testing.TB, u user) string {
	t.Helper()
	var fresh struct {
		Access string `json:"access_token"`
	}
	r := call(t, "POST", w.url+"/auth/refresh-token", "", map[string]string{"refresh_token": u.refresh})
	if r.into(t, &fresh); r.status != 200 {
		t.Fatalf("refresh: %d %s", r.status, r.body)
	}
	return fresh.Access
}
