package passthrough

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"heek.kr/heektime/internal/migration/state"
)

// subject is whose data a call is about.
type subject int

const (
	anybody subject = iota // the data is nobody's, or the path does not say whose
	pathUser
	callingUser
)

// fallback is what happens to a call after accounts moved back and the old server cannot serve it.
type fallback int

const (
	noFallback  fallback = iota
	signInHere           // a password that was set on the new side, which the old server does not have
	findHere             // a user born on the new side
	refreshHere          // a refresh token of this server
)

// route is a pattern of paths with the kind of data that they are about. "*" matches one segment and a
// final "**" any number of them, even none.
type route struct {
	pattern string
	kind    state.Kind
	subject subject
	// ignoresToken means that the call does not depend on a token.
	ignoresToken bool
	fallback     fallback
}

// ownLists is the kind of the course lists that this server serves. The old server has no such paths.
const ownLists state.Kind = "lists"

// routes are those of the API, relative to its base path. Every other path belongs to the old server
// until all kinds have moved.
var routes = []route{
	{pattern: "/users", kind: state.Accounts, ignoresToken: true},
	{pattern: "/auth/token", kind: state.Accounts, ignoresToken: true, fallback: signInHere},
	{pattern: "/auth/refresh-token", kind: state.Accounts, ignoresToken: true, fallback: refreshHere},
	{pattern: "/auth/**", kind: state.Accounts, ignoresToken: true},
	{pattern: "/me", kind: state.Accounts, subject: callingUser},
	{pattern: "/username/**", kind: state.Accounts, fallback: findHere},
	{pattern: "/schools", kind: state.Schools},
	{pattern: "/semesters/**", kind: state.Schools},
	{pattern: "/users/*/timetables/**", kind: state.Timetables, subject: pathUser},
	{pattern: "/me/timetables/**", kind: state.Timetables, subject: callingUser},
	{pattern: "/lists/**", kind: ownLists, ignoresToken: true},
}

// match returns the route of a path below base, nil if there is none, and the path's user.
func match(base, text string) (*route, string) {
	rest, ok := strings.CutPrefix(text, base)
	if !ok || rest == "" || rest[0] != '/' {
		return nil, ""
	}
	segments := strings.Split(rest[1:], "/")
	for i := range routes {
		if routes[i].matches(segments) {
			user := ""
			if routes[i].subject == pathUser {
				user = segments[1]
			}
			return &routes[i], user
		}
	}
	return nil, ""
}

func (r *route) matches(segments []string) bool {
	pattern := strings.Split(r.pattern[1:], "/")
	open := pattern[len(pattern)-1] == "**"
	if open {
		pattern = pattern[:len(pattern)-1]
	}
	if len(segments) < len(pattern) || !open && len(segments) > len(pattern) {
		return false
	}
	for i, want := range pattern {
		if want != segments[i] && (want != "*" || segments[i] == "") {
			return false
		}
	}
	return true
}

// matched is a route and the user in the path.
type matched struct {
	*route
	user string
}

// interpret returns the routes that servers could take a path for. This server reads a path as it was
// sent; others decode it first, even its slashes, or resolve its dots. A call goes to the old server only
// if no reading of it is about data that has moved.
func interpret(base, raw string) []matched {
	type reading struct {
		text    string
		escaped bool
	}
	readings := []reading{{raw, true}, {path.Clean(raw), true}}
	if decoded, err := url.PathUnescape(raw); err == nil {
		readings = append(readings, reading{decoded, false}, reading{path.Clean(decoded), false})
	}
	var found []matched
	for _, reading := range readings {
		r, user := match(base, reading.text)
		if decoded, err := url.PathUnescape(user); reading.escaped && err == nil {
			user = decoded
		}
		if r != nil && !slices.Contains(found, matched{r, user}) {
			found = append(found, matched{r, user})
		}
	}
	return found
}

// reads reports whether a method changes nothing.
//
// Source: https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1
func reads(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// idempotent reports whether a method has the same effect when it is repeated.
//
// Source: https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2
func idempotent(method string) bool {
	return reads(method) || method == http.MethodPut || method == http.MethodDelete
}
