package demo

import (
	"fmt"
	"slices"
	"strings"
)

// Failure is a way in which a school's server fails to respond to a query for a list.
type Failure string

const (
	Healthy     Failure = "healthy"      // no failure
	Silent      Failure = "silent"       // closes the connection without a response
	Hanging     Failure = "hanging"      // does not respond until the client disconnects
	Garbage     Failure = "garbage"      // status 200 and the content type of JSON, but random bytes
	Broken      Failure = "broken"       // half the list, then closes the connection
	Truncated   Failure = "truncated"    // half the list, ended as if it were complete
	ServerError Failure = "server-error" // status 500
	ErrorPage   Failure = "error-page"   // status 200 and an HTML page
	Slow        Failure = "slow"         // the list at one byte a second
	Huge        Failure = "huge"         // ten times the lectures, with unique identifiers
	Empty       Failure = "empty"        // a list without lectures
	HalfLost    Failure = "half-lost"    // a list without every second lecture
)

// Failures returns all failures, [Healthy] first.
func Failures() []Failure {
	return []Failure{Healthy, Silent, Hanging, Garbage, Broken, Truncated, ServerError, ErrorPage, Slow, Huge, Empty, HalfLost}
}

// ParseFailure returns the failure with a name.
func ParseFailure(name string) (Failure, error) {
	if f := Failure(name); slices.Contains(Failures(), f) {
		return f, nil
	}
	var names []string
	for _, f := range Failures() {
		names = append(names, string(f))
	}
	return "", fmt.Errorf("failure %q is not one of %s", name, strings.Join(names, ", "))
}

// Fail makes all queries for lists from now on fail in the given way, until the next call. The page with
// the cookie is not affected; to simulate a school that is down, close the server. A server with
// running [Hanging] or [Slow] queries does not shut down gracefully; close it.
//
// A failure that is not one of [Failures] counts as [Healthy].
func (u *University) Fail(f Failure) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.failure = f
}

func (u *University) currentFailure() Failure {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.failure
}
