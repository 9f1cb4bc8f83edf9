package passthrough

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// When the old server responds to a POST with 500 while a switch takes place, the switch's guard has usually
// rejected its transaction, and the POST is made on the side that won. But the old server's connection to its
// database may also have broken after the database had committed: then making it again would double it. What can
// be known decides:
//
//   - The response quotes the guard's error. Nothing was committed.
//   - What the POST makes is not on the side that won. Nothing was committed: a switch waits for the transactions
//     in flight, and for their changes to arrive. If it was taken back, the old server's own transaction has ended
//     before its response.
//   - Something like it is there. It may be this POST's, or an earlier one's of the same content. Nobody can know,
//     so the response is an error that does not invite to repeat the call ([ErrUnknownOutcome]); the app shows what
//     is there when its user looks.
//   - It is unknown what the POST makes: the same.

// guardError is in the errors of guards of package cutover, and the SQLSTATE.
var guardError = [][]byte{[]byte("takes no more writes"), []byte("HTM01")}

// quotesGuard reports whether a response quotes a guard's error. The response can still be read.
func quotesGuard(r *http.Response) bool {
	text, err := io.ReadAll(io.LimitReader(r.Body, maxSmallBody))
	if err != nil {
		return false
	}
	r.Body = joined(text, r.Body)
	for _, quoted := range guardError {
		if bytes.Contains(text, quoted) {
			return true
		}
	}
	return false
}

// errUnlikely is the reason why a POST can be repeated after all: it can have made nothing.
var errUnlikely = errors.New("the call can have made nothing")

// mayBeMade reports whether what a POST makes may be there already.
func (p *Proxy) mayBeMade(ctx context.Context, c *call) bool {
	target, likeIt, err := p.whatItMakes(c)
	if err != nil {
		return !errors.Is(err, errUnlikely)
	}
	status, body := p.lookUp(ctx, c, target)
	switch status {
	case http.StatusOK:
		return likeIt(body)
	case http.StatusNotFound:
		return false
	}
	return true // it cannot be found out
}

// whatItMakes returns where what a POST makes can be read, and whether a response from there has something like it.
func (p *Proxy) whatItMakes(c *call) (target string, likeIt func([]byte) bool, err error) {
	var made struct{ Username, Title, Identifier string }
	if json.Unmarshal(c.body, &made) != nil {
		return "", nil, errUnlikely // both servers reject it
	}
	if c.in.Method != http.MethodPost || len(c.routes) != 1 {
		return "", nil, errors.New("the call is unknown")
	}
	route, path := c.routes[0], strings.TrimPrefix(c.path, p.Base)
	if route.pattern == "/users" {
		return "/username/" + url.PathEscape(made.Username), func([]byte) bool { return true }, nil
	}
	timetable, isLecture := lectureParent(path)
	switch uid := p.caller(c).session.UID; {
	case route.pattern != "/me/timetables/**":
		return "", nil, errors.New("the call is unknown")
	case uid == "":
		return "", nil, errUnlikely // both servers reject it
	case isLecture:
		return "/users/" + url.PathEscape(uid) + "/timetables", func(body []byte) bool { return hasLecture(body, timetable, made.Identifier, made.Title) }, nil
	case path == "/me/timetables":
		return "/users/" + url.PathEscape(uid) + "/timetables", func(body []byte) bool { return hasTimetable(body, made.Title) }, nil
	}
	return "", nil, errors.New("the call is unknown")
}

// lectureParent returns the timetable of a path of lectures.
func lectureParent(path string) (timetable string, ok bool) {
	rest, ok := strings.CutPrefix(path, "/me/timetables/")
	if !ok {
		return "", false
	}
	timetable, ok = strings.CutSuffix(rest, "/lectures")
	return timetable, ok && !strings.Contains(timetable, "/")
}

// listed is what a list of timetables has that is compared. Missing and null texts are empty.
type listed struct {
	ID, Title string
	Lectures  []struct{ Identifier, Title string }
}

func hasTimetable(body []byte, title string) bool {
	var list []listed
	if json.Unmarshal(body, &list) != nil {
		return true
	}
	for _, t := range list {
		if alike(t.Title, title) {
			return true
		}
	}
	return false
}

func hasLecture(body []byte, timetable, identifier, title string) bool {
	var list []listed
	if json.Unmarshal(body, &list) != nil {
		return true
	}
	for _, t := range list {
		if t.ID != timetable {
			continue
		}
		for _, l := range t.Lectures {
			if alike(l.Title, title) && alike(l.Identifier, identifier) {
				return true
			}
		}
	}
	return false
}

// comparedLength is how many characters of a text are compared: both sides keep at least so many.
const comparedLength = 100

// alike reports whether one side may have made the one text of the other.
func alike(a, b string) bool { return beginning(a) == beginning(b) }

func beginning(text string) string {
	runes := []rune(strings.TrimSpace(text))
	return string(runes[:min(len(runes), comparedLength)])
}

// lookUp gets a path with the caller's token from the side that has the data now.
func (p *Proxy) lookUp(ctx context.Context, c *call, target string) (status int, body []byte) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Base+target, http.NoBody)
	if err != nil {
		return 0, nil
	}
	r.Header, r.RequestURI, r.RemoteAddr, r.Host = c.in.Header.Clone(), p.Base+target, c.in.RemoteAddr, c.in.Host
	for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding", "Expect", "Accept-Encoding", "Range", "If-None-Match"} {
		r.Header.Del(name)
	}
	w := &recorder{header: http.Header{}}
	p.ServeHTTP(w, r)
	return w.status, w.body.Bytes()
}

// recorder keeps a response.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (w *recorder) Header() http.Header { return w.header }

// WriteHeader implements [http.ResponseWriter].
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
}

// Write implements [http.ResponseWriter].
func (w *recorder) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// Flush implements [http.Flusher].
func (w *recorder) Flush() {}
