package cors

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// allowed reports whether a page of this origin may send the request.
func (p *Policy) allowed(origin string, r *http.Request) bool {
	if slices.Contains(p.origins, origin) {
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

// privateSuffixes end names that cannot be registered: they lead to this machine or to its network.
// Sources: RFC 6761, RFC 6762, RFC 8375, and ICANN's resolution of 2024-07-29 for "internal", the name
// by which containers reach their host.
var privateSuffixes = []string{".localhost", ".local", ".test", ".internal", ".home.arpa"}

// near reports whether a host is this machine or in its network, judging by its address or by a name
// that does not exist on the internet.
func near(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()
	}
	return host != "" && !strings.Contains(host, ".") ||
		slices.ContainsFunc(privateSuffixes, func(s string) bool { return strings.HasSuffix(host, s) })
}

// ForeignHost reports whether a request arrived under a name that is not this machine's, and is in none of
// the origins. That is DNS rebinding: the page's name was pointed to this machine after the page was
// loaded, so that the browser takes us for the page's own server. Nobody can point an address, or a name that does not exist on the internet.
//
// This holds for every address that a server listens on: a page can guess that of a private network as
// well as 127.0.0.1.
func ForeignHost(r *http.Request, origins []string) bool {
	if _, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); !ok {
		return false // the request did not arrive over a network
	}
	host := hostname(r.Host)
	if host == "" || near(host) {
		return false
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	return !slices.ContainsFunc(origins, func(o string) bool {
		u, err := url.Parse(o)
		return err == nil && hostname(u.Host) == host
	})
}

// hostname returns the name in a Host header, without the port, as DNS compares names.
func hostname(host string) string {
	return strings.ToLower(strings.TrimSuffix((&url.URL{Host: host}).Hostname(), "."))
}
