package auth

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// FirebaseHosting is the name of Firebase Hosting's proxies in the setting TRUSTED_PROXIES.
const FirebaseHosting = "firebase-hosting"

// Proxies are the network addresses whose entries in X-Forwarded-For are trusted. The zero value trusts
// only what runs beside the service: loopback and link-local addresses, from which Cloud Run's front end
// and the local cloud's Hosting connect, and which nobody on the internet has.
type Proxies struct {
	ranges  []netip.Prefix
	hosting bool
}

// ParseProxies parses a list of address ranges like "192.0.2.0/24", single addresses, and
// [FirebaseHosting].
func ParseProxies(list []string) (Proxies, error) {
	var p Proxies
	for _, text := range list {
		if text == FirebaseHosting {
			p.hosting = true
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if ip, ipErr := netip.ParseAddr(text); ipErr == nil && ip.Zone() == "" {
			ip = ip.Unmap()
			prefix, err = netip.PrefixFrom(ip, ip.BitLen()), nil
		}
		switch {
		case err != nil:
			return Proxies{}, fmt.Errorf("environment variable TRUSTED_PROXIES contains %q; "+
				"want address ranges like 192.0.2.0/24 or %s", text, FirebaseHosting)
		case prefix.Bits() < 8, prefix.Addr().Is4In6():
			return Proxies{}, fmt.Errorf("environment variable TRUSTED_PROXIES contains %q; "+
				"want a range of at least 8 bits, and IPv4 ranges as such: clients in it can choose their address", text)
		}
		p.ranges = append(p.ranges, prefix)
	}
	return p, nil
}

// ClientIP returns the network address of the client, or the /64 prefix of an IPv6 address, which is
// what one household gets. It starts with the address of the connection and follows X-Forwarded-For from
// its end for as long as the address is a trusted proxy's, since each proxy appends the address that it
// was called from. Everything before an untrusted address may be forged by the client.
//
// Cloud Run's front end appends the address of its caller. A request through Firebase Hosting arrives
// with "client, Google front end".
//
// Sources: https://cloud.google.com/functions/docs/reference/headers#x-forwarded-for,
// measured by https://github.com/gamedevpl/www.gamedev.pl/pull/1146 (2026-09).
func (p Proxies) ClientIP(r *http.Request) string {
	ip, ok := parseHop(r.RemoteAddr)
	rest := r.Header.Values("X-Forwarded-For")
	line := ""
	fromGoogle := false
	for ok {
		if !p.trusts(ip, fromGoogle) {
			break
		}
		fromGoogle = fromGoogle || p.hosting && contains(googleFrontEnds, ip)
		entry := ""
		for entry == "" {
			if line == "" {
				if len(rest) == 0 {
					return clientNetwork(ip) // every proxy is trusted, so the first one is the client
				}
				line, rest = rest[len(rest)-1], rest[:len(rest)-1]
			}
			comma := strings.LastIndexByte(line, ',')
			entry = strings.TrimSpace(line[comma+1:])
			line = line[:max(0, comma)]
		}
		ip, ok = parseHop(entry)
	}
	if !ok {
		return "unknown" // a proxy wrote no address; all its clients count as one
	}
	return clientNetwork(ip)
}

// trusts reports whether the entry before ip in X-Forwarded-For is to be believed. Fastly is Hosting's
// CDN, but also that of others. So its addresses are trusted only if Google's front end was called from
// there.
func (p Proxies) trusts(ip netip.Addr, fromGoogle bool) bool {
	return ip.IsLoopback() || ip.IsLinkLocalUnicast() || contains(p.ranges, ip) ||
		p.hosting && (contains(googleFrontEnds, ip) || fromGoogle && contains(fastly, ip))
}

func contains(ranges []netip.Prefix, ip netip.Addr) bool {
	for _, r := range ranges {
		if r.Contains(ip) {
			return true
		}
	}
	return false
}

// parseHop parses an address, which may have a port or a zone.
func parseHop(text string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		withPort, portErr := netip.ParseAddrPort(text)
		if portErr != nil {
			return netip.Addr{}, false
		}
		ip = withPort.Addr()
	}
	return ip.Unmap().WithZone(""), true
}

func clientNetwork(ip netip.Addr) string {
	if ip.Is6() {
		network, _ := ip.Prefix(64) // cannot fail: an IPv6 address has more than 64 bits
		return network.String()
	}
	return ip.String()
}
