// Package webchanneltest is a WebChannel client for tests. It is as strict as the protocol: it
// rejects frames that a browser would misread and arrays that are out of order.
package webchanneltest

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

// Client is the client's end of a channel, like a web SDK.
type Client struct {
	HTTP    *http.Client
	Browser string // the User-Agent; by default, each client is a browser of its own
	SID     string
	Ofs     int          // number of the next message to send
	AID     atomic.Int64 // id of the last array received

	t   testing.TB
	url string
}

// Array is one message from the server.
type Array struct {
	ID      int64
	Payload string // JSON
}

// New returns a client of the channels at url. It has no session yet.
func New(t testing.TB, url string) *Client {
	c := &Client{t: t, url: url, HTTP: &http.Client{Transport: &http.Transport{}}, Browser: rand.Text()}
	t.Cleanup(c.HTTP.CloseIdleConnections)
	return c
}

// Open opens a channel with headers, each "Name:Value", and the first messages.
func Open(t testing.TB, url string, headers []string, messages ...string) *Client {
	t.Helper()
	c := New(t, url)
	c.Handshake(headers, messages...)
	return c
}

// Handshake opens a session.
func (c *Client) Handshake(headers []string, messages ...string) {
	c.t.Helper()
	body := Form(0, messages...)
	if len(headers) > 0 {
		body = url.Values{"headers": {strings.Join(headers, "\r\n")}}.Encode() + "&" + body
	}
	status, text := c.Do("POST", "RID=1&CVER=22&X-HTTP-Session-Id=gsessionid", body)
	var list [][]json.RawMessage
	var hello []any
	if status != 200 || json.Unmarshal([]byte(Deframe(c.t, text)), &list) != nil || len(list) != 1 || json.Unmarshal(list[0][1], &hello) != nil {
		c.t.Fatalf("handshake: %d %q", status, text)
	}
	if len(hello) != 6 || hello[0] != "c" || hello[3] != 8.0 || hello[5].(float64) <= 0 {
		c.t.Fatalf("handshake: %v", hello)
	}
	c.SID, c.Ofs = hello[1].(string), len(messages)
}

// Request returns a request of the channel.
func (c *Client) Request(ctx context.Context, method, query, body string) *http.Request {
	c.t.Helper()
	q := "?VER=8&zx=abc&t=1&" + query
	if c.SID != "" {
		q += "&SID=" + c.SID
	}
	r, err := http.NewRequestWithContext(ctx, method, c.url+q, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User-Agent", c.Browser)
	return r
}

// Do sends a request of the channel and reads the response.
func (c *Client) Do(method, query, body string) (status int, text string) {
	c.t.Helper()
	a, err := c.HTTP.Do(c.Request(c.t.Context(), method, query, body))
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

// Form returns the body of a request that carries messages. ofs is the number of the first.
func Form(ofs int, messages ...string) string {
	v := url.Values{"count": {strconv.Itoa(len(messages))}, "ofs": {strconv.Itoa(ofs)}}
	for i, m := range messages {
		v.Set(fmt.Sprintf("req%d___data__", i), m)
	}
	return v.Encode()
}

// Deframe returns the JSON in text, which must be exactly one frame.
func Deframe(t testing.TB, text string) string {
	t.Helper()
	head, body, ok := strings.Cut(text, "\n")
	n, err := strconv.Atoi(head)
	if !ok || err != nil || n != len(utf16.Encode([]rune(body))) {
		t.Fatalf("not one frame: %q", text)
	}
	return body
}

// Send sends messages and returns the response.
func (c *Client) Send(messages ...string) string {
	c.t.Helper()
	status, text := c.Do("POST", fmt.Sprintf("RID=2&AID=%d", c.AID.Load()), Form(c.Ofs, messages...))
	if status != 200 {
		c.t.Fatalf("forward: %d %s", status, text)
	}
	c.Ofs += len(messages)
	return Deframe(c.t, text)
}

// Terminate ends the channel.
func (c *Client) Terminate() {
	c.t.Helper()
	c.Do("POST", "TYPE=terminate", "")
}

// Stream is a back channel. [Stream.Messages] reopens it as needed.
type Stream struct {
	c    *Client
	body io.ReadCloser
	r    *bufio.Reader
	rest []string // messages read but not returned yet
}

// Listen opens a back channel. query is CI=0 or CI=1, and more parameters.
func (c *Client) Listen(ctx context.Context, query string) *Stream {
	c.t.Helper()
	a, err := c.HTTP.Do(c.Request(ctx, "GET", fmt.Sprintf("RID=rpc&TYPE=xmlhttp&AID=%d&%s", c.AID.Load(), query), ""))
	if err != nil {
		c.t.Fatal(err)
	}
	if a.StatusCode != 200 {
		b, _ := io.ReadAll(a.Body)
		c.t.Fatalf("back channel: %d %s", a.StatusCode, b)
	}
	s := &Stream{c: c, body: a.Body, r: bufio.NewReader(a.Body)}
	c.t.Cleanup(s.Cut)
	return s
}

// Cut cuts the connection.
func (s *Stream) Cut() { s.body.Close() }

// CutAfter lets at most n more bytes arrive.
func (s *Stream) CutAfter(n int) { s.r.Reset(io.LimitReader(s.body, int64(n))) }

// Drain reads to the end, like a page that stays open.
func (s *Stream) Drain() { io.Copy(io.Discard, s.body) }

// Frame reads one frame. The error is [io.EOF] when the response ends between frames.
func (s *Stream) Frame() ([]Array, error) {
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
	var list []Array
	for _, a := range raw {
		var id int64
		var payload []json.RawMessage
		if json.Unmarshal(a[0], &id) != nil || json.Unmarshal(a[1], &payload) != nil || len(payload) != 1 {
			return nil, fmt.Errorf("bad array %s", a)
		}
		if last := s.c.AID.Swap(id); id != last+1 {
			return nil, fmt.Errorf("array %d follows %d", id, last)
		}
		list = append(list, Array{id, string(payload[0])})
	}
	return list, nil
}

// Next returns the next message that is not a noop. It opens further back channels as needed.
func (s *Stream) Next() string {
	s.c.t.Helper()
	return s.Messages(1)[0]
}

// Messages returns the next n messages that are not noops. It opens further back channels as
// needed.
func (s *Stream) Messages(n int) []string {
	s.c.t.Helper()
	for len(s.rest) < n {
		f, err := s.Frame()
		if err == io.EOF { // open another back channel
			again := s.c.Listen(s.c.t.Context(), "CI=0")
			s.body, s.r = again.body, again.r
			continue
		}
		if err != nil {
			s.c.t.Fatalf("back channel: %v", err)
		}
		for _, e := range f {
			if e.Payload != `"noop"` {
				s.rest = append(s.rest, e.Payload)
			}
		}
	}
	list := s.rest[:n:n]
	s.rest = s.rest[n:]
	return list
}
