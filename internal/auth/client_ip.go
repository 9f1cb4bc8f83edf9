package auth

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Client names whom a request comes from: a network address, or the first half of one of IPv6, which a household has to
// itself. hops is how many proxies that can be trusted appended to X-Forwarded-For what they saw: the last is the nearest.
// Cloud Run's front end is one; what stands before its entry came from the caller and may be a lie. With 0 hops it is who
// opened the connection.
//
// Source: https://cloud.google.com/functions/docs/reference/headers#x-forwarded-for
func ClientIP(r *http.Request, hops int) string {
	name, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		name = r.RemoteAddr
	}
	if hops > 0 {
		entries := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		if at := len(entries) - hops; at >= 0 {
			if entry := strings.TrimSpace(entries[at]); entry != "" {
				name = entry
			}
		}
	}
	ip, err := netip.ParseAddr(name)
	if err != nil {
		return "unknown" // a proxy that writes no address: all of its callers are one
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		network, _ := ip.Prefix(64) // 64 bits are never too many for IPv6
		return network.String()
	}
	return ip.String()
}
