package auth

import (
	"testing"

	"github.com/google/uuid"
)

// A uid tells whether this service made the account: that decides whether an account with the address of
// an old one is an impostor, and on which side of the migration compat-server finds its data.
func TestOwnUIDs(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		uid := newUID()
		if seen[uid] {
			t.Errorf("uid %s was chosen twice", uid)
		}
		seen[uid] = true
		id, err := uuid.Parse(uid)
		if err != nil || id.Version() != 8 || id.Variant() != uuid.RFC4122 || !isOwnUID(uid) {
			t.Errorf("new uid %s is not one of our own", uid)
		}
	}
	for uid, want := range map[string]bool{
		"ABCDEFGHIJKLMNOPQRSTUVWXY2":                    true, // as earlier versions chose them
		"01234567-89ab-8def-8123-456789abcdef":          true,
		"01234567-89ab-4def-8123-456789abcdef":          false, // of the old system
		"01234567-89ab-8def-0123-456789abcdef":          false, // not the variant of RFC 9562
		"01234567-89AB-8DEF-8123-456789ABCDEF":          false, // another spelling is another uid
		"{01234567-89ab-8def-8123-456789abcdef}":        false,
		"urn:uuid:01234567-89ab-8def-8123-456789abcdef": false,
		"0123456789ab8def8123456789abcdef":              false,
		"aBcDeFgHiJkLmNoPqRsTuVwXyZ01":                  false, // Authentication's own
		"abcdefghijklmnopqrstuvwxy2":                    false,
		"":                                              false,
	} {
		if got := isOwnUID(uid); got != want {
			t.Errorf("isOwnUID(%q) = %v, want %v", uid, got, want)
		}
	}
}
