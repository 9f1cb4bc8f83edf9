package simulation

import (
	"encoding/json"
	"fmt"
	"sync"

	"heek.kr/heektime/cmd/heektime/internal/appclient"
	"heek.kr/heektime/internal/schema"
)

// lists has the decoded course lists by URL: thousands of students load the same ones.
type lists struct {
	mu   sync.Mutex
	last map[string]*list
}

// list is a course list that a client has loaded: of a new client, or of an old one.
type list struct {
	lectures schema.CourseList
	old      []json.RawMessage
	bytes    int64 // as sent
}

// of returns the list at a URL, which text is the body of.
func (l *lists) of(url string, text []byte, old bool) (*list, error) {
	l.mu.Lock() // others wait: they need the same list
	defer l.mu.Unlock()
	if found := l.last[url]; found != nil {
		return found, nil
	}
	found := &list{bytes: int64(len(text))}
	reader, err := appclient.Uncompressed(text)
	switch {
	case err != nil:
	case old:
		err = json.NewDecoder(reader).Decode(&found.old)
	default:
		found.lectures, err = schema.DecodeCourseList(reader)
	}
	if err != nil {
		return nil, fmt.Errorf("decode the course list at %s: %w", url, err)
	}
	if l.last == nil {
		l.last = map[string]*list{}
	}
	l.last[url] = found
	return found, nil
}

// known returns a list that somebody has loaded, nil if nobody has.
func (l *lists) known(url string) *list {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last[url]
}

// patched returns the list that a client has made of another one with a delta. Unless somebody has
// loaded it, it is taken to have the same lectures: students choose any.
func (l *lists) patched(from, to string) *list {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last[to] == nil {
		l.last[to] = l.last[from]
	}
	return l.last[to]
}
