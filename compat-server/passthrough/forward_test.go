package passthrough_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/compat-server/passthrough"
)

// rawServer is an old server that keeps what it gets as bytes, and responds with bytes.
type rawServer struct {
	net.Listener
	got chan string
}

func newRawServer(t testing.TB, response string) *rawServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawServer{l, make(chan string, 100)}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				in := bufio.NewReader(c)
				var head strings.Builder
				for {
					line, err := in.ReadString('\n')
					head.WriteString(line)
					if err != nil || line == "\r\n" {
						break
					}
				}
				s.got <- head.String()
				io.WriteString(c, response)
			}()
		}
	}()
	return s
}

// exchange sends bytes to an instance and returns what comes back.
func (in *instance) exchange(t testing.TB, request string) string {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(in.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, request)
	response, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(response)
}

// Requests and responses pass as they are, but for the headers between two hops and those that a proxy
// adds. The old server's address is the only one that is called, whatever a request names.
func TestNothingIsChanged(t *testing.T) {
	fx := newFixture(t)
	const response = "HTTP/1.1 299 OK\r\nContent-Length: 5\r\nX-Old: 1\r\nX-Old: 2\r\nSet-Cookie: a=b\r\nDate: yesterday\r\nServer: werkzeug\r\n" +
		"Connection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n\r\n<b>hi"
	old := newRawServer(t, response)
	in := fx.instance(t, options{oldURL: "http://" + old.Addr().String() + "/prefix/"})
	for target, want := range map[string]string{
		"/apis/v2/schools":                     "/prefix/apis/v2/schools",
		"/":                                    "/prefix/",
		"/unknown?":                            "/prefix/unknown?",
		"/unknown?a=%zz;b&c=%2F#x":             "/prefix/unknown?a=%zz;b&c=%2F#x",
		"/apis/v2/username/%EB%AF%BC%ec%88%98": "/prefix/apis/v2/username/%EB%AF%BC%ec%88%98",
		"/apis/v2/username/민수":                 "/prefix/apis/v2/username/민수",
		"/apis/v2/semesters/a%2fb/c|d":         "/prefix/apis/v2/semesters/a%2fb/c|d",
		"/a//b/./c/../d/":                      "/prefix/a//b/./c/../d/",
		"//evil.example/x":                     "/prefix//evil.example/x",
		"/%2e%2e/%2E%2e%2fx":                   "/prefix/%2e%2e/%2E%2e%2fx",
		"/~!$&'()*+,;=:@-._%7E%41":             "/prefix/~!$&'()*+,;=:@-._%7E%41",
		"http://evil.example/apis/v2/schools":  "/prefix/apis/v2/schools",
		"https://u:p@evil.example:99/x?y":      "/prefix/x?y",
	} {
		got := in.exchange(t, "GET "+target+" HTTP/1.1\r\nHost: evil.example\r\nConnection: close, X-Mine\r\nX-Mine: 1\r\n"+
			"Authorization: Basic YTpi\r\nCookie: c=d\r\nAccept: text/html\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nTE: trailers\r\n\r\n")
		lines := strings.Split(strings.TrimSuffix(<-old.got, "\r\n\r\n"), "\r\n")
		if lines[0] != "GET "+want+" HTTP/1.1" {
			t.Errorf("%s arrives as %q, want %s", target, lines[0], want)
		}
		slices.Sort(lines[1:])
		wantHeaders := []string{"Accept: text/html", "Authorization: Basic YTpi", "Cookie: c=d", "Host: " + old.Addr().String(), "Te: trailers",
			"X-Forwarded-For: 192.0.2.1, 127.0.0.1", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: https"}
		if strings.HasPrefix(target, "https://u:p@") {
			wantHeaders[6] = "X-Forwarded-Host: evil.example:99"
		}
		if strings.HasPrefix(target, "http") {
			wantHeaders[6] = lines[7] // net/http takes the host of the URI
		}
		if !slices.Equal(lines[1:], wantHeaders) {
			t.Errorf("%s arrives with %q, want %q", target, lines[1:], wantHeaders)
		}
		head, body, _ := strings.Cut(got, "\r\n\r\n")
		headers := strings.Split(head, "\r\n")
		if !strings.HasPrefix(headers[0], "HTTP/1.1 299 ") || body != "<b>hi" {
			t.Errorf("%s: got %q", target, got)
		}
		slices.Sort(headers[1:])
		if want := []string{"Connection: close", "Content-Length: 5", "Date: yesterday", "Server: werkzeug", "Set-Cookie: a=b", "X-Old: 1", "X-Old: 2"}; !slices.Equal(headers[1:], want) {
			t.Errorf("%s: headers %q, want %q", target, headers[1:], want)
		}
	}
	if got := in.exchange(t, "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 491 ") {
		t.Errorf("CONNECT: %q", got)
	}
	if len(old.got) > 0 {
		t.Errorf("the old server got %q", <-old.got)
	}
}

func TestParseURL(t *testing.T) {
	for text, ok := range map[string]bool{
		"https://old.example": true, "http://127.0.0.1:8080": true, "https://old.example/v1/": true, "http://[::1]:80": true,
		"": false, "old.example": false, "ftp://old.example": false, "https://": false, "https://:80": false, "https://u:secret@old.example": false,
		"https://old.example?x": false, "https://old.example?": false, "https://old.example#f": false, "http:old.example": false, "https://old.example:secret": false,
	} {
		if u, err := passthrough.ParseURL(text); (err == nil) != ok || err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("ParseURL(%q) = %v, %v", text, u, err)
		}
	}
}

