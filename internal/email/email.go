// Package email normalizes the e-mail addresses that identify accounts. Old accounts have a user name
// instead of an address; clients turn it into an address by appending [OldDomain].
package email

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// OldDomain is the domain of old accounts' addresses, after their user name. It has no mailboxes.
const OldDomain = "user.heektime.heek.kr"

// MaxBytes is the maximum length of an address in UTF-8, which follows from RFC 5321.
const MaxBytes = 254

// ErrMalformed means that a text is not an address.
var ErrMalformed = errors.New("malformed e-mail address")

// Normalize returns the form in which addresses are stored and compared: without surrounding spaces, in
// lower case, and in Unicode's NFC, since keyboards differ in whether they compose characters. A user
// name without a domain is malformed. Normalizing a normalized address does not change it.
func Normalize(text string) (string, error) {
	if len(text) > 4*MaxBytes || !utf8.ValidString(text) {
		return "", ErrMalformed
	}
	text = norm.NFC.String(strings.ToLower(norm.NFC.String(strings.TrimSpace(text))))
	name, domain, found := strings.Cut(text, "@")
	switch {
	case !found, name == "", len(text) > MaxBytes, strings.Contains(domain, "@"):
		return "", ErrMalformed
	case strings.IndexFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) }) >= 0:
		return "", ErrMalformed
	case strings.ContainsAny(text, `"(),:;<>[\]`):
		return "", ErrMalformed // quoted names and routes, which mail services no longer issue
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return "", ErrMalformed
		}
	}
	if !strings.Contains(domain, ".") ||
		strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".") || strings.Contains(name, "..") {
		return "", ErrMalformed
	}
	return text, nil
}
