package dispatch

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// maxURL is the length of a target's URL in bytes, after encoding.
const maxURL = 2083

// CheckURL rejects URLs that are not absolute, not http or https, or longer than Google allows.
func CheckURL(raw string) error {
	encoded := encodeURL(raw)
	target, err := url.Parse(encoded)
	switch {
	case strings.ContainsFunc(raw, unicode.IsControl):
		return fmt.Errorf("%q contains a control character", raw)
	case err != nil:
		return err
	case target.Scheme != "http" && target.Scheme != "https":
		return fmt.Errorf("%q must begin with http:// or https://", raw)
	case target.Host == "":
		return fmt.Errorf("%q has no host", raw)
	case len(encoded) > maxURL:
		return fmt.Errorf("the URL has %d characters; the limit is %d", len(encoded), maxURL)
	}
	return nil
}

// encodeURL percent-encodes what RFC 3986 does not allow in a path or query: spaces, quotes, letters beyond
// ASCII, a % that begins no escape. The rest stays as it is, escapes included. Cloud Tasks and Cloud Scheduler
// "will encode some characters for safety and compatibility".
// https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2#httprequest
// https://cloud.google.com/scheduler/docs/reference/rpc/google.cloud.scheduler.v1#httptarget
func encodeURL(raw string) string {
	_, rest, ok := strings.Cut(raw, "://")
	start := strings.IndexAny(rest, "/?#")
	if !ok || start < 0 {
		return raw
	}
	rest = rest[start:]
	var b strings.Builder
	b.WriteString(raw[:len(raw)-len(rest)])
	for i := range len(rest) {
		c := rest[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 || c == '%' && !isEscape(rest[i:]) {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// isEscape reports whether text begins with % and two hexadecimal digits.
func isEscape(text string) bool {
	_, err := url.PathUnescape(text[:min(3, len(text))])
	return err == nil
}