// Responses stream: each part arrives before the next is sent. So do bodies that are too large to be kept.
func TestStreaming(t *testing.T) {
	fx := newFixture(t)
	next := make(chan bool)
	streaming := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		first := make([]byte, passthrough.MaxBody)
		_, err := io.ReadFull(r.Body, first)
		fmt.Fprint(w, "first", err)
		http.NewResponseController(w).Flush()
		<-next
		rest, err := io.ReadAll(r.Body)
		fmt.Fprint(w, "rest", len(rest), err)
	}))
	t.Cleanup(streaming.Close)
	in := fx.instance(t, options{oldURL: streaming.URL})
	reader, writer := io.Pipe()
	r, _ := http.NewRequestWithContext(t.Context(), "POST", in.url+"/unknown", reader)
	go writer.Write(bytes.Repeat([]byte("x"), passthrough.MaxBody+1))
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	first := make([]byte, len("first<nil>"))
	if _, err := io.ReadFull(response.Body, first); err != nil || string(first) != "first<nil>" {
		t.Fatalf("first part %q, %v", first, err)
	}
	writer.Write(bytes.Repeat([]byte("x"), 1<<20))
	writer.Close()
	next <- true
	if rest, err := io.ReadAll(response.Body); string(rest) != fmt.Sprintf("rest%d <nil>", 1<<20+1) {
		t.Errorf("the rest is %q, %v", rest, err)
	}
	eventually(t, "the memory of bodies to be free", func() bool { return in.Kept() == 0 })
}

// Trailers pass in both directions, and so do HEAD, interim responses and responses without a body.
func TestSpecialMessages(t *testing.T) {
	fx := newFixture(t)
	in := fx.instance(t, options{})
	fx.old.on(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"], w.Header()["Content-Type"] = nil, nil
		switch r.URL.Path {
		case "/trailers":
			w.Header().Set("Trailer", "X-Sum")
			fmt.Fprint(w, r.Trailer.Get("X-Client-Sum"))
			w.Header().Set("X-Sum", "2")
			w.Header().Set(http.TrailerPrefix+"X-Late", "3")
		case "/head":
			w.Header().Set("Content-Length", "12345")
		case "/hints":
			w.Header().Set("Link", "</x>")
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusNotModified)
		}
	})
	for _, size := range []int{10, passthrough.MaxBody * 2} {
		r, _ := http.NewRequestWithContext(t.Context(), "POST", in.url+"/trailers", struct{ io.Reader }{strings.NewReader(strings.Repeat("x", size))})
		r.Trailer = http.Header{"X-Client-Sum": {"1"}}
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if string(body) != "1" || err != nil || response.Trailer.Get("X-Sum") != "2" || response.Trailer.Get("X-Late") != "3" {
			t.Errorf("body of %d bytes: %q, %v, trailers %v", size, body, err, response.Trailer)
		}
		if _, ok := response.Header["Content-Type"]; ok {
			t.Errorf("a Content-Type was made up: %v", response.Header)
		}
	}
	if r := in.call(t, "HEAD", "/head", "", ""); r.header.Get("Content-Length") != "12345" || r.body != "" {
		t.Errorf("HEAD: %v %v", r, r.header)
	}
	r, _ := http.NewRequestWithContext(t.Context(), "GET", in.url+"/hints", nil)
	hints := ""
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		hints += fmt.Sprint(code, h.Get("Link"))
		return nil
	}}))
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || response.StatusCode != http.StatusNotModified || hints != "103</x>" {
		t.Errorf("%v, %v, interim %s", response, err, hints)
	}
	response.Body.Close()
}

// A client that waits for "100 Continue" gets it, and the old server gets the body.
func TestExpectContinue(t *testing.T) {
	fx := newFixture(t)
	in := fx.instance(t, options{})
	for _, size := range []int{3, passthrough.MaxBody + 5} {
		for _, method := range []string{"POST", "GET"} { // a GET streams its body
			c, err := net.Dial("tcp", strings.TrimPrefix(in.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(c, "%s /unknown HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", method, size)
			reader := bufio.NewReader(c)
			if line, err := reader.ReadString('\n'); !strings.HasPrefix(line, "HTTP/1.1 100 ") {
				t.Fatalf("%s: %q, %v", method, line, err)
			}
			io.WriteString(c, strings.Repeat("x", size))
			rest, err := io.ReadAll(reader)
			if err != nil || !strings.Contains(string(rest), "HTTP/1.1 200 ") || strings.Count(string(rest), "x") < size {
				t.Errorf("%s: %.200q, %v", method, rest, err)
			}
			c.Close()
		}
	}
}
