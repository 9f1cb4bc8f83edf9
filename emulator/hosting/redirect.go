package hosting

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// redirect sends a client to another address. Its destination may name segments of the path: /blog/:post* to /posts/:post.
// Source: https://firebase.google.com/docs/hosting/full-config#redirects.
type redirect struct {
	pattern     *pattern
	captures    *regexp.Regexp // nil when the destination names none
	destination string
	status      int
}

// captured finds what a destination names: ":name", ":name*" or ":1", at the beginning of a segment.
var captured = regexp.MustCompile(`/:([A-Za-z0-9_]+)[*+?]?`)

func newRedirect(s source, destination string, status int) (redirect, error) {
	if strings.HasPrefix(destination, ":") {
		destination = "/" + destination
	}
	r := redirect{destination: destination, status: status}
	if r.status == 0 {
		r.status = http.StatusMovedPermanently
	}
	if r.status < 300 || r.status > 399 {
		return r, fmt.Errorf("type: %d is no redirect", status)
	}
	if destination == "" {
		return r, fmt.Errorf("destination is missing")
	}
	if captured.MatchString(destination) {
		var err error
		r.captures, err = s.captures()
		return r, err
	}
	var err error
	r.pattern, err = s.compile()
	return r, err
}

// segmentName is a segment of a source that has a name, with a mark that says how often it may be there.
var segmentName = regexp.MustCompile(`^:([A-Za-z0-9_]+)([*+?]?)$`)

// captures makes a regular expression with groups out of a source.
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
		named := segmentName.FindStringSubmatch(segment)
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

// target is where a request is sent; ok is false when the redirect is not for it.
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
		target = captured.ReplaceAllStringFunc(target, func(at string) string {
			name := strings.Trim(at, "/:*+?")
			i := r.captures.SubexpIndex(name)
			if n, err := strconv.Atoi(name); i < 0 && err == nil && n < len(m) {
				i = n
			}
			if i < 0 {
				return at
			}
			if m[i] == "" {
				return ""
			}
			return "/" + escape(m[i])
		})
	}
	if target == "" || strings.HasPrefix(target, "//") { // of a path that began so; it would be another host
		target = "/" + strings.TrimLeft(target, "/")
	}
	if query != "" {
		before, fragment, marked := strings.Cut(target, "#")
		mark := "?"
		if strings.Contains(before, "?") {
			mark = "&"
		}
		if target = before + mark + query; marked {
			target += "#" + fragment
		}
	}
	return target, true
}

// escape makes a part of a path fit into an address.
func escape(part string) string { return (&url.URL{Path: strings.TrimLeft(part, "/")}).EscapedPath() }
