package cors

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestHandler(t *testing.T) {
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for _, c := range []struct {
		name, method, origin, preflight string
		origins                         []string
		status                          int
		allowed                         string
	}{
		{"no browser", "GET", "", "", nil, 418, ""},
		{"any origin", "GET", "http://localhost:5173", "", nil, 418, "http://localhost:5173"},
		{"allowed origin", "GET", "https://a.test", "", []string{"https://a.test"}, 418, "https://a.test"},
		{"other origin", "GET", "https://b.test", "", []string{"https://a.test"}, 418, ""},
		{"preflight", "OPTIONS", "https://a.test", "PUT", nil, 204, "https://a.test"},
		{"preflight of another origin", "OPTIONS", "https://b.test", "PUT", []string{"https://a.test"}, 204, ""},
		{"OPTIONS that is no preflight", "OPTIONS", "https://a.test", "", nil, 418, "https://a.test"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "/", nil)
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			if c.preflight != "" {
				r.Header.Set("Access-Control-Request-Method", c.preflight)
				r.Header.Set("Access-Control-Request-Headers", "authorization")
			}
			w := httptest.NewRecorder()
			Handler(next, c.origins).ServeHTTP(w, r)
			h := w.Header()
			if w.Code != c.status || h.Get("Access-Control-Allow-Origin") != c.allowed {
				t.Errorf("%d, allowed %q; want %d, %q", w.Code, h.Get("Access-Control-Allow-Origin"), c.status, c.allowed)
			}
			if c.allowed != "" && c.preflight != "" && (h.Get("Access-Control-Allow-Methods") != "PUT" || h.Get("Access-Control-Allow-Headers") != "authorization") {
				t.Errorf("preflight answers %v", h)
			}
			if c.origin != "" && h.Get("Vary") == "" {
				t.Error("a cache would mix up origins")
			}
		})
	}
}
