package hosting

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
)

// Site describes what to serve: the "hosting" section of a firebase.json.
// Source: https://firebase.google.com/docs/hosting/full-config.
type Site struct {
	// Name is the target or ID that the file gives the site, or "".
	Name string
	// Public is the absolute path of the folder to serve.
	Public string
	// ignored matches files that are not deployed
	ignored   []*pattern
	redirects []redirect
	rewrites  []rewrite
	headers   []headers
	// cleanURLs serves about.html as /about
	cleanURLs bool
	// trailingSlash adds a trailing slash to the address of every page, or removes it; nil adds one to
	// folders only
	trailingSlash *bool
}

// source selects requests by their path, with a glob (Source and Glob are synonyms) or a Regex.
type source struct {
	Source, Glob, Regex string
}

// rewrite serves matching paths with a file or a service. Exactly one of file and service is set.
type rewrite struct {
	pattern *pattern
	file    string
	service string
}

// headers are the response headers for matching paths.
type headers struct {
	pattern *pattern
	values  []header
}

type header struct{ Key, Value string }

// siteFile is the JSON form of a Site.
type siteFile struct {
	Site, Target string

	Public    string
	Ignore    []string
	Redirects []struct {
		source
		Destination string
		Type        int
	}
	Rewrites []rewriteEntry
	Headers  []struct {
		source
		Headers []header
	}
	CleanURLs     bool
	TrailingSlash *bool
}

// rewriteEntry is the JSON form of a rewrite.
type rewriteEntry struct {
	source
	Destination  string
	Run          *struct{ ServiceID, Region string }
	Function     json.RawMessage
	DynamicLinks bool
}

// ParseSites parses the "hosting" section of a firebase.json in the folder dir: a site, or a list of them. It
// leaves out those that are a web framework's, with "source" and without "public".
func ParseSites(data []byte, dir string) ([]*Site, error) {
	var several []json.RawMessage
	if json.Unmarshal(data, &several) != nil {
		site, err := parseSite("hosting", data, dir)
		if err != nil {
			return nil, err
		}
		return slices.DeleteFunc([]*Site{site}, isNil), nil
	}
	if len(several) == 0 {
		return nil, errors.New("hosting: there is no site in the list")
	}
	var sites []*Site
	for i, one := range several {
		site, err := parseSite(fmt.Sprintf("hosting[%d]", i), one, dir)
		if err != nil {
			return nil, err
		}
		sites = append(sites, site)
	}
	return slices.DeleteFunc(sites, isNil), nil
}

func isNil(s *Site) bool { return s == nil }

// parseSite parses one site, which has a key in the file. It returns nil for a web framework's, and for one without
// a folder: package firebasejson says so.
func parseSite(key string, data []byte, dir string) (*Site, error) {
	var f siteFile
	err := json.Unmarshal(data, &f)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field == "" {
		return nil, fmt.Errorf("%s: must be an object with the folder \"public\", not a JSON %s", key, wrong.Value)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	if f.Public == "" {
		return nil, nil
	}
	public, err := filepath.Abs(filepath.Join(dir, f.Public))
	if err != nil {
		return nil, fmt.Errorf("%s.public: %w", key, err)
	}
	s := &Site{Name: cmp.Or(f.Target, f.Site), Public: public, cleanURLs: f.CleanURLs, trailingSlash: f.TrailingSlash}
	for i, glob := range f.Ignore {
		p, err := compileIgnore(glob)
		if err != nil {
			return nil, fmt.Errorf("%s.ignore[%d]: %w", key, i, err)
		}
		s.ignored = append(s.ignored, p)
	}
	for i, r := range f.Redirects {
		redirect, err := newRedirect(r.source, r.Destination, r.Type)
		if err != nil {
			return nil, fmt.Errorf("%s.redirects[%d]: %w", key, i, err)
		}
		s.redirects = append(s.redirects, redirect)
	}
	for i, h := range f.Headers {
		p, err := h.compile()
		if err != nil {
			return nil, fmt.Errorf("%s.headers[%d]: %w", key, i, err)
		}
		s.headers = append(s.headers, headers{p, h.Headers})
	}
	for i, r := range f.Rewrites {
		if r.DynamicLinks {
			continue // package firebasejson says so
		}
		rewrite, err := newRewrite(r)
		if err != nil {
			return nil, fmt.Errorf("%s.rewrites[%d]: %w", key, i, err)
		}
		s.rewrites = append(s.rewrites, rewrite)
	}
	return s, nil
}

func newRewrite(r rewriteEntry) (rewrite, error) {
	p, err := r.compile()
	if err != nil {
		return rewrite{}, err
	}
	rw := rewrite{pattern: p}
	switch {
	case r.Destination != "":
		rw.file = r.Destination
	case r.Run != nil:
		rw.service = r.Run.ServiceID
	default:
		rw.service = functionName(r.Function)
	}
	if rw.file == "" && rw.service == "" {
		return rewrite{}, errors.New("needs a destination, run.serviceId or function; other kinds are not served locally")
	}
	return rw, nil
}

// functionName parses "name" or {"functionId": "name"}. It returns "" for anything else.
func functionName(raw json.RawMessage) string {
	var name string
	if json.Unmarshal(raw, &name) == nil {
		return name
	}
	var long struct{ FunctionID string }
	json.Unmarshal(raw, &long)
	return long.FunctionID
}

// compile compiles the source to a pattern.
func (s source) compile() (*pattern, error) {
	glob := s.Source
	if glob == "" {
		glob = s.Glob
	}
	switch {
	case glob != "" && s.Regex != "", glob == "" && s.Regex == "":
		return nil, errors.New("needs a source or a regex, not both")
	case glob != "":
		return compileSource(glob)
	}
	expr, err := regexp.Compile(s.Regex)
	if err != nil {
		return nil, fmt.Errorf("regex: %w", err)
	}
	return &pattern{expr: expr}, nil
}
