package auth

import "net/netip"

// googleFrontEnds are the addresses of Google's own services, from which Firebase Hosting calls Cloud
// Run. They are the ranges of https://www.gstatic.com/ipranges/goog.json without those of
// https://www.gstatic.com/ipranges/cloud.json, which Google's customers rent: a customer's machine must
// not be able to forge entries. https://support.google.com/a/answer/10026322 documents both files and
// their difference. The list leaves out small ranges that are not used for front ends, like DNS.
//
// If a range is missing, all clients behind it count as one. docs/sign-in.md says how to check and how
// to add one without a new release.
var googleFrontEnds = prefixes(
	"64.233.160.0/19", "66.102.0.0/20", "66.249.64.0/19", "72.14.192.0/18", "74.125.0.0/16",
	"108.177.0.0/17", "142.250.0.0/15", "172.217.0.0/16", "172.253.0.0/16", "173.194.0.0/16",
	"192.178.0.0/15", "209.85.128.0/17", "216.58.192.0/19", "216.239.32.0/19",
	"2001:4860::/32", "2404:6800::/32", "2607:f8b0::/32", "2800:3f0::/32", "2a00:1450::/32", "2c0f:fb50::/32",
)

// fastly are the addresses of Hosting's CDN, from https://api.fastly.com/public-ip-list (2026-02).
var fastly = prefixes(
	"23.235.32.0/20", "43.249.72.0/22", "103.244.50.0/24", "103.245.222.0/23", "103.245.224.0/24",
	"104.156.80.0/20", "140.248.64.0/18", "140.248.128.0/17", "146.75.0.0/17", "151.101.0.0/16",
	"157.52.64.0/18", "167.82.0.0/17", "167.82.128.0/20", "167.82.160.0/20", "167.82.224.0/20",
	"172.111.64.0/18", "185.31.16.0/22", "199.27.72.0/21", "199.232.0.0/16", "2a04:4e40::/32", "2a04:4e42::/32",
)

func prefixes(list ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, len(list))
	for i, text := range list {
		parsed[i] = netip.MustParsePrefix(text)
	}
	return parsed
}
