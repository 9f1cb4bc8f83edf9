package auth

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// ClientIP returns the network address of the client, or the /64 prefix of an IPv6 address, which is
// what one household gets. hops is the number of trusted proxies in front of the service, each of
// which appends its peer's address to X-Forwarded-For. Cloud Run's front end is one; entries before
// its own come from the client and may be forged. With 0 hops, ClientIP ignores the header and uses
// the address of the connection.
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
		return "unknown" // the proxy wrote no address; all its clients count as one
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		network, _ := ip.Prefix(64) // cannot fail: an IPv6 address has more than 64 bits
		return network.String()
	}
	return ip.String()
}
