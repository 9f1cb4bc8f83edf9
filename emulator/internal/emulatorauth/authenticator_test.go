package emulatorauth

import (
	"strings"
	"testing"

	"heek.kr/heektime/emulator/auth/token"
)

func TestAuthenticate(t *testing.T) {
	ann, err := token.Encode(map[string]any{"sub": "ann", "iat": 0, "exp": 3600}) // expired in 1970, like the tokens of test libraries
	if err != nil {
		t.Fatal(err)
	}
	nobody, _ := token.Encode(map[string]any{"name": "ann"})
	signed := "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"
	both := &Authenticator{Schemes: []string{"Firebase", "Bearer"}}
	lenient := &Authenticator{SignedTokens: true}
	for _, c := range []struct {
		auth   *Authenticator
		header string
		uid    string
		owner  bool
		err    string
	}{
		{new(Authenticator), "", "", false, ""},
		{new(Authenticator), "Bearer owner", "", true, ""},
		{new(Authenticator), "Firebase owner", "", false, "must be Bearer"},
		{both, "Firebase owner", "", true, ""},
		{both, "bearer owner", "", true, ""},
		{both, "Basic owner", "", false, "Firebase or Bearer"},
		{both, "Firebase " + ann, "ann", false, ""},
		{both, "Bearer " + ann, "ann", false, ""},
		{new(Authenticator), "Bearer " + ann, "ann", false, ""},
		{new(Authenticator), "Bearer " + nobody, "", false, "neither a sub nor a user_id"},
		{new(Authenticator), "Bearer " + signed, "", false, "only unsigned tokens"},
		{lenient, "Bearer " + signed, "ann", false, ""},
		{lenient, "Bearer " + ann, "ann", false, ""},
		{lenient, "Bearer x", "", false, "3 parts"},
		{new(Authenticator), "Bearer x", "", false, "3 parts"},
		{new(Authenticator), "Bearer OWNER", "", true, ""},
		{new(Authenticator), "Bearer ya29.a0AfH6SM-long-enough-to-be-cached", "", true, ""},
		{new(Authenticator), "Bearer Ya29.", "", true, ""},
		{new(Authenticator), "Bearer ya29", "", false, "3 parts"},
		{both, "Firebase ya29.x", "", true, ""},
		{new(Authenticator), "Bearer " + strings.Repeat("x", 1<<20), "", false, "3 parts"},
	} {
		for range 2 { // the second time, the result may be cached
			who := c.auth.Authenticate(c.header)
			if who.UID() != c.uid || who.Owner != c.owner || (who.Err == nil) != (c.err == "") || who.Err != nil && !strings.Contains(who.Err.Error(), c.err) {
				t.Errorf("%.40s: %q, owner %v, %v; want %q, owner %v, %q", c.header, who.UID(), who.Owner, who.Err, c.uid, c.owner, c.err)
			}
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	var a Authenticator
	for i := range 3 * maxCached {
		a.Authenticate("Bearer " + strings.Repeat("x", 20+i))
	}
	if len(a.cache) > maxCached {
		t.Errorf("%d headers are cached, want at most %d", len(a.cache), maxCached)
	}
}
