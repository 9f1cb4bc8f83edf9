package emulatorauth

import (
	"strings"
	"testing"

	"heek.kr/heektime/emulator/auth/token"
)

func TestOf(t *testing.T) {
	ann, err := token.Encode(map[string]any{"sub": "ann", "iat": 0, "exp": 3600}) // expired in 1970, as test libraries say
	if err != nil {
		t.Fatal(err)
	}
	nobody, _ := token.Encode(map[string]any{"name": "ann"})
	signed := "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"
	both := &Callers{Schemes: []string{"Firebase", "Bearer"}}
	for _, c := range []struct {
		callers *Callers
		header  string
		uid     string
		owner   bool
		err     string
	}{
		{new(Callers), "", "", false, ""},
		{new(Callers), "Bearer owner", "", true, ""},
		{new(Callers), "Firebase owner", "", false, "must be Bearer"},
		{both, "Firebase owner", "", true, ""},
		{both, "bearer owner", "", true, ""},
		{both, "Basic owner", "", false, "Firebase or Bearer"},
		{both, "Firebase " + ann, "ann", false, ""},
		{both, "Bearer " + ann, "ann", false, ""},
		{new(Callers), "Bearer " + ann, "ann", false, ""},
		{new(Callers), "Bearer " + nobody, "", false, "neither sub nor user_id"},
		{new(Callers), "Bearer " + signed, "", false, "without a signature"},
		{new(Callers), "Bearer x", "", false, "3 parts"},
		{new(Callers), "Bearer " + strings.Repeat("x", 1<<20), "", false, "3 parts"},
	} {
		for range 2 { // the second time it may be remembered
			who := c.callers.Of(c.header)
			if who.UID() != c.uid || who.Owner != c.owner || (who.Err == nil) != (c.err == "") || who.Err != nil && !strings.Contains(who.Err.Error(), c.err) {
				t.Errorf("%.40s: %q, owner %v, %v; want %q, owner %v, %q", c.header, who.UID(), who.Owner, who.Err, c.uid, c.owner, c.err)
			}
		}
	}
}

// Callers that nobody will see again are forgotten.
func TestMemoryIsBounded(t *testing.T) {
	var c Callers
	for i := range 3 * maxCallers {
		c.Of("Bearer " + strings.Repeat("x", 20+i))
	}
	if len(c.known) > maxCallers {
		t.Errorf("%d are remembered", len(c.known))
	}
}
