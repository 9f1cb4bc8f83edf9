package resource

import "strings"

// Pattern returns the path of a collection with every document ID replaced by {}, such as
// users/{}/timetables. k is the key of a collection; the root's pattern is "".
func (k Key) Pattern() string {
	if k == "" {
		return ""
	}
	id, rest := k.next()
	if rest == "" {
		return unescape(id)
	}
	var b strings.Builder
	b.WriteString(unescape(id))
	for rest != "" {
		_, rest = rest.next() // the document
		b.WriteString("/{}")
		if rest == "" {
			break
		}
		id, rest = rest.next()
		b.WriteByte('/')
		b.WriteString(unescape(id))
	}
	return b.String()
}

// PathSize returns len(k.Path()).
func (k Key) PathSize() int {
	if k == "" {
		return 0
	}
	n := len(k) - 1 // each ID has a terminator; the path has one slash less
	if strings.IndexByte(string(k), escape) < 0 && !strings.Contains(string(k), "\x00\x00") && k[0] != terminator {
		return n
	}
	return len(k.Path())
}
