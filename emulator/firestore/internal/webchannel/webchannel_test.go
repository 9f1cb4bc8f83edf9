package webchannel

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"heek.kr/heektime/emulator/internal/httplimit"
	"heek.kr/heektime/emulator/internal/webchanneltest"
)

// start starts a server of channels.
func start(t testing.TB, serve func(context.Context, *Session), set ...func(*Options)) (*Server, string) {
	t.Helper()
	o := Options{Serve: serve, Bodies: &httplimit.BodyReader{MaxBytes: 1 << 20, MaxTotalBytes: 8 << 20}}
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
		if err != nil || s.Send(text(m)) != nil {
			return
		}
	}
}

// text returns an encode function for a message that is encoded already.
func text(m []byte) func() ([]byte, error) {
	return func() ([]byte, error) { return m, nil }
}

func TestEcho(t *testing.T) {
	_, url := start(t, echo)
	c := webchanneltest.Open(t, url, nil, `"first"`, `{"second":2}`)
	s := c.Listen(t.Context(), "CI=0")
	for _, want := range []string{`"first"`, `{"second":2}`} {
		if got := s.Next(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	// Lengths are in UTF-16 code units: ö is one, an emoji is two and a flag is four.
	for _, want := range []string{`"wörld 😀"`, `"🇰🇷가\u2028 "`, `["\n",{"a":null}]`} {
		if got := c.Send(want); !strings.HasPrefix(got, "[1,") {
			t.Errorf("forward: %s", got)
		}
		if got := s.Next(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestInvalidUTF8IsReplaced(t *testing.T) {
	_, url := start(t, func(_ context.Context, s *Session) { s.Send(text([]byte("\"a\xffb\""))) })
	c := webchanneltest.Open(t, url, nil)
	if got := c.Listen(t.Context(), "CI=0").Next(); got != "\"a\uFFFDb\"" {
		t.Errorf("got %q", got)
	}
}

// Version 9 of the web SDK sends headers in the query, version 12 in the body.
func TestHeaders(t *testing.T) {
	got := make(chan http.Header, 1)
	_, u := start(t, func(_ context.Context, s *Session) { got <- s.Header })
	list := url.QueryEscape("X-Goog-Api-Client:gl-js/ fire/9.6.11\r\nAuthorization:Bearer a.b.\r\n")
	for _, c := range []struct{ name, query, body, header, want string }{
		{"query", "&$httpHeaders=" + list, "count=0", "", "Bearer a.b."},
		{"body", "", "headers=" + list + "&count=0", "", "Bearer a.b."},
		{"real headers", "", "headers=" + list + "&count=0", "Bearer owner", "Bearer owner"},
		{"none", "", "count=0", "", ""},
		{"malformed", "&$httpHeaders=%0d%0a:%3a", "headers=x", "", ""},
	} {
		r, err := http.NewRequest("POST", u+"?VER=8&RID=1"+c.query, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		if c.header != "" {
			r.Header.Set("Authorization", c.header)
		}
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		a.Body.Close()
		if a.StatusCode != 200 {
			t.Errorf("%s: %d", c.name, a.StatusCode)
			continue
		}
		if h := <-got; h.Get("Authorization") != c.want {
			t.Errorf("%s: %v", c.name, h)
		}
	}
}

// A client that sees no byte soon assumes that a proxy buffers the response.
func TestFirstFrameComesImmediately(t *testing.T) {
	_, url := start(t, func(ctx context.Context, _ *Session) { <-ctx.Done() })
	c := webchanneltest.Open(t, url, nil)
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		if f, err := c.Listen(ctx, "CI=0").Frame(); err != nil || len(f) != 1 || f[0].Payload != `"noop"` {
			t.Errorf("first frame: %v, %v", f, err)
		}
		cancel()
	}
}

func TestKeepAlive(t *testing.T) {
	_, url := start(t, func(ctx context.Context, _ *Session) { <-ctx.Done() }, func(o *Options) { o.KeepAlive = time.Millisecond })
	c := webchanneltest.Open(t, url, nil)
	s := c.Listen(t.Context(), "CI=0")
	for range 5 {
		if f, err := s.Frame(); err != nil || f[0].Payload != `"noop"` {
			t.Fatalf("%v, %v", f, err)
		}
	}
}

// A client that got no response to a request sends it again.
func TestRetriedForward(t *testing.T) {
	_, url := start(t, echo)
	c := webchanneltest.Open(t, url, nil, `0`)
	s := c.Listen(t.Context(), "CI=0")
	for range 3 {
		if status, text := c.Do("POST", "RID=2&AID=0", webchanneltest.Form(1, `1`, `2`)); status != 200 {
			t.Fatalf("%d %s", status, text)
		}
	}
	// One message again, and a new one.
	if status, text := c.Do("POST", "RID=3&AID=0", webchanneltest.Form(2, `2`, `3`)); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	if got := strings.Join(s.Messages(4), ""); got != "0123" {
		t.Errorf("got %s", got)
	}
	if status, text := c.Do("POST", "RID=4&AID=0", webchanneltest.Form(9, `9`)); status != 400 {
		t.Errorf("a gap in the numbers: %d %s", status, text)
	}
}

// A client that acknowledges messages it did not get harms only itself.
func TestForgedAcknowledgement(t *testing.T) {
	_, url := start(t, echo)
	c := webchanneltest.Open(t, url, nil, `1`, `2`, `3`)
	for i, aid := range []int{3, 1, 99, -5, 2} {
		if status, text := c.Do("POST", fmt.Sprintf("RID=2&AID=%d", aid), webchanneltest.Form(3+i, `4`)); status != 200 {
			t.Errorf("AID %d: %d %s", aid, status, text)
		}
	}
	if status, text := c.Do("GET", "RID=rpc&CI=1&AID=0", ""); status != 400 || !strings.Contains(text, "Unknown SID") {
		t.Errorf("asking for acknowledged messages: %d %s", status, text)
	}
	if status, _ := c.Do("POST", "RID=3&AID=0", "count=0"); status != 400 {
		t.Errorf("forward to the ended session: %d", status)
	}
}

// Concurrent requests with the same messages deliver them once.
func TestConcurrentForwards(t *testing.T) {
	_, url := start(t, echo)
	c := webchanneltest.Open(t, url, nil)
	s := c.Listen(t.Context(), "CI=0")
	done := make(chan bool)
	for range 8 {
		go func() {
			defer func() { done <- true }()
			a, err := c.HTTP.Do(c.Request(t.Context(), "POST", "RID=2", webchanneltest.Form(0, `0`, `1`, `2`)))
			if err != nil || a.StatusCode != 200 {
				t.Errorf("%v, %v", a, err)
				return
			}
			a.Body.Close()
		}()
	}
	for range 8 {
		<-done
	}
	c.Ofs = 3
	c.Send(`"end"`)
	if got := strings.Join(s.Messages(4), ""); got != `012"end"` {
		t.Errorf("got %s", got)
	}
}

// A connection cut anywhere, within a frame or between two, resumes without loss or duplicates.
func TestCut(t *testing.T) {
	const n = 3000
	_, url := start(t, func(_ context.Context, s *Session) {
		for i := range n {
			s.Send(text(fmt.Appendf(nil, `"%d 😀%s"`, i, strings.Repeat("가", i%50))))
		}
	}, func(o *Options) { o.MaxQueuedBytes = 2000 })
	c := webchanneltest.Open(t, url, nil)
	r := rand.New(rand.NewPCG(1, 2))
	seen, cuts := 0, 0
	for seen < n {
		ctx, cancel := context.WithCancel(t.Context())
		s := c.Listen(ctx, "CI=0")
		s.CutAfter(r.IntN(6000)) // what arrives before the cut
		for {
			f, err := s.Frame()
			if err != nil {
				break
			}
			for _, e := range f {
				switch {
				case e.Payload == `"noop"` || e.Payload == `"close"`:
				case !strings.HasPrefix(e.Payload, fmt.Sprintf(`"%d `, seen)):
					t.Fatalf("message %d is %s", seen, e.Payload)
				default:
					seen++
				}
			}
		}
		cancel()
		s.Cut()
		cuts++
	}
	t.Logf("%d cuts", cuts)
}

// A poll is held until there is a message, returns all that wait, and ends.
func TestPolling(t *testing.T) {
	_, url := start(t, echo)
	c := webchanneltest.Open(t, url, nil, `1`, `2`)
	var got strings.Builder
	poll := func(mode string) {
		t.Helper()
		s := c.Listen(t.Context(), mode)
		f, err := s.Frame()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range f {
			got.WriteString(e.Payload)
		}
		if f, err := s.Frame(); err != io.EOF {
			t.Fatalf("the poll continues: %v, %v", f, err)
		}
	}
	for got.Len() < 2 {
		poll("CI=1")
	}
	poll("CI=1&TO=1")
	c.Send(`3`)
	poll("CI=1&TO=20000")
	if got.String() != `12"noop"3` {
		t.Errorf("got %s", got.String())
	}
}

func TestNewBackChannelReplacesOld(t *testing.T) {
	_, url := start(t, echo)
	c := webchanneltest.Open(t, url, nil, `1`)
	old := c.Listen(t.Context(), "CI=0")
	old.Next()
	s := c.Listen(t.Context(), "CI=0")
	if _, err := old.Frame(); err == nil {
		t.Error("the old back channel continues")
	}
	s.Frame() // wait until it is attached
	c.Send(`2`)
	if got := s.Next(); got != `2` {
		t.Errorf("got %s", got)
	}
}

func TestTerminate(t *testing.T) {
	ended := make(chan bool)
	server, url := start(t, func(ctx context.Context, s *Session) { <-ctx.Done(); ended <- true })
	for _, method := range []string{"POST", "GET"} {
		c := webchanneltest.Open(t, url, nil, `1`)
		s := c.Listen(t.Context(), "CI=0")
		if status, _ := c.Do(method, "TYPE=terminate&RID=3", ""); status != 200 {
			t.Errorf("%s: %d", method, status)
		}
		<-ended
		for _, method := range []string{"POST", "GET"} {
			if status, text := c.Do(method, "AID=0&CI=0&RID=4", "count=0"); status != 400 || strings.Index(text, "Unknown SID") <= 0 {
				t.Errorf("%s after terminate: %d %q", method, status, text)
			}
		}
		for {
			if _, err := s.Frame(); err != nil {
				break
			}
		}
		if status, _ := c.Do(method, "TYPE=terminate", ""); status != 200 {
			t.Errorf("terminate again by %s: %d", method, status)
		}
	}
	if n := server.Sessions(); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}

// Messages sent before the end still arrive; then the session is gone.
func TestLastMessagesArrive(t *testing.T) {
	server, url := start(t, func(_ context.Context, s *Session) { s.Send(text([]byte(`"last"`))) })
	c := webchanneltest.Open(t, url, nil, `1`, `2`)
	s := c.Listen(t.Context(), "CI=0")
	if got := strings.Join(s.Messages(2), ""); got != `"last""close"` {
		t.Errorf("got %s", got)
	}
	if _, err := s.Frame(); err != io.EOF {
		t.Errorf("the back channel continues: %v", err)
	}
	c.Send(`3`) // nobody receives it
	if status, text := c.Do("GET", fmt.Sprintf("RID=rpc&CI=0&AID=%d", c.AID.Load()), ""); status != 400 || !strings.Contains(text, "Unknown SID") {
		t.Errorf("a back channel after the end: %d %q", status, text)
	}
	if n := server.Sessions(); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}

// The session of a page that closed silently ends after a while; that of an open page continues.
func TestAbandonedSessionEnds(t *testing.T) {
	server, url := start(t, echo, func(o *Options) { o.AbandonAfter = 500 * time.Millisecond })
	closed, open := webchanneltest.Open(t, url, nil), webchanneltest.Open(t, url, nil)
	s := open.Listen(t.Context(), "CI=0")
	for server.Sessions() > 1 {
		time.Sleep(time.Millisecond)
	}
	if server.find(closed.SID, "/channel") != nil {
		t.Fatal("the wrong session ended")
	}
	open.Send(`1`)
	if got := s.Next(); got != `1` {
		t.Errorf("got %s", got)
	}
	s.Cut()
	for server.Sessions() > 0 {
		time.Sleep(time.Millisecond)
	}
}

// For a client that does not read, no more than the limit is queued, and other clients are not
// disturbed.
func TestSlowReader(t *testing.T) {
	var made, sent atomic.Int64
	server, url := start(t, func(_ context.Context, s *Session) {
		m := []byte(`"` + strings.Repeat("x", 998) + `"`)
		if s.Header.Get("Slow") == "" {
			echo(context.Background(), s)
			return
		}
		for s.Send(func() ([]byte, error) { made.Add(1); return m, nil }) == nil {
			sent.Add(1)
		}
	}, func(o *Options) { o.MaxQueuedBytes, o.MaxTotalQueuedBytes = 50_000, 80_000 })
	slow := make([]*webchanneltest.Client, 4)
	for i := range slow {
		slow[i] = webchanneltest.Open(t, url, []string{"Slow:1"})
	}
	blocked := func() (n int) {
		server.mu.Lock()
		defer server.mu.Unlock()
		for _, s := range server.sessions {
			s.mu.Lock()
			n += s.blocked
			s.mu.Unlock()
		}
		return n
	}
	for blocked() < 4 {
		time.Sleep(time.Millisecond)
	}
	if made.Load() != sent.Load() {
		t.Errorf("blocked senders hold %d messages", made.Load()-sent.Load())
	}
	if q := server.queuedBytes.Load(); q > 80_000+4*1000 { // each may have seen the same room
		t.Errorf("%d bytes are queued", q)
	}
	c := webchanneltest.Open(t, url, nil, `1`, `2`)
	if got := strings.Join(c.Listen(t.Context(), "CI=0").Messages(2), ""); got != "12" {
		t.Errorf("another client got %s", got)
	}
	// When the client reads after all, it gets everything. Back channels end so that it
	// acknowledges.
	before := sent.Load()
	got := slow[0].Listen(t.Context(), "CI=0").Messages(500)
	if sent.Load() <= before || len(got[499]) != 1000 {
		t.Errorf("got %d, sent %d and then %d", len(got), before, sent.Load())
	}
	for _, c := range append(slow, c) {
		c.Do("POST", "TYPE=terminate", "")
	}
	for server.queuedBytes.Load() != 0 {
		time.Sleep(time.Millisecond)
	}
}

// New sessions replace those without a back channel, not those of open pages.
func TestIdleSessionsAreReplaced(t *testing.T) {
	server, url := start(t, echo, func(o *Options) { o.MaxSessions = 100 })
	open := webchanneltest.Open(t, url, nil)
	s := open.Listen(t.Context(), "CI=0")
	if _, err := s.Frame(); err != nil {
		t.Fatal(err)
	}
	idle := webchanneltest.New(t, url)
	for range 2000 {
		if status, text := idle.Do("POST", "RID=1", webchanneltest.Form(0, `1`)); status != 200 {
			t.Fatalf("%d %s", status, text)
		}
	}
	if n := server.Sessions(); n > 100 {
		t.Errorf("%d sessions", n)
	}
	open.Send(`1`)
	if got := s.Next(); got != `1` {
		t.Errorf("got %s", got)
	}
	c := webchanneltest.Open(t, url, nil, `2`)
	if got := c.Listen(t.Context(), "CI=0").Next(); got != `2` {
		t.Errorf("got %s", got)
	}
}

// A browser opens six connections to a server. More channels than that still work.
func TestMoreChannelsThanConnections(t *testing.T) {
	server, url := start(t, echo)
	browser := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 6}}
	defer browser.CloseIdleConnections()
	const n = 8
	clients := make([]*webchanneltest.Client, n)
	done := make(chan string, n)
	for i := range clients {
		c := webchanneltest.Open(t, url, nil)
		c.HTTP, c.Browser, clients[i] = browser, "one", c
		go func() {
			s := c.Listen(t.Context(), "CI=0")
			done <- s.Next()
			s.Drain()
		}()
	}
	held := func() (n int) {
		server.fairness.mu.Lock()
		defer server.fairness.mu.Unlock()
		for _, c := range server.fairness.count {
			n += c
		}
		return n
	}
	for held() < 6 { // until no connection is left
		time.Sleep(time.Millisecond)
	}
	for _, c := range clients {
		c.Send(`1`)
	}
	for range n {
		if got := <-done; got != `1` {
			t.Errorf("got %s", got)
		}
	}
}

func TestTooManySessions(t *testing.T) {
	_, url := start(t, echo, func(o *Options) { o.MaxSessions = 1 })
	c := webchanneltest.Open(t, url, nil)
	if _, err := c.Listen(t.Context(), "CI=0").Frame(); err != nil {
		t.Fatal(err)
	}
	if status, text := webchanneltest.New(t, url).Do("POST", "RID=1", "count=0"); status != 503 {
		t.Errorf("%d %s", status, text)
	}
}

func TestMalformed(t *testing.T) {
	_, u := start(t, echo)
	c := webchanneltest.Open(t, u, nil, `1`)
	c.Listen(t.Context(), "CI=0").Next()
	for _, x := range []struct {
		name, method, query, body string
		status                    int
	}{
		{"another version", "POST", "?VER=9&RID=1", "count=0", 400},
		{"no version", "POST", "", "", 400},
		{"a handshake by GET", "GET", "?VER=8&RID=1", "", 405},
		{"a handshake without a body", "POST", "?VER=8", "", 200},
		{"not a form", "POST", "?VER=8", "%", 400},
		{"too many messages", "POST", "?VER=8", "count=1001", 400},
		{"a negative count", "POST", "?VER=8", "count=-1", 400},
		{"a count that is not a number", "POST", "?VER=8", "count=x", 400},
		{"first message missing", "POST", "?VER=8", "count=1&ofs=3&req0___data__=1", 400},
		{"an unknown session", "POST", "?VER=8&SID=none", "count=0", 400},
		{"a back channel of an unknown session", "GET", "?VER=8&SID=none&AID=0", "", 400},
		{"terminate an unknown session", "POST", "?VER=8&SID=none&TYPE=terminate", "", 200},
		{"a session of another path", "POST", "/other?VER=8&SID=" + c.SID, "count=0", 400},
		{"too large", "POST", "?VER=8&SID=" + c.SID, "count=1&ofs=1&req0___data__=" + strings.Repeat("1", 1<<20), 413},
		{"a number too large", "POST", "?VER=8&SID=" + c.SID, "count=1&ofs=99999999999999999999", 400},
		{"another method", "PUT", "?VER=8&SID=" + c.SID, "", 405},
		{"no AID", "GET", "?VER=8&SID=" + c.SID, "", 400},
		{"an empty body", "POST", "?VER=8&SID=" + c.SID, "", 200},
		{"an AID that was not sent", "GET", "?VER=8&AID=100&SID=" + c.SID, "", 400},
	} {
		r, err := http.NewRequest(x.method, u+x.query, strings.NewReader(x.body))
		if err != nil {
			t.Fatal(err)
		}
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(a.Body)
		a.Body.Close()
		if a.StatusCode != x.status {
			t.Errorf("%s: %d %s, want %d", x.name, a.StatusCode, text, x.status)
		}
	}
}

// No request causes a server error, whatever it contains.
func FuzzRequest(f *testing.F) {
	f.Add("POST", "VER=8&SID=%s&AID=0", "count=1&ofs=1&req0___data__=1")
	f.Add("GET", "VER=8&SID=%s&AID=1&CI=1&TO=1", "")
	f.Add("POST", "VER=8&RID=1&$httpHeaders=a:b", "count=2&headers=:&req1___data__=")
	f.Add("POST", "VER=8&SID=%s&TYPE=terminate", "")
	bodies := &httplimit.BodyReader{MaxBytes: 1 << 16, MaxTotalBytes: 1 << 20}
	s := New(Options{Serve: echo, Bodies: bodies, MaxSessions: 8, KeepAlive: time.Millisecond})
	f.Cleanup(s.Close)
	f.Fuzz(func(t *testing.T, method, query, body string) {
		n := s.newSession("/", nil)
		if !s.add(n) {
			t.Fatal("no room")
		}
		n.expiry = time.AfterFunc(time.Minute, n.expire)
		go n.run()
		defer n.end()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, "POST", "/", strings.NewReader(body))
		r.Method, r.URL.RawQuery = method, strings.ReplaceAll(query, "%s", n.id)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= 500 && w.Code != 503 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}
