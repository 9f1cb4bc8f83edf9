package hosting

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// redirect sends clients to another address. Its destination may refer to segments of the path: /blog/:post*
// redirects to /posts/:post.
// Source: https://firebase.google.com/docs/hosting/full-config#redirects.
type redirect struct {
	pattern     *pattern
	captures    []*regexp.Regexp // replace pattern if the source names segments or the destination refers to groups
	destination string
	status      int
}

// reference matches a destination's reference to a captured segment, "/:name", "/:name*", "?id=:name" or
// "/:1", with the character before it. That character tells it from the port of a URL.
var reference = regexp.MustCompile(`([/=&?#.,_-]):([A-Za-z0-9_]+)([*+?]?)`)

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
	if reference.MatchString(destination) || s.namesSegments() {
		var err error
		r.captures, err = s.captures()
		return r, err
	}
	var err error
	r.pattern, err = s.compile()
	return r, err
}

// named matches a named part of a source and its quantifier: ":name", ":name?", ":name*" or ":name+".
var named = regexp.MustCompile(`:([A-Za-z_][A-Za-z0-9_]*)([*+?]?)`)

// namesSegments reports whether a glob has named parts, such as /blog/:post. They match any segment, also
// if the destination does not refer to them.
func (s source) namesSegments() bool {
	glob := s.Source + s.Glob
	return s.Regex == "" && !strings.HasPrefix(glob, "!") && named.MatchString(glob)
}

// captures compiles a source to regular expressions with a group for each named part. A path is
// redirected if one of them matches.
func (s source) captures() ([]*regexp.Regexp, error) {
	p, err := s.compile()
	if err != nil {
		return nil, err
	}
	if s.Regex != "" {
		return []*regexp.Regexp{p.expr}, nil
	}
	var list []*regexp.Regexp
	for _, glob := range expandBraces(s.Source + s.Glob) {
		var expr strings.Builder
		expr.WriteString("^")
		for segment := range strings.SplitSeq(strings.TrimPrefix(glob, "/"), "/") {
			expr.WriteString(captureSegment(segment))
		}
		expr.WriteString("/?$")
		compiled, err := regexp.Compile(expr.String())
		if err != nil {
			return nil, fmt.Errorf("source %q: %w", s.Source+s.Glob, err)
		}
		list = append(list, compiled)
	}
	return list, nil
}

// captureSegment returns the regular expression of one segment of a source and the slash before it.
func captureSegment(segment string) string {
	if segment == "**" {
		return "(?:/.*)?"
	}
	if m := named.FindStringSubmatch(segment); m != nil && m[0] == segment { // the quantifier includes slashes
		switch m[2] {
		case "*":
			return "(?:/(?P<" + m[1] + ">.*))?"
		case "+":
			return "/(?P<" + m[1] + ">.+)"
		case "?":
			return "(?:/(?P<" + m[1] + ">[^/]+))?"
		}
	}
	literal := func(text string) string { return strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, "[^/]*") }
	var expr strings.Builder
	expr.WriteString("/")
	end := 0
	for _, at := range named.FindAllStringSubmatchIndex(segment, -1) {
		least := "+?"
		if quantifier := segment[at[4]:at[5]]; quantifier == "*" || quantifier == "?" {
			least = "*?"
		}
		expr.WriteString(literal(segment[end:at[0]]) + "(?P<" + segment[at[2]:at[3]] + ">[^/]" + least + ")")
		end = at[1]
	}
	return expr.String() + literal(segment[end:])
}

// target returns where to redirect a request. ok is false if the redirect does not apply to its path.
func (r redirect) target(path, query string) (target string, ok bool) {
	target = r.destination
	if r.captures == nil {
		if !r.pattern.matches(path) {
			return "", false
		}
	} else {
		i := slices.IndexFunc(r.captures, func(c *regexp.Regexp) bool { return c.MatchString(path) })
		if i < 0 {
			return "", false
		}
		target = substitute(target, r.captures[i], path)
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

// substitute replaces the references in a destination by what expr captures of path.
func substitute(destination string, expr *regexp.Regexp, path string) string {
	captured := expr.FindStringSubmatch(path)
	var out strings.Builder
	end := 0
	for _, at := range reference.FindAllStringSubmatchIndex(destination, -1) {
		before, name := destination[at[2]:at[3]], destination[at[4]:at[5]]
		i := expr.SubexpIndex(name)
		if n, err := strconv.Atoi(name); i < 0 && err == nil && n < len(captured) {
			i = n
		}
		if i < 0 {
			continue // copied with what follows
		}
		out.WriteString(destination[end:at[0]])
		end = at[1]
		if rest := destination[end:]; destination[at[6]:at[7]] == "?" && rest != "" && rest[0] != '/' && rest[0] != '#' {
			end-- // it starts the query
		}
		switch {
		case before != "/":
			out.WriteString(before + url.QueryEscape(captured[i]))
		case captured[i] != "":
			out.WriteString("/" + escape(captured[i]))
		}
	}
	return out.String() + destination[end:]
}

// escape percent-encodes a captured part of a path for use in a URL.
func escape(part string) string { return (&url.URL{Path: strings.TrimLeft(part, "/")}).EscapedPath() }
