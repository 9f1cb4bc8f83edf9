// Package cors decides which web pages may call the servers of the local cloud, and tells browsers.
//
// A page of any site that a developer happens to look at can send requests to 127.0.0.1. So pages are let in that come
// from the same machine or network, or that were named; all others are refused, before anything is done, because a browser
// that hides an answer from a page has still delivered the request. Programs send no Origin header and are not concerned.
package cors

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// exposed are the response headers that Firebase's web SDKs read. Source: wire traffic of the SDKs, versions 9 and 12.
var exposed = strings.Join([]string{
	"Content-Encoding", "Content-Length", "Content-Range", "Date", "ETag", "X-Goog-Generation", "X-Goog-Hash", "X-Goog-Metageneration",
	"X-Goog-Upload-Chunk-Granularity", "X-Goog-Upload-Size-Received", "X-Goog-Upload-Status", "X-Goog-Upload-URL",
	"X-HTTP-Session-Id", "X-Client-Wire-Protocol",
}, ", ")

// Handler answers preflight requests and marks next's answers, errors too, for the origins that are allowed: those of this
// machine and of private networks, and those in the list, as "https://host"; with "*" in it, all. The origin is echoed,
// never "*": the SDKs send credentials, and browsers refuse a star with those.
func Handler(next http.Handler, origins []string) http.Handler {
	any := slices.Contains(origins, "*")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Add("Vary", "Origin")
		if !any && rebound(r, origins) {
			refuse(w, "The name "+r.Host+" leads to this machine, but is not one of its names. Use localhost or 127.0.0.1, or add the page's origin to the allowed ones.")
			return
		}
		origin := r.Header.Get("Origin")
		if origin == "" {
			next.ServeHTTP(w, r)
			return
		}
		if !any && !allowed(origin, r, origins) {
			refuse(w, "Pages of "+origin+" may not call the local cloud. Add it to the allowed origins.")
			return
		}
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Expose-Headers", exposed)
		if method := r.Header.Get("Access-Control-Request-Method"); r.Method == http.MethodOptions && method != "" {
			preflight(h, r, method)
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
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

// refuse answers in the form that all of Google's APIs have for errors.
func refuse(w http.ResponseWriter, why string) {
	body, _ := json.Marshal(map[string]any{"error": map[string]any{
		"code": http.StatusForbidden, "status": "PERMISSION_DENIED", "message": why,
	}})
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(http.StatusForbidden)
	w.Write(body)
}
