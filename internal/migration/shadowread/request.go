package shadowread

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// base is the path prefix of all calls.
const base = "/apis/v2"

// deprecatedHeader is in every response that compat-server makes itself, and in none that it passes through.
const deprecatedHeader = "X-HeekTime-Deprecated"

// request is a GET request to both servers.
type request struct {
	kind   string // with placeholders: "GET /username/{username}"
	path   string // escaped
	uid    string // of the user that the request is about, "" if it is about none
	object string // id of the semester that the request is about, "" if it is about none
	caller string // the uid of the signed-in user, "" if nobody is
	read   func(any) object
}

// response is what a server responded.
type response struct {
	status      int
	contentType string
	header      http.Header
	body        any
}

// ok reports a 2xx status.
func (r response) ok() bool { return r.status >= 200 && r.status < 300 }

// Limits of a request.
const (
	maxResponse = 64 << 20
	maxAttempts = 5
	maxWait     = 30 * time.Second
	callTimeout = time.Minute
)

// get sends a request to a server. It repeats a request that was rejected for now, or failed on the way:
// neither tells the two sides apart.
func (c *comparison) get(ctx context.Context, server string, r request, token string) (response, error) {
	for attempt := 1; ; attempt++ {
		got, wait, err := c.attempt(ctx, server, r, token)
		if ctx.Err() != nil {
			return got, context.Cause(ctx)
		}
		if err == nil && wait == 0 || attempt == maxAttempts {
			return got, err
		}
		select {
		case <-ctx.Done():
			return got, context.Cause(ctx)
		case <-time.After(max(wait, time.Duration(attempt)*100*time.Millisecond)):
		}
	}
}

// attempt sends a request once. wait is how long to wait before the next attempt, 0 if the response is final.
func (c *comparison) attempt(ctx context.Context, server string, r request, token string) (got response, wait time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	httpRequest, err := http.NewRequestWithContext(ctx, http.MethodGet, server+base+r.path, nil)
	if err != nil {
		return got, 0, err
	}
	if token == "" {
		token = "null" // as old apps do
	}
	httpRequest.Header.Set("Authorization", "Bearer "+token)
	answer, err := c.Client.Do(httpRequest)
	if err != nil {
		return got, 0, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxResponse))
	if err != nil {
		return got, 0, fmt.Errorf("read the response to %s%s: %w", server, r.path, err)
	}
	got = response{status: answer.StatusCode, contentType: answer.Header.Get("Content-Type"), header: answer.Header}
	if err := json.Unmarshal(body, &got.body); err != nil {
		got.body = string(body)
	}
	switch answer.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
		return got, min(max(time.Duration(seconds)*time.Second, time.Second), maxWait), nil
	}
	return got, 0, nil
}

// checkServed returns an error if compat-server passed a request through: comparing the old server with itself
// would find nothing.
func (c *comparison) checkServed(r request, got response) error {
	if got.header.Get(deprecatedHeader) == "" {
		return fmt.Errorf("%s did not serve %s itself: the response has no header %s. Compare with a compat-server without "+
			"OLD_SERVER_URL, which serves everything from Firestore", c.New, r.path, deprecatedHeader)
	}
	return nil
}

// semesters returns the ids of the old server's semesters.
func (c *comparison) semesters(ctx context.Context) ([]string, error) {
	got, err := c.get(ctx, c.Old, request{path: "/schools"}, "")
	if err != nil {
		return nil, fmt.Errorf("reach the old server: %w", err)
	}
	schools, isList := got.body.([]any)
	if !got.ok() || !isList {
		return nil, fmt.Errorf("the old server responds to GET /schools with status %d: is its address %s?", got.status, c.Old)
	}
	var ids []string
	for _, school := range schools {
		for _, semester := range list(field(school, "semesters")) {
			ids = append(ids, text(field(semester, "id")))
		}
	}
	return ids, nil
}

// requests lists what to compare.
func (c *comparison) requests(semesters []string) []request {
	requests := []request{{kind: "GET /schools", path: "/schools", read: readSchools}}
	for _, id := range semesters {
		// Clients keep old ids, so both servers must accept them. The slash stays a slash.
		path := (&url.URL{Path: "/semesters/" + id + "/lectures-url"}).EscapedPath()
		requests = append(requests, request{kind: "GET /semesters/{id}/lectures-url", path: path, object: id, read: readListURL})
	}
	other := ""
	for _, u := range c.Users {
		path := "/users/" + url.PathEscape(u.ID) + "/timetables"
		requests = append(requests,
			request{kind: "GET /username/{username}", path: "/username/" + url.PathEscape(u.Username), uid: u.ID, read: readUser},
			request{kind: "GET /users/{id}/timetables, another's", path: path, uid: u.ID, caller: other, read: readTimetables})
		if c.Tokens == nil {
			continue
		}
		requests = append(requests,
			request{kind: "GET /users/{id}/timetables, one's own", path: path, uid: u.ID, caller: u.ID, read: readTimetables},
			request{kind: "GET /me", path: "/me", uid: u.ID, caller: u.ID, read: readUser})
		other = u.ID
	}
	return requests
}
