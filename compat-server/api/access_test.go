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

// callers name the tokens with which TestAccess makes each call.
var callers = []string{
	"signed out", "owner", "stranger", "expired", "revoked", "forged", "other algorithm", "no algorithm", "other purpose",
}

// TestAccess makes every call with every kind of token, on the owner's data. A missing token gets
// AT001, an expired or revoked session AT003, which makes old apps refresh it, and any other
// invalid token AT002. A stranger does not find the owner's data under /me, and sees only the
// owner's public timetables.
func TestAccess(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	owner, stranger := fx.signUp(t, "owner"), fx.signUp(t, "stranger")
	open := fx.makeTimetable(t, owner, oldKorea, "공개")
	lecture := fx.addLecture(t, owner, open.ID, dataLecture())
	fx.set(t, "users/"+owner.id+"/timetables/private-01", map[string]any{
		"title": "비공개", "visibility": "private", "semester": fx.fs.Doc(koreaFall), "createdAt": time.Now(), "updatedAt": time.Now(),
	})
	lectures := "/me/timetables/" + open.ID + "/lectures"
	tokens := fx.tokens(t, owner, stranger)

	const ok, made, gone = "200", "201", "204"
	const noToken, bad, expired, notFound = "401 AT001", "401 AT002", "401 AT003", "404 TT001"
	// In the order of callers. Calls for public data do not check whether a session was revoked.
	public := []string{ok, ok, ok, expired, ok, bad, bad, bad, bad}
	for _, c := range []struct {
		method, path string
		body         any
		want         []string
	}{
		{"GET", "/schools", nil, public},
		{"GET", "/semesters/" + oldKorea + "/lectures-url", nil, public},
		{"GET", "/username/owner", nil, public},
		{"GET", "/users/" + owner.id + "/timetables", nil, []string{ok, ok, ok, expired, expired, bad, bad, bad, bad}},
		{"GET", "/me", nil, []string{noToken, ok, ok, expired, expired, bad, bad, bad, bad}},
		{"POST", "/me/timetables", map[string]string{"semester_id": oldKorea, "title": "x"},
			[]string{noToken, made, made, expired, expired, bad, bad, bad, bad}},
		{"POST", lectures, dataLecture(), []string{noToken, made, notFound, expired, expired, bad, bad, bad, bad}},
		{"PUT", lectures + "/" + lecture.ID, dataLecture(), []string{noToken, ok, notFound, expired, expired, bad, bad, bad, bad}},
		{"DELETE", lectures + "/" + lecture.ID, nil, []string{noToken, gone, notFound, expired, expired, bad, bad, bad, bad}},
		// These ignore the Authorization header.
		{"POST", "/users", map[string]string{"username": "x"}, same("400 RQ001")},
		{"POST", "/auth/token", map[string]string{"username": "owner", "password": secret}, same(ok)},
		{"POST", "/auth/refresh-token", map[string]string{"refresh_token": stranger.refresh}, same(ok)},
	} {
		for i, who := range callers {
			r := call(t, c.method, fx.url+c.path, tokens[who], c.body)
			got := fmt.Sprint(r.status)
			if r.status >= 400 {
				got += " " + r.code(t)
			}
			if got != c.want[i] {
				t.Errorf("%s %s by %s: %s, want %s", c.method, c.path, who, got, c.want[i])
			}
		}
	}
	for who, want := range map[string]int{"signed out": 2, "stranger": 2, "owner": 3} { // includes those created above
		var list []timetableResponse
		call(t, "GET", fx.url+"/users/"+owner.id+"/timetables", tokens[who], nil).into(t, &list)
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

// tokens returns a token for each of the callers. It advances the clock so that the expired one
// expires.
func (fx *fixture) tokens(t *testing.T, owner, stranger user) map[string]string {
	t.Helper()
	session, err := fx.signer(t, currentKey, "").Check(owner.access, token.Access)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(alg jose.SignatureAlgorithm, key any) string {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := jwt.Signed(signer).Claims(map[string]any{
			"sub": owner.id, "aud": fx.Project + "/apis/v2/access", "use": "access", "since": session.Since,
			"exp": fx.Clock.Now().Add(24 * time.Hour).Unix(),
		}).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	key, other := decodeKey(t, currentKey), decodeKey(t, oldKey)
	genuine := sign(jose.HS256, key) // shows that each invalid token is invalid for one reason only
	if r := call(t, "GET", fx.url+"/me", genuine, nil); r.status != 200 {
		t.Fatalf("a genuine token: %d %s", r.status, r.body)
	}
	expired := owner.access
	fx.Clock.Advance(11 * time.Minute)
	return map[string]string{
		"signed out": "null", "expired": expired,
		"owner": fx.refreshed(t, owner), "stranger": fx.refreshed(t, stranger),
		"revoked":         fx.access(t, token.Session{UID: owner.id, Since: session.Since - 1000}),
		"forged":          sign(jose.HS256, other),
		"other algorithm": sign(jose.HS384, append(key, other...)),
		"no algorithm":    "eyJhbGciOiJub25lIn0." + strings.Split(genuine, ".")[1] + ".",
		"other purpose":   owner.refresh,
	}
}

func decodeKey(t testing.TB, key string) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// access returns an access token of a session.
func (fx *fixture) access(t testing.TB, s token.Session) string {
	t.Helper()
	text, err := fx.signer(t, currentKey, "").Sign(s, token.Access)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// refreshed returns a new access token of a user.
func (fx *fixture) refreshed(t testing.TB, u user) string {
	t.Helper()
	var fresh struct {
		Access string `json:"access_token"`
	}
	r := call(t, "POST", fx.url+"/auth/refresh-token", "", map[string]string{"refresh_token": u.refresh})
	if r.into(t, &fresh); r.status != 200 {
		t.Fatalf("refresh: %d %s", r.status, r.body)
	}
	return fresh.Access
}
