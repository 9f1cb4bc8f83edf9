package hosting

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
)

// Site is what to serve: the "hosting" of a firebase.json.
// Source: https://firebase.google.com/docs/hosting/full-config.
type Site struct {
	// Public is the folder, as an absolute path.
	Public string
	// ignored are the files of the folder that would not be deployed
	ignored   []*pattern
	redirects []redirect
	rewrites  []rewrite
	headers   []headers
	// cleanURLs serves about.html as /about
	cleanURLs bool
	// trailingSlash adds a slash to the address of every page, or takes it away; nil adds one to those of folders only
	trailingSlash *bool
}

// source is what selects requests by their path.
type source struct {
	Source, Glob, Regex string
}

// rewrite answers a path with a file or from a service.
type rewrite struct {
	pattern *pattern
	file    string // "" for a service
	service string
}

type headers struct {
	pattern *pattern
	values  []header
}

type header struct{ Key, Value string }

// siteFile is the JSON.
type siteFile struct {
	Public    string
	Ignore    []string
	Redirects []struct {
		source
		Destination string
		Type        int
	}
	Rewrites []struct {
		source
		Destination  string
		Run          *struct{ ServiceID, Region string }
		Function     json.RawMessage
		DynamicLinks bool
	}
	Headers []struct {
		source
		Headers []header
	}
	CleanURLs     bool
	TrailingSlash *bool
}

// ParseSite reads the "hosting" of a firebase.json that lies in the folder dir. Of several sites it is the first.
func ParseSite(data []byte, dir string) (*Site, error) {
	var several []json.RawMessage
	if json.Unmarshal(data, &several) == nil {
		if len(several) == 0 {
			return nil, errors.New("hosting: there is no site")
		}
		data = several[0]
	}
	var f siteFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("hosting: %w", err)
	}
	if f.Public == "" {
		return nil, errors.New("hosting.public is missing: it names the folder to serve")
	}
	public, err := filepath.Abs(filepath.Join(dir, f.Public))
	if err != nil {
		return nil, fmt.Errorf("hosting.public: %w", err)
	}
	s := &Site{Public: public, cleanURLs: f.CleanURLs, trailingSlash: f.TrailingSlash}
	for i, glob := range f.Ignore {
		p, err := compileIgnore(glob)
		if err != nil {
			return nil, fmt.Errorf("hosting.ignore[%d]: %w", i, err)
		}
		s.ignored = append(s.ignored, p)
	}
	for i, r := range f.Redirects {
		next, err := newRedirect(r.source, r.Destination, r.Type)
		if err != nil {
			return nil, fmt.Errorf("hosting.redirects[%d]: %w", i, err)
		}
		s.redirects = append(s.redirects, next)
	}
	for i, h := range f.Headers {
		p, err := h.compile()
		if err != nil {
			return nil, fmt.Errorf("hosting.headers[%d]: %w", i, err)
		}
		s.headers = append(s.headers, headers{p, h.Headers})
	}
	for i, r := range f.Rewrites {
		p, err := r.compile()
		if err != nil {
			return nil, fmt.Errorf("hosting.rewrites[%d]: %w", i, err)
		}
		next := rewrite{pattern: p}
		switch {
		case r.Destination != "":
			next.file = r.Destination
		case r.Run != nil:
			next.service = r.Run.ServiceID
		default:
			next.service = functionName(r.Function)
		}
		if next.file == "" && next.service == "" {
			return nil, fmt.Errorf("hosting.rewrites[%d]: it needs a destination, run.serviceId or function; others are not served locally", i)
		}
		s.rewrites = append(s.rewrites, next)
	}
	return s, nil
}

// functionName reads "name" or {"functionId": "name"}.
func functionName(raw json.RawMessage) string {
	var name string
	if json.Unmarshal(raw, &name) == nil {
		return name
	}
	var long struct{ FunctionID string }
	json.Unmarshal(raw, &long) // what is none of both stays empty
	return long.FunctionID
}

func (s source) compile() (*pattern, error) {
	glob := s.Source
	if glob == "" {
		glob = s.Glob
	}
	switch {
	case glob != "" && s.Regex != "", glob == "" && s.Regex == "":
		return nil, errors.New("it needs a source or a regex, and not both")
	case glob != "":
		return compileSource(glob)
	}
	expr, err := regexp.Compile(s.Regex)
	if err != nil {
		return nil, fmt.Errorf("regex: %w", err)
	}
	return &pattern{expr: expr}, nil
}
