package console

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// changeHeader must be on every call that changes something. A page of another origin cannot set it without asking by a
// preflight request, which is never granted.
const changeHeader = "X-Console"

// refuse says why a request is not answered, "" when it is.
//
// A page that the developer has open could otherwise call this port, which trusts whoever reaches it: directly, or after
// its own name has been made to mean 127.0.0.1 (DNS rebinding). The first is told by what browsers say of a request's
// origin (https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site), the second by the
// Host, which is then a stranger's name; an address cannot be rebound.
func (c *Console) refuse(r *http.Request) string {
	if !c.ownHost(r.Host) {
		return "The host " + r.Host + " is not this console's: use localhost or the address."
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
	if api && r.Method != http.MethodGet && r.Method != http.MethodHead && r.Header.Get(changeHeader) == "" {
		return "A call that changes something needs the header " + changeHeader + "."
	}
	return ""
}

// ownHost reports whether a Host header names this machine in a way that no stranger controls.
func (c *Console) ownHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(name, "["), "]"), "."))
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || slices.Contains(c.Hosts, name)
}

// policy lets the page load nothing but its own files. Documents, names and messages are hostile: should one ever get
// into the page as markup, it can run nothing and reach nobody.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

func protectAnswer(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}
