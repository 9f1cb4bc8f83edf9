package demo

import (
	"fmt"
	"slices"
	"strings"
)

// Failure is a way in which a school's server answers a query for a list wrongly.
type Failure string

const (
	Healthy     Failure = "healthy"      // no failure
	Silent      Failure = "silent"       // closes the connection without a byte
	Hanging     Failure = "hanging"      // never answers, until the client goes
	Garbage     Failure = "garbage"      // 200 and JSON's content type, but random bytes
	Broken      Failure = "broken"       // half the file, then the connection breaks
	Truncated   Failure = "truncated"    // half the file, ended as if it were whole
	ServerError Failure = "server-error" // 500
	ErrorPage   Failure = "error-page"   // 200 and a page for people that says sorry
	Slow        Failure = "slow"         // the right list, a byte a second
	Huge        Failure = "huge"         // ten times the lectures, each with an identifier of its own
	Empty       Failure = "empty"        // a list without a lecture
	HalfLost    Failure = "half-lost"    // every other lecture is missing
)

// Failures are all of them, [Healthy] first.
func Failures() []Failure {
	return []Failure{Healthy, Silent, Hanging, Garbage, Broken, Truncated, ServerError, ErrorPage, Slow, Huge, Empty, HalfLost}
}

// ParseFailure reads the name of a failure, as the constants spell it.
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

// Fail makes every query for a list that starts after it fail in this way, until the next call. The page with the cookie
// is always served: a school that is not there at all is had by closing the server. A server with [Hanging] or [Slow]
// queries under way does not shut down by itself; close it.
//
// A failure that is not one of [Failures] counts as [Healthy].
func (u *University) Fail(f Failure) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.failure = f
}

func (u *University) failing() Failure {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.failure
}
