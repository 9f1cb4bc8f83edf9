package hosting

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// redirect sends clients to another address. Its destination may refer to segments of the path: /blog/:post*
// redirects to /posts/:post.
// Source: https://firebase.google.com/docs/hosting/full-config#redirects.
type redirect struct {
	pattern     *pattern
	captures    *regexp.Regexp // replaces pattern if the destination refers to segments
	destination string
	status      int
}

// reference matches a destination's reference to a captured segment: "/:name", "/:name*" or "/:1".
var reference = regexp.MustCompile(`/:([A-Za-z0-9_]+)[*+?]?`)

func newRedirect(s source, destination string, status int) (redirect, error) {
	if strings.HasPrefix(destination, ":") {
		destination = "/" + destination
	}
	r := redirect{destination: destination, status: status}
	if r.status == 0 {
		r.status = http.StatusMovedPermanently
	}
	if r.status < 300 || r.status > 399 {
		return r, fmt.Errorf("type: %d is not a redirect status", status)
	}
	if destination == "" {
		return r, errors.New("destination is missing")
	}
	if reference.MatchString(destination) {
		var err error
		r.captures, err = s.captures()
		return r, err
	}
	var err error
	r.pattern, err = s.compile()
	return r, err
}

// namedSegment matches a named segment of a source and its quantifier: ":name", ":name?", ":name*" or
// ":name+".
var namedSegment = regexp.MustCompile(`^:([A-Za-z0-9_]+)([*+?]?)$`)

// captures compiles a source to a regular expression with a group for each named segment.
func (s source) captures() (*regexp.Regexp, error) {
	if s.Regex != "" {
		p, err := s.compile()
		if err != nil {
			return nil, err
		}
		return p.expr, nil
	}
	if _, err := s.compile(); err != nil {
		return nil, err
	}
	glob := strings.TrimPrefix(s.Source+s.Glob, "/")
	var expr strings.Builder
	expr.WriteString("^")
	for segment := range strings.SplitSeq(glob, "/") {
		named := namedSegment.FindStringSubmatch(segment)
		switch {
		case segment == "**":
			expr.WriteString("(?:/.*)?")
		case named == nil:
			expr.WriteString("/" + strings.ReplaceAll(regexp.QuoteMeta(segment), `\*`, "[^/]*"))
		case named[2] == "*":
			fmt.Fprintf(&expr, "(?:/(?P<%s>.*))?", named[1])
		case named[2] == "+":
			fmt.Fprintf(&expr, "/(?P<%s>.+)", named[1])
		case named[2] == "?":
			fmt.Fprintf(&expr, "(?:/(?P<%s>[^/]+))?", named[1])
		default:
			fmt.Fprintf(&expr, "/(?P<%s>[^/]+)", named[1])
		}
	}
	expr.WriteString("/?$")
	compiled, err := regexp.Compile(expr.String())
	if err != nil {
		return nil, fmt.Errorf("source %q: %w", s.Source+s.Glob, err)
	}
	return compiled, nil
}

// target returns where to redirect a request. ok is false if the redirect does not apply to its path.
func (r redirect) target(path, query string) (target string, ok bool) {
	target = r.destination
	if r.captures == nil {
		if !r.pattern.matches(path) {
			return "", false
		}
	} else {
		m := r.captures.FindStringSubmatch(path)
		if m == nil {
			return "", false
		}
		target = reference.ReplaceAllStringFunc(target, func(ref string) string {
			name := strings.Trim(ref, "/:*+?")
			i := r.captures.SubexpIndex(name)
			if n, err := strconv.Atoi(name); i < 0 && err == nil && n < len(m) {
				i = n
			}
			if i < 0 {
				return ref
			}
			if m[i] == "" {
				return ""
			}
			return "/" + escape(m[i])
		})
	}
	if target == "" || strings.HasPrefix(target, "//") { // an empty capture can leave "//", which would name another host
		target = "/" + strings.TrimLeft(target, "/")
	}
	if query != "" {
		before, fragment, hasFragment := strings.Cut(target, "#")
		separator := "?"
		if strings.Contains(before, "?") {
			separator = "&"
		}
		if target = before + separator + query; hasFragment {
			target += "#" + fragment
		}
	}
	return target, true
}

// escape percent-encodes a captured part of a path for use in a URL.
func escape(part string) string { return (&url.URL{Path: strings.TrimLeft(part, "/")}).EscapedPath() }
