package dispatch

import (
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/net/http/httpguts"
)

const maxHeader = 80 * 1000 // bytes of a request's headers

// CheckHeaders rejects names and values that HTTP does not allow, and headers of 80 KB or more.
func CheckHeaders(headers map[string]string) error {
	size := 0
	for name, value := range headers {
		if !httpguts.ValidHeaderFieldName(name) {
			return fmt.Errorf("%q is not a valid name of an HTTP header", name)
		}
		if !httpguts.ValidHeaderFieldValue(value) {
			return fmt.Errorf("the value of header %q contains a character that HTTP does not allow", name)
		}
		size += len(name) + len(value)
	}
	if size >= maxHeader {
		return fmt.Errorf("the headers have %d bytes; they must have fewer than %d", size, maxHeader)
	}
	return nil
}

// computedHeaders are set by the services themselves; the caller's values are ignored.
var computedHeaders = map[string]bool{"Host": true, "Content-Length": true, "User-Agent": true, "Transfer-Encoding": true}

// Headers returns the caller's headers without those reserved for Google: the computed ones and names that
// begin with X-Google-, X-AppEngine- or the service's own prefix. Names keep their spelling.
// https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2#httprequest
func Headers(given map[string]string, own string) http.Header {
	headers := make(http.Header, len(given))
	for name, value := range given {
		canonical := http.CanonicalHeaderKey(name)
		reserved := computedHeaders[canonical]
		for _, prefix := range []string{"X-Google-", "X-AppEngine-", own} {
			reserved = reserved || len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
		}
		if !reserved {
			headers[name] = append(headers[name], value)
		}
	}
	return headers
}
