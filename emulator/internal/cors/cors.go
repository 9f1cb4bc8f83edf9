// Package cors lets web pages of other origins call a server of the local cloud, as Google's servers let them.
package cors

import (
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

// Handler answers preflight requests and marks next's answers, for the origins that are allowed: all when there are none in
// the list, for it is a developer's machine. The origin is echoed, never "*": the SDKs send credentials, and browsers
// refuse a star with those.
func Handler(next http.Handler, origins []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if origin == "" {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Add("Vary", "Origin")
		if len(origins) == 0 || slices.Contains(origins, origin) {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Allow-Credentials", "true")
			h.Set("Access-Control-Expose-Headers", exposed)
		}
		if method := r.Header.Get("Access-Control-Request-Method"); r.Method == http.MethodOptions && method != "" {
			if h.Get("Access-Control-Allow-Origin") != "" {
				h.Set("Access-Control-Allow-Methods", method)
				if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
					h.Set("Access-Control-Allow-Headers", asked)
				}
				h.Set("Access-Control-Max-Age", "3600")
			}
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}
