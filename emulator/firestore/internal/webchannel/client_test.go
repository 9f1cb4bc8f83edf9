package webchannel

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"heek.kr/heektime/emulator/internal/flow"
)

// start serves channels on a port. serve is told of each session.
func start(t testing.TB, serve func(context.Context, *Session), set ...func(*Options)) (*Server, string) {
	t.Helper()
	o := Options{Serve: serve, Intake: &flow.Intake{Each: 1 << 20, All: 8 << 20, Patience: time.Minute}}
	for _, f := range set {
		f(&o)
	}
	s := New(o)
	l := httptest.NewServer(s)
	t.Cleanup(l.Close)
	t.Cleanup(s.Close)
	return s, l.URL + "/channel"
}

// echo sends back what it receives.
func echo(_ context.Context, s *Session) {
	for {
		m, err := s.Receive()
		if err != nil || s.Send(m) != nil {
			return
		}
	}
}

// client is the other end, as the web SDKs are.
type client struct {
	t    testing.TB
	url  string
	sid  string
	ofs  int // number of the next message
	aid  int // of the last array received
	http *http.Client
}

// entry is one array as a client sees it.
type entry struct {
	id      int
	payload string
}

func (c *client) request(ctx context.Context, method, query, body string) *http.Request {
	c.t.Helper()
	q := "?VER=8&zx=abc&t=1&" + query
	if c.sid != "" {
		q += "&SID=" + c.sid
	}
	r, err := http.NewRequestWithContext(ctx, method, c.url+q, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func (c *client) do(method, query, body string) (status int, text string) {
	c.t.Helper()
	a, err := c.http.Do(c.request(c.t.Context(), method, query, body))
	if err != nil {
		c.t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return a.StatusCode, string(b)
}

func form(ofs int, messages ...string) string {
	v := url.Values{"count": {strconv.Itoa(len(messages))}, "ofs": {strconv.Itoa(ofs)}}
	for i, m := range messages {
		v.Set(fmt.Sprintf("req%d___data__", i), m)
	}
	return v.Encode()
}

// open makes a channel with its first messages.
func open(t testing.TB, url string, messages ...string) *client {
	t.Helper()
	c := &client{t: t, url: url, http: &http.Client{Transport: &http.Transport{}}}
	t.Cleanup(c.http.CloseIdleConnections)
	status, text := c.do("POST", "RID=1&CVER=22&X-HTTP-Session-Id=gsessionid", form(0, messages...))
	var list [][]json.RawMessage
	var hello []any
	if status != 200 || json.Unmarshal([]byte(deframe(t, text)), &list) != nil || len(list) != 1 || json.Unmarshal(list[0][1], &hello) != nil {
		t.Fatalf("handshake: %d %q", status, text)
	}
	if len(hello) != 6 || hello[0] != "c" || hello[3] != 8.0 || hello[5].(float64) <= 0 {
		t.Fatalf("handshake: %v", hello)
	}
	c.sid, c.ofs = hello[1].(string), len(messages)
	return c
}

// deframe returns the JSON of the one frame that text is.
func deframe(t testing.TB, text string) string {
	t.Helper()
	head, body, ok := strings.Cut(text, "\n")
	n, err := strconv.Atoi(head)
	if !ok || err != nil || n != len(utf16.Encode([]rune(body))) {
		t.Fatalf("not one frame: %q", text)
	}
	return body
}

// send forwards messages and returns the answer.
func (c *client) send(messages ...string) string {
	c.t.Helper()
	status, text := c.do("POST", fmt.Sprintf("RID=2&AID=%d", c.aid), form(c.ofs, messages...))
	if status != 200 {
		c.t.Fatalf("forward: %d %s", status, text)
	}
	c.ofs += len(messages)
	return deframe(c.t, text)
}

// stream is a back channel.
type stream struct {
	c    *client
	b    io.ReadCloser
	r    *bufio.Reader
	rest []string // read and not asked for yet
}

// listen opens a back channel; mode is CI=0 or CI=1, and more.
func (c *client) listen(ctx context.Context, mode string) *stream {
	c.t.Helper()
	a, err := c.http.Do(c.request(ctx, "GET", fmt.Sprintf("RID=rpc&TYPE=xmlhttp&AID=%d&%s", c.aid, mode), ""))
	if err != nil {
		c.t.Fatal(err)
	}
	if a.StatusCode != 200 {
		b, _ := io.ReadAll(a.Body)
		c.t.Fatalf("back channel: %d %s", a.StatusCode, b)
	}
	s := &stream{c: c, b: a.Body, r: bufio.NewReader(a.Body)}
	c.t.Cleanup(func() { s.b.Close() })
	return s
}

// frame reads one frame and checks that its arrays follow those before.
func (s *stream) frame() ([]entry, error) {
	head, err := s.r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(head, "\n"))
	if err != nil {
		return nil, fmt.Errorf("length %q: %w", head, err)
	}
	var b strings.Builder
	for n > 0 {
		c, _, err := s.r.ReadRune()
		if err != nil {
			return nil, err
		}
		n -= max(1, utf16.RuneLen(c))
		b.WriteRune(c)
	}
	var raw [][2]json.RawMessage
	if err := json.Unmarshal([]byte(b.String()), &raw); err != nil || n != 0 || !utf8.ValidString(b.String()) {
		return nil, fmt.Errorf("frame %q of %s: %w", b.String(), head, err)
	}
	var list []entry
	for _, a := range raw {
		var id int
		var payload []json.RawMessage
		if json.Unmarshal(a[0], &id) != nil || json.Unmarshal(a[1], &payload) != nil || len(payload) != 1 {
			return nil, fmt.Errorf("array %s", a)
		}
		if id != s.c.aid+1 {
			return nil, fmt.Errorf("array %d follows %d", id, s.c.aid)
		}
		s.c.aid = id
		list = append(list, entry{id, string(payload[0])})
	}
	return list, nil
}

// next reads the next message that is one, through as many back channels as it takes.
func (s *stream) next() string {
	s.c.t.Helper()
	return s.messages(1)[0]
}

// messages reads n messages.
func (s *stream) messages(n int) []string {
	s.c.t.Helper()
	for len(s.rest) < n {
		f, err := s.frame()
		if err == io.EOF { // an orderly end: the client comes again
			again := s.c.listen(s.c.t.Context(), "CI=0")
			s.b, s.r = again.b, again.r
			continue
		}
		if err != nil {
			s.c.t.Fatalf("back channel: %v", err)
		}
		for _, e := range f {
			if e.payload != `"noop"` {
				s.rest = append(s.rest, e.payload)
			}
		}
	}
	list := s.rest[:n:n]
	s.rest = s.rest[n:]
	return list
}
