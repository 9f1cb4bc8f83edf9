package run

import (
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"regexp"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The syntax of names. A service's ID begins with a letter, does not end with a hyphen, and has fewer than
// 50 characters; a revision's has at most 63.
//
// Sources: https://cloud.google.com/run/docs/reference/rpc/google.cloud.run.v2#createservicerequest and
// #revisiontemplate
var (
	locationName = regexp.MustCompile(`^projects/[a-z0-9:.-]+/locations/[a-z0-9-]+$`)
	serviceName  = regexp.MustCompile(`^projects/[a-z0-9:.-]+/locations/[a-z0-9-]+/services/[a-z](?:[-a-z0-9]{0,47}[a-z0-9])?$`)
	revisionName = regexp.MustCompile(`^projects/[a-z0-9:.-]+/locations/[a-z0-9-]+/services/[^/]+/revisions/[^/]+$`)
	serviceID    = regexp.MustCompile(`^[a-z](?:[-a-z0-9]{0,47}[a-z0-9])?$`)
	revisionID   = regexp.MustCompile(`^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$`)
	tagName      = regexp.MustCompile(`^[a-z](?:[-a-z0-9]*[a-z0-9])?$`)
)

// maxSegment is the longest label of a domain name, which a tag and a service share.
const maxSegment = 63

// invalid returns an INVALID_ARGUMENT error.
func invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}

// violation returns an error about one field in the form that Cloud Run gives it.
func violation(field, format string, args ...any) error {
	return invalid("Violation in %s: %s: %s", strings.SplitN(field, ".", 2)[0], field, fmt.Sprintf(format, args...))
}

func notFound(name string) error {
	return status.Errorf(codes.NotFound, "Resource '%s' of kind 'SERVICE' in region '%s' in project '%s' does not exist.",
		lastPart(name), part(name, 3), part(name, 1))
}

func revisionMissing(id string) error {
	return status.Errorf(codes.NotFound, "Revision '%s' does not exist or is deleted.", id)
}

// part returns a part of a resource name: of projects/P/locations/L, 1 is P and 3 is L.
func part(name string, i int) string {
	parts := strings.Split(name, "/")
	if i >= len(parts) {
		return ""
	}
	return parts[i]
}

func lastPart(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// newRevisionID returns a name as Cloud Run generates it, such as courses-00007-xev.
func newRevisionID(service string, generation int64) string {
	return fmt.Sprintf("%s-%05d-%s", service, generation, randomLetters(3))
}

func randomLetters(n int) string {
	letters := make([]byte, n)
	for i := range letters {
		letters[i] = byte('a' + rand.IntN(26))
	}
	return string(letters)
}

// googleURI is the deterministic URL of a service, with a project number that is made of the project's ID.
//
// Source: https://cloud.google.com/run/docs/triggering/https-request#deterministic
func googleURI(service, tag string) string {
	if tag != "" {
		tag += "---"
	}
	number := 100_000_000_000 + int64(crc32.ChecksumIEEE([]byte(part(service, 1))))
	return fmt.Sprintf("https://%s%s-%d.%s.run.app", tag, lastPart(service), number, part(service, 3))
}

// address returns where a service is reached. The mutex is held.
func (s *Server) address(service, tag string) string {
	if s.uri == nil {
		return googleURI(service, tag)
	}
	return s.uri(service, tag)
}
