package objects

import (
	"net"
	"regexp"
	"strings"
	"unicode/utf8"
)

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$`)

// CheckBucketName returns an Invalid [Error] unless name is a valid bucket name: 3 to 63 characters
// (222 with dots, 63 between dots) of lower-case letters, digits, "-", "_" and "."; not an IP
// address; not starting with "goog" or containing "google".
// Source: https://cloud.google.com/storage/docs/buckets#naming.
func CheckBucketName(name string) error {
	bad := !bucketName.MatchString(name) || strings.Contains(name, "..") || net.ParseIP(name) != nil ||
		strings.HasPrefix(name, "goog") || strings.Contains(name, "google")
	for label := range strings.SplitSeq(name, ".") {
		bad = bad || len(label) > 63
	}
	if bad {
		return errorf(Invalid, "Invalid bucket name: '%s'", name)
	}
	return nil
}

// CheckObjectName returns an Invalid [Error] unless name is a valid object name: 1 to 1024 bytes of
// UTF-8 without carriage return or line feed, not "." or "..", not below
// ".well-known/acme-challenge/".
// Source: https://cloud.google.com/storage/docs/objects#naming.
func CheckObjectName(name string) error {
	switch {
	case name == "":
		return errorf(Invalid, "Required: object name must not be empty.")
	case len(name) > 1024:
		return errorf(Invalid, "The object name is %d bytes long; at most 1024 are allowed.", len(name))
	case !utf8.ValidString(name):
		return errorf(Invalid, "Invalid object name %q: it is not valid UTF-8.", name)
	case strings.ContainsAny(name, "\r\n"):
		return errorf(Invalid, "Invalid object name %q: it contains a carriage return or line feed.", name)
	case name == ".", name == "..", strings.HasPrefix(name, ".well-known/acme-challenge/"):
		return errorf(Invalid, "Invalid object name %q: it is reserved.", name)
	}
	return nil
}
