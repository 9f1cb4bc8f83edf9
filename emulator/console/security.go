package console

import (
	"net/http"
	"strings"

	"heek.kr/heektime/emulator/internal/cors"
)

// ChangeHeader is required on every call that changes something. A page of another origin can set it
// only after a preflight request, which this server never grants.
const ChangeHeader = "X-Console"

// CheckRequest returns why a request to a console is rejected, or "" if it is not. ownOrigins have host names
// that browsers may use in addition to those that no attacker can control. Programs that serve a console of
// their own, with its API below /api/, use it too.
//
// The port trusts every caller, so a web page that the developer has open in a browser could abuse it in
// two ways. It could send requests to the port directly; browsers mark these with the page's origin
// (https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site). Or it could
// resolve its own host name to 127.0.0.1 (DNS rebinding); the Host header then holds that name.
func CheckRequest(r *http.Request, ownOrigins []string) string {
	if cors.ForeignHost(r, ownOrigins) {
		return "The console does not serve the host " + r.Host + ". Use localhost or an IP address."
	}
	api := strings.HasPrefix(r.URL.Path, "/api/")
	switch site := r.Header.Get("Sec-Fetch-Site"); {
	case site == "", site == "same-origin", site == "none":
	case !api && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document": // a link to the page
	default:
		return "Pages of other origins may not use the console."
	}
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host {
		return "Pages of other origins may not use the console: the Origin is " + origin + "."
	}
	if api && r.Method != http.MethodGet && r.Method != http.MethodHead && r.Header.Get(ChangeHeader) == "" {
		return "Calls that change something need the header " + ChangeHeader + "."
	}
	return ""
}

// contentSecurityPolicy lets the page load only its own files. Documents, names and messages are
// untrusted: if one of them ever got into the page as markup, it could neither run scripts nor send
// requests to another server.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// SetSecurityHeaders sets the headers that let a console's page load and call only its own server.
func SetSecurityHeaders(h http.Header) {
	h.Set("Content-Security-Policy", contentSecurityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}
