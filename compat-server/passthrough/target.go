package passthrough

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// ParseURL parses the address of the old server: "https://host", with a port and a path if need be. Calls
// go to no other address, whatever they contain.
func ParseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil: // not wrapped: the error quotes the address, which could contain a password
		return nil, errors.New("the old server's address is not a URL")
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", u.Opaque != "":
		return nil, errors.New("the old server's address must be http://host or https://host")
	case u.User != nil, u.RawQuery != "", u.ForceQuery, u.Fragment != "":
		return nil, errors.New("the old server's address must not have a user, a query or a fragment")
	}
	return u, nil
}

// target returns the path and the query of a request as the client sent them. Go's parsed form does not
// keep all escapes, and the old server may tell them apart.
func target(r *http.Request) (path, query string, err error) {
	text := r.RequestURI
	if !strings.HasPrefix(text, "/") {
		// An absolute URI names a host, which is not looked at: what counts is the path.
		text = r.URL.EscapedPath()
		if r.URL.RawQuery != "" || r.URL.ForceQuery {
			text += "?" + r.URL.RawQuery
		}
	}
	if !strings.HasPrefix(text, "/") {
		return "", "", ErrBadPath
	}
	path, query, found := strings.Cut(text, "?")
	if found {
		query = "?" + query
	}
	return path, query, nil
}

// outURL returns the URL of a call at the old server.
func (p *Proxy) outURL(c *call) (*url.URL, error) {
	path := strings.TrimSuffix(p.OldServer.EscapedPath(), "/") + c.path
	u := &url.URL{Scheme: p.OldServer.Scheme, Host: p.OldServer.Host}
	u.RawQuery, u.ForceQuery = strings.TrimPrefix(c.query, "?"), c.query == "?"
	var err error
	if u.Path, err = url.PathUnescape(path); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadPath, err)
	}
	u.RawPath = path
	if u.EscapedPath() == path {
		return u, nil
	}
	// The client has not escaped what it should have. Only an opaque URL passes that as it is, but one
	// that begins with two slashes would be taken for a host.
	if strings.HasPrefix(path, "//") {
		return nil, ErrBadPath
	}
	u.Path, u.RawPath, u.Opaque = "", "", path
	return u, nil
}
