package console_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// Requests from pages of other origins and through rebound host names are rejected.
func TestCrossOriginRequests(t *testing.T) {
	_, api := open(t)
	host := strings.TrimPrefix(api.url, "http://")
	_, port, _ := strings.Cut(host, ":")
	type headers = map[string]string
	for name, c := range map[string]struct {
		method, path string
		headers      headers
		want         int
	}{
		"the page":                  {"GET", "/", headers{"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 200},
		"the page's own call":       {"GET", "/api/overview", headers{"Sec-Fetch-Site": "same-origin"}, 200},
		"the page's own change":     {"POST", "/api/clock", headers{"Sec-Fetch-Site": "same-origin", "Origin": api.url, "X-Console": "1"}, 400},
		"a program":                 {"GET", "/api/overview", nil, 200},
		"by name":                   {"GET", "/api/overview", headers{"Host": "localhost:" + port}, 200},
		"by a name below localhost": {"GET", "/api/overview", headers{"Host": "console.localhost:" + port}, 200},
		"by IPv6 address":           {"GET", "/api/overview", headers{"Host": "[::1]:" + port}, 200},
		"a link from another site":  {"GET", "/", headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 200},

		"a change without the header":   {"POST", "/api/clock", headers{"Sec-Fetch-Site": "same-origin"}, 403},
		"a deletion without the header": {"DELETE", "/api/collection?database=" + database + "&path=a", nil, 403},
		"a form of another page":        {"POST", "/api/clock", headers{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example", "Content-Type": "text/plain"}, 403},
		"another page with the header":  {"POST", "/api/clock", headers{"Origin": "https://evil.example", "X-Console": "1"}, 403},
		"another port":                  {"POST", "/api/clock", headers{"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1", "X-Console": "1"}, 403},
		"a sandboxed frame":             {"POST", "/api/clock", headers{"Origin": "null", "X-Console": "1"}, 403},
		"reading from another page":     {"GET", "/api/overview", headers{"Sec-Fetch-Site": "cross-site"}, 403},
		"a link into the API":           {"GET", "/api/overview", headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 403},
		"a frame":                       {"GET", "/", headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, 403},
		"a script of another page":      {"GET", "/app.js", headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403},
		"a preflight request":           {"OPTIONS", "/api/clock", headers{"Origin": "https://evil.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-console"}, 403},
		"rebound":                       {"GET", "/api/overview", headers{"Host": "evil.example:" + port, "Sec-Fetch-Site": "same-origin"}, 403},
		"rebound page":                  {"GET", "/", headers{"Host": "evil.example:" + port}, 403},
		"rebound, almost localhost":     {"GET", "/api/overview", headers{"Host": "notlocalhost.example:" + port}, 403},
		"rebound, almost an address":    {"GET", "/api/overview", headers{"Host": "127.0.0.1.evil.example:" + port}, 403},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, api.url+c.path, strings.NewReader(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range c.headers {
			r.Header.Set(k, v)
		}
		r.Host = r.Header.Get("Host")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != c.want {
			t.Errorf("%s: %s, want %d: %.200s", name, resp.Status, c.want, text)
		}
		h := resp.Header
		if h.Get("Access-Control-Allow-Origin") != "" || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: response headers %v", name, h)
		}
	}
}
