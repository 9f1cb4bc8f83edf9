package courses

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

const maxRedirects = 5

// parseURL parses the URL in the option key. The scheme must be http, https or file. URLs with
// passwords are rejected because URLs are logged.
func parseURL(key, address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, invalid("option %s is not a URL: %v", key, errors.Unwrap(err))
	case u.User != nil:
		return nil, invalid("option %s contains a user name; schools that require a login are not supported", key)
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "":
		return u, nil
	case u.Scheme == "file" && (u.Host == "" || u.Host == "localhost") && strings.HasPrefix(u.Path, "/"):
		return u, nil
	}
	return nil, invalid("option %s is %q; a URL begins with https://, http:// or file:///", key, truncate(address, 200))
}

// withDefaultPath returns u with the given path, unless u already has one.
func withDefaultPath(u *url.URL, path string) *url.URL {
	page := *u
	if page.Path == "" || page.Path == "/" {
		page.Path = path
	}
	return &page
}

// webLink returns address if it is safe for a client to open, else "".
func webLink(address string) string {
	if strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://") {
		return address
	}
	return ""
}

// checkRedirect limits the number of redirects and rejects those from https to http.
func checkRedirect(req *http.Request, via []*http.Request) error {
	switch {
	case len(via) > maxRedirects:
		return redirectError{fmt.Sprintf("redirects more than %d times, the last time to %s", maxRedirects, originOf(req.URL))}
	case req.URL.Scheme != "https" && (req.URL.Scheme != "http" || via[0].URL.Scheme == "https"):
		return redirectError{fmt.Sprintf("redirects from %s to %s (%s)",
			via[0].URL.Scheme, truncate(req.URL.Scheme, 20), originOf(req.URL))}
	}
	return nil
}

// redirectError is a redirect that the service does not follow.
type redirectError struct{ text string }

func (e redirectError) Error() string { return e.text }
