package cors

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// allowed tells whether a page of this origin may make the request.
func allowed(origin string, r *http.Request, origins []string) bool {
	if slices.Contains(origins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" { // such as "null", of a sandboxed frame or a file
		return false
	}
	if u.Scheme == "http" && u.Host == r.Host {
		return true // the server's own pages
	}
	return near(u.Hostname())
}

// privateSuffixes end names that nobody can register: they lead to this machine, or somewhere in its network, because
// someone there said so. Sources: RFC 6761 and 6762, RFC 8375, and ICANN's resolution of 2024-07-29 for "internal", which
// containers reach their host by.
var privateSuffixes = []string{".localhost", ".local", ".test", ".internal", ".home.arpa"}

// near tells whether a host is this machine or one of its network: by its address, or by a name that the internet does
// not have.
func near(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()
	}
	return host != "" && !strings.Contains(host, ".") ||
		slices.ContainsFunc(privateSuffixes, func(s string) bool { return strings.HasSuffix(host, s) })
}

// rebound tells whether a request came to this machine's own address under a foreign name: the page's name was made to
// lead here after the page was loaded (DNS rebinding), so that the browser takes us for the page's own server. A server
// that listens on other addresses has whatever names its network gives it.
func rebound(r *http.Request, origins []string) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok || !local.IP.IsLoopback() {
		return false
	}
	host := (&url.URL{Host: r.Host}).Hostname()
	if host == "" || near(host) {
		return false
	}
	if _, err := netip.ParseAddr(host); err == nil { // no name
		return false
	}
	return !slices.ContainsFunc(origins, func(o string) bool {
		u, err := url.Parse(o)
		return err == nil && u.Hostname() == host
	})
}
