// Package cors decides which web pages may call the servers of the local cloud.
//
// Any page that a developer visits can send requests to 127.0.0.1. Allowed are pages of this machine
// and its private network, and those allowed by name. All other requests are rejected before they do
// anything: a browser that hides the response from a page has still delivered the request. Programs
// send no Origin header, so this does not apply to them.
//
// A page can also point its own name to this machine, so that the browser sees one origin (DNS
// rebinding). Requests under a name of the internet are therefore rejected, also those of programs, unless
// the name is in an allowed origin.
//
// [Policy.Handler] is for servers that pages call from other origins, [Policy.Guard] for those that no
// page calls or that have CORS headers of their own, and [Policy.OwnHost] for a web site, whose services
// check origins themselves.
package cors

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"heek.kr/heektime/emulator/internal/httpjson"
)

// Policy is the rule for the pages of a list of origins, each as "https://host", in addition to those
// of this machine and its private network. "*" allows every page and every host name.
type Policy struct {
	origins    []string
	all        bool
	rejections *rejections
}

// New returns the policy for a list of origins. It logs rejected requests, because a page cannot show
// why its request failed: a browser hides the response from it.
func New(origins []string, log *slog.Logger) *Policy {
	return &Policy{origins: origins, all: slices.Contains(origins, "*"), rejections: &rejections{log: log}}
}

// OwnOrigins returns the allowed origins and those of the addresses that servers listen on, without empty ones:
// a name that a server was told to listen on is a name of this machine. The console, which is for its own page
// only, gets no allowed origins; gRPC, which no page can speak, needs none.
func OwnOrigins(allowed, addresses []string) []string {
	origins := slices.Clone(allowed)
	for _, address := range addresses {
		if address != "" {
			origins = append(origins, "http://"+address)
		}
	}
	return origins
}

// exposed are the response headers that Firebase's web SDKs read. Source: wire traffic of the SDKs, versions 9 and 12.
var exposed = strings.Join([]string{
	"Content-Encoding", "Content-Length", "Content-Range", "Date", "ETag", "X-Goog-Generation", "X-Goog-Hash", "X-Goog-Metageneration",
	"X-Goog-Upload-Chunk-Granularity", "X-Goog-Upload-Size-Received", "X-Goog-Upload-Status", "X-Goog-Upload-URL",
	"X-HTTP-Session-Id", "X-Client-Wire-Protocol",
}, ", ")

// With returns a policy that also allows origin, and shares p's limit on log lines.
func (p *Policy) With(origin string) *Policy {
	return &Policy{origins: append(slices.Clone(p.origins), origin), all: p.all, rejections: p.rejections}
}

// OwnHost rejects requests that reach this machine under a name that is not its own: see
// [ForeignHost]. Names that are in an allowed origin are its own, and with "*" every name is.
func (p *Policy) OwnHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !p.all && ForeignHost(r, p.origins) {
			p.reject(w, r, "The name "+brief(r.Host)+" leads to this machine, but is not one of its names. Use localhost or 127.0.0.1, or add the page's origin to the allowed origins.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Guard rejects what [Policy.OwnHost] rejects and requests from pages of origins that are not allowed.
// It adds no headers, so other origins' pages can read next's responses only if next allows it.
func (p *Policy) Guard(next http.Handler) http.Handler {
	return p.OwnHost(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if origin := r.Header.Get("Origin"); origin != "" && !p.all && !p.allowed(origin, r) {
			p.reject(w, r, "Pages of "+brief(origin)+" may not call the local cloud. Add it to the allowed origins.")
			return
		}
		next.ServeHTTP(w, r)
	}))
}

// Handler is [Policy.Guard] for a server that pages call: it handles preflight requests and adds CORS
// headers to next's responses, including errors, for allowed origins. The header repeats the origin,
// because the SDKs send credentials, and browsers reject "*" with those.
func (p *Policy) Handler(next http.Handler) http.Handler {
	guard := p.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if origin == "" {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Expose-Headers", exposed)
		if method := r.Header.Get("Access-Control-Request-Method"); r.Method == http.MethodOptions && method != "" {
			preflight(h, r, method)
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Origin")
		guard.ServeHTTP(w, r)
	})
}

func preflight(h http.Header, r *http.Request, method string) {
	h.Add("Vary", "Access-Control-Request-Headers")
	h.Set("Access-Control-Allow-Methods", method)
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked)
	}
	if r.Header.Get("Access-Control-Request-Private-Network") != "" {
		h.Set("Access-Control-Allow-Private-Network", "true")
	}
	h.Set("Access-Control-Max-Age", "3600")
}

// reject responds with an error in the format of Google's APIs, and logs it.
func (p *Policy) reject(w http.ResponseWriter, r *http.Request, why string) {
	p.rejections.add(r, why)
	httpjson.WriteError(w, httpjson.Error{Code: http.StatusForbidden, Status: "PERMISSION_DENIED", Message: why})
}
