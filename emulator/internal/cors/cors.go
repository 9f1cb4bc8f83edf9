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
// [Handler] is for servers that pages call from other origins, [Guard] for those that no page calls,
// and [OwnHost] for a web site, whose services check origins themselves.
package cors

import (
	"net/http"
	"slices"
	"strings"

	"heek.kr/heektime/emulator/internal/httpjson"
)

// exposed are the response headers that Firebase's web SDKs read. Source: wire traffic of the SDKs, versions 9 and 12.
var exposed = strings.Join([]string{
	"Content-Encoding", "Content-Length", "Content-Range", "Date", "ETag", "X-Goog-Generation", "X-Goog-Hash", "X-Goog-Metageneration",
	"X-Goog-Upload-Chunk-Granularity", "X-Goog-Upload-Size-Received", "X-Goog-Upload-Status", "X-Goog-Upload-URL",
	"X-HTTP-Session-Id", "X-Client-Wire-Protocol",
}, ", ")

// OwnHost rejects requests that reach this machine under a name that is not its own: see [ForeignHost].
// Names that are in an allowed origin are its own, and with "*" every name is.
func OwnHost(next http.Handler, origins []string) http.Handler {
	if slices.Contains(origins, "*") {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ForeignHost(r, origins) {
			reject(w, "The name "+r.Host+" leads to this machine, but is not one of its names. Use localhost or 127.0.0.1, or add the page's origin to the allowed origins.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Guard rejects what [OwnHost] rejects and requests from pages of origins that are not allowed. It adds
// no headers, so pages cannot read next's responses, except those of next's own origin. It is for
// servers that no page calls.
func Guard(next http.Handler, origins []string) http.Handler {
	any := slices.Contains(origins, "*")
	return OwnHost(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if origin := r.Header.Get("Origin"); origin != "" && !any && !allowed(origin, r, origins) {
			reject(w, "Pages of "+origin+" may not call the local cloud. Add it to the allowed origins.")
			return
		}
		next.ServeHTTP(w, r)
	}), origins)
}

// Handler is [Guard] for a server that pages call: it handles preflight requests and adds CORS headers
// to next's responses, including errors, for allowed origins. These are the origins of this machine and
// of private networks, and those in the list, as "https://host"; "*" allows all. The header repeats the
// origin, because the SDKs send credentials, and browsers reject "*" with those.
func Handler(next http.Handler, origins []string) http.Handler {
	guard := Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
	}), origins)
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

// reject responds with an error in the format of Google's APIs.
func reject(w http.ResponseWriter, why string) {
	httpjson.WriteError(w, httpjson.Error{Code: http.StatusForbidden, Status: "PERMISSION_DENIED", Message: why})
}
