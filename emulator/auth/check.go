package auth

import (
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"heek.kr/heektime/emulator/internal/password"
)

const (
	minPassword = 6
	maxPassword = 4096
	maxEmail    = 256
	maxLocalID  = 128
)

var (
	emailForm = regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)
	phoneForm = regexp.MustCompile(`^\+[0-9A-Za-z() .\-]{1,40}$`)
)

// checkEmail accepts any string with one "@". Production is slightly stricter, with the same error.
func checkEmail(email string) error {
	if len(email) > maxEmail || !emailForm.MatchString(email) {
		return toolkitError("INVALID_EMAIL")
	}
	return nil
}

func checkPhone(number string) error {
	if !phoneForm.MatchString(number) {
		return toolkitError("INVALID_PHONE_NUMBER : Invalid format.")
	}
	return nil
}

func checkLocalID(id string) error {
	if utf8.RuneCountInString(id) > maxLocalID {
		return toolkitError("INVALID_LOCAL_ID : A uid must not be longer than 128 characters.")
	}
	return nil
}

// newHash validates and hashes a password.
func newHash(plain string) (*password.Hash, error) {
	switch length := utf8.RuneCountInString(plain); {
	case length < minPassword:
		return nil, toolkitError("WEAK_PASSWORD : Password should be at least 6 characters")
	case length > maxPassword:
		return nil, toolkitError("PASSWORD_DOES_NOT_MEET_REQUIREMENTS : Missing password requirements: [Password may contain at most 4096 characters]")
	}
	return password.New(plain)
}

// isAbsolute reports whether a URL has a scheme and either a host or an opaque part.
func isAbsolute(rawURL string) bool {
	u, err := url.Parse(rawURL)
	return err == nil && u.Scheme != "" && (u.Host != "" || strings.HasPrefix(rawURL, u.Scheme+":") && u.Opaque != "")
}
