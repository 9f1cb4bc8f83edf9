package email

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxOldName is the longest username of an old account that can sign in, in bytes.
const maxOldName = 4096

// ForSignIn returns the normalized address of the account that somebody signs in to with a text: an address, or the
// username of an old account, to which clients append [OldDomain]. The old system accepted usernames that no
// address can contain, such as those with spaces. Their accounts have an address made from a digest of the
// username, which nobody needs to know, so they sign in with the old username. For a text that [Normalize] accepts
// it returns the same. New accounts cannot have other texts.
func ForSignIn(text string) (string, error) {
	address, err := Normalize(text)
	if err == nil {
		return address, nil
	}
	name := strings.TrimSpace(text)
	name = strings.TrimSpace(strings.TrimSuffix(name, "@"+OldDomain))
	if name == "" || len(name) > maxOldName || !utf8.ValidString(name) {
		return "", ErrMalformed
	}
	digest := sha256.Sum256([]byte(norm.NFC.String(strings.ToLower(norm.NFC.String(name)))))
	return "old-" + hex.EncodeToString(digest[:16]) + "@" + OldDomain, nil
}
