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
	once     sync.Once
	lectures schema.CourseList
	old      []json.RawMessage
	bytes    int64 // as sent
	err      error
}

// of returns the list at a URL, which text is the body of.
func (l *lists) of(url string, text []byte, old bool) (*list, error) {
	l.mu.Lock()
	if l.last == nil {
		l.last = map[string]*list{}
	}
	found := l.last[url]
	if found == nil {
		found = &list{bytes: int64(len(text))}
		l.last[url] = found
	}
	l.mu.Unlock()
	found.once.Do(func() { // a list that was patched is another's
		reader, err := appclient.Uncompressed(text)
		switch {
		case err != nil:
			found.err = err
		case old:
			found.err = json.NewDecoder(reader).Decode(&found.old)
		default:
			found.lectures, found.err = schema.DecodeCourseList(reader)
		}
	})
	if found.err != nil {
		return nil, fmt.Errorf("decode the course list at %s: %w", url, found.err)
	}
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
