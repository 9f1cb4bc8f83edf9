// Package fieldpath parses and formats field paths, such as a.b. Names that are not identifiers are
// quoted with backquotes: a.`b c`.
package fieldpath

import (
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Name is the path that stands for the document's own name in filters, orders and projections.
const Name = "__name__"

// MaxBytes is the maximum size of a field path. A path is as long as its names and the dots between them.
//
// Source: https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
const MaxBytes = 1500

// Path is a sequence of names through nested maps. It is never empty.
type Path []string

// Parse parses a path. Its error is INVALID_ARGUMENT.
func Parse(s string) (Path, error) {
	path, err := parse(s)
	if err == nil && path.bytes() > MaxBytes {
		return nil, status.Errorf(codes.InvalidArgument, "The field path %.40q… is longer than %d bytes.", s, MaxBytes)
	}
	return path, err
}

// ParseField is Parse for the fields of documents and for [Name]. Other names like __name__ are reserved.
//
// Source: google/firestore/v1/document.proto, Document.fields, to which field masks and references to fields refer
func ParseField(s string) (Path, error) {
	path, err := Parse(s)
	if err != nil || path.IsName() {
		return path, err
	}
	for _, name := range path {
		if len(name) >= 4 && strings.HasPrefix(name, "__") && strings.HasSuffix(name, "__") {
			return nil, status.Errorf(codes.InvalidArgument, "Invalid property path %q: the field name %q is reserved.", s, name)
		}
	}
	return path, nil
}

func parse(s string) (Path, error) {
	if simple(s) {
		return Path{s}, nil
	}
	var path Path
	for rest := s; ; {
		name, after, err := next(rest)
		if err != nil {
			return nil, status.Errorf(codes.InvalidArgument, "Invalid property path %q: %s", s, err)
		}
		path = append(path, name)
		if after == "" {
			return path, nil
		}
		if after[0] != '.' {
			return nil, status.Errorf(codes.InvalidArgument, "Invalid property path %q: %q must be followed by a dot.", s, name)
		}
		rest = after[1:]
	}
}

// bytes returns the size of the path, without quotes.
func (p Path) bytes() int {
	n := len(p) - 1
	for _, name := range p {
		n += len(name)
	}
	return n
}

type syntaxError string

func (e syntaxError) Error() string { return string(e) }

// next parses one name and returns the rest of s.
func next(s string) (name, rest string, err error) {
	if s == "" {
		return "", "", syntaxError("a name is empty.")
	}
	if s[0] != '`' { // unquoted
		n := 0
		for n < len(s) && letter(s[n], n > 0) {
			n++
		}
		if n == 0 {
			return "", "", syntaxError("names with characters other than letters, digits and _ must be enclosed in backquotes.")
		}
		return s[:n], s[n:], nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '`':
			if b.Len() == 0 {
				return "", "", syntaxError("a name is empty.")
			}
			return b.String(), s[i+1:], nil
		case '\\':
			if i++; i == len(s) {
				break
			}
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", syntaxError("a backquote is not closed.")
}

func letter(c byte, digits bool) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || digits && c >= '0' && c <= '9'
}

func simple(s string) bool {
	for i := range len(s) {
		if !letter(s[i], i > 0) {
			return false
		}
	}
	return s != ""
}

// String formats the path so that [Parse] accepts it.
func (p Path) String() string {
	if len(p) == 1 && simple(p[0]) {
		return p[0]
	}
	var b strings.Builder
	for i, name := range p {
		if i > 0 {
			b.WriteByte('.')
		}
		if simple(name) {
			b.WriteString(name)
			continue
		}
		b.WriteByte('`')
		b.WriteString(strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(name))
		b.WriteByte('`')
	}
	return b.String()
}

// IsName reports whether p stands for the document's own name.
func (p Path) IsName() bool { return len(p) == 1 && p[0] == Name }

// Equal reports whether p and q are the same path.
func (p Path) Equal(q Path) bool { return len(p) == len(q) && p.HasPrefix(q) }

// HasPrefix reports whether p is q or a path below q.
func (p Path) HasPrefix(q Path) bool {
	if len(p) < len(q) {
		return false
	}
	for i := range q {
		if p[i] != q[i] {
			return false
		}
	}
	return true
}
