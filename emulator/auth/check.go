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

// checkEmail takes what has one "@". The real API is a little stricter, and says the same.
func checkEmail(email string) error {
	if len(email) > maxEmail || !emailForm.MatchString(email) {
		return refused("INVALID_EMAIL")
	}
	return nil
}

func checkPhone(number string) error {
	if !phoneForm.MatchString(number) {
		return refused("INVALID_PHONE_NUMBER : Invalid format.")
	}
	return nil
}

func checkLocalID(id string) error {
	if utf8.RuneCountInString(id) > maxLocalID {
		return refused("INVALID_LOCAL_ID : A uid has at most 128 characters.")
	}
	return nil
}

// newHash checks a password and hashes it.
func newHash(plain string) (*password.Hash, error) {
	switch length := utf8.RuneCountInString(plain); {
	case length < minPassword:
		return nil, refused("WEAK_PASSWORD : Password should be at least 6 characters")
	case length > maxPassword:
		return nil, refused("PASSWORD_DOES_NOT_MEET_REQUIREMENTS : Missing password requirements: [Password may contain at most 4096 characters]")
	}
	return password.New(plain)
}

// isAbsolute says whether an address has a scheme and a host.
func isAbsolute(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme != "" && (u.Host != "" || strings.HasPrefix(address, u.Scheme+":") && u.Opaque != "")
}
