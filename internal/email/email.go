// Package email knows the e-mail addresses that accounts are told apart by. Old accounts had a user name and no address;
// theirs is the user name at a domain of ours, which clients append.
package email

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// OldDomain stands behind the user names of old accounts. No mail is delivered to it.
const OldDomain = "user.heektime.heek.kr"

// MaxBytes is the longest address, in UTF-8; RFC 5321 leaves room for no longer one.
const MaxBytes = 254

// ErrMalformed is a text that is no address.
var ErrMalformed = errors.New("malformed e-mail address")

// Normal is the form in which addresses are compared and kept: without spaces around it, lower case, in Unicode's form NFC,
// as one keyboard composes what another one leaves in parts. A bare user name is malformed. Normal of a normal address is
// itself.
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
		return "", ErrMalformed // quoted names and routes, which no mail service of today gives out
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return "", ErrMalformed
		}
	}
	if !strings.Contains(domain, ".") || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".") || strings.Contains(name, "..") {
		return "", ErrMalformed
	}
	return text, nil
}
