package objects

import (
	"net"
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxCustomBytes is the size that all keys and values of an object's own metadata may have together.
// Source: https://cloud.google.com/storage/quotas#objects (8 KiB).
const maxCustomBytes = 8 << 10

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$`)

// CheckBucketName says whether a bucket may have this name: 3 to 63 characters (222 with dots, 63 between dots) of
// lower case letters, digits, "-", "_" and "."; not an IP address; nothing of Google's.
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

// CheckObjectName says whether an object may have this name: 1 to 1024 bytes of UTF-8 without carriage return or line
// feed, not "." or "..", not below ".well-known/acme-challenge/".
// Source: https://cloud.google.com/storage/docs/objects#naming.
func CheckObjectName(name string) error {
	switch {
	case name == "":
		return errorf(Invalid, "Required: object name must not be empty.")
	case len(name) > 1024:
		return errorf(Invalid, "The object name is %d bytes long; at most 1024 are allowed.", len(name))
	case !utf8.ValidString(name):
		return errorf(Invalid, "Invalid object name %q: it is not UTF-8.", name)
	case strings.ContainsAny(name, "\r\n"):
		return errorf(Invalid, "Invalid object name %q: it has a carriage return or line feed.", name)
	case name == ".", name == "..", strings.HasPrefix(name, ".well-known/acme-challenge/"):
		return errorf(Invalid, "Invalid object name %q: it is reserved.", name)
	}
	return nil
}

func (m Metadata) check() error {
	size := 0
	for k, v := range m.Custom {
		if k == "" {
			return errorf(Invalid, "Invalid metadata: a key is empty.")
		}
		size += len(k) + len(v)
	}
	if size > maxCustomBytes {
		return errorf(Invalid, "The object's own metadata has %d bytes; at most %d are allowed.", size, maxCustomBytes)
	}
	return nil
}
