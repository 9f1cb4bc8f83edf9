package resource

import (
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/internal/value"
)

// Key is the path of a document or a collection below a database's root: its IDs, each followed by
// a zero byte. As strings, keys sort as Firestore sorts names, and the key of a parent is a prefix
// of the keys of its children. The empty Key is the root.
//
// The bytes 0 and 1 in an ID are escaped as 1 1 and 1 2. A numeric ID such as __id7__ is encoded as
// a zero byte followed by eight bytes, so that it sorts as a number and before all other IDs.
type Key string

const (
	terminator = 0x00
	escape     = 0x01
	signFlip   = 1 << 63
)

// keyOf returns the key of a path a/b/c and the number of its IDs.
func keyOf(path string) (Key, int, error) {
	if len(path) > maxNameBytes {
		return "", 0, status.Errorf(codes.InvalidArgument, "The name %.60q… is longer than %d bytes.", path, maxNameBytes)
	}
	if !utf8.ValidString(path) {
		return "", 0, status.Errorf(codes.InvalidArgument, "The name %q is not valid UTF-8.", path)
	}
	b := make([]byte, 0, len(path)+1)
	segments := 0
	for rest, more := path, true; more; segments++ {
		var id string
		id, rest, more = strings.Cut(rest, "/")
		if err := checkID(id, segments%2 == 1); err != nil {
			return "", 0, err
		}
		b = appendID(b, id)
	}
	if segments > 2*maxDepth {
		return "", 0, status.Errorf(codes.InvalidArgument, "The name %.60q… is nested deeper than %d collections.", path, maxDepth)
	}
	return Key(b), segments, nil
}

func numeric(id string) bool {
	_, ok := value.NumericID(id)
	return ok
}

func appendID(b []byte, id string) []byte {
	if n, ok := value.NumericID(id); ok {
		b = append(b, terminator)
		b = binary.BigEndian.AppendUint64(b, uint64(n)^signFlip)
		return append(b, terminator)
	}
	if !strings.ContainsAny(id, "\x00\x01") {
		return append(append(b, id...), terminator)
	}
	for _, c := range []byte(id) {
		if c <= escape {
			b = append(b, escape, c+1)
			continue
		}
		b = append(b, c)
	}
	return append(b, terminator)
}

// Child returns the key of id directly below k. The caller must have checked the ID.
func (k Key) Child(id string) Key {
	return Key(appendID(append(make([]byte, 0, len(k)+len(id)+1), k...), id))
}

// next splits k after its first ID, which is returned still escaped and without its terminator.
func (k Key) next() (id string, rest Key) {
	if k[0] == terminator { // numeric
		return string(k[:9]), k[10:]
	}
	i := strings.IndexByte(string(k), terminator)
	return string(k[:i]), k[i+1:]
}

// unescape returns the ID that an escaped ID encodes.
func unescape(id string) string {
	if id[0] == terminator {
		n := int64(binary.BigEndian.Uint64([]byte(id[1:])) ^ signFlip)
		return "__id" + strconv.FormatInt(n, 10) + "__"
	}
	if strings.IndexByte(id, escape) < 0 {
		return id
	}
	b := make([]byte, 0, len(id))
	for i := 0; i < len(id); i++ {
		c := id[i]
		if c == escape {
			i++
			c = id[i] - 1
		}
		b = append(b, c)
	}
	return string(b)
}

// FirstID returns the first ID of k, which must not be the root.
func (k Key) FirstID() string {
	id, _ := k.next()
	return unescape(id)
}

// First returns the prefix of k that ends with its first ID. k must not be the root.
func (k Key) First() Key {
	id, _ := k.next()
	return k[:len(id)+1]
}

// split returns the offsets of the last and the second-to-last ID of k.
func (k Key) split() (last, before int) {
	for rest, at := k, 0; rest != ""; {
		id, r := rest.next()
		before, last = last, at
		at += len(id) + 1
		rest = r
	}
	return last, before
}

// ID returns the last ID of k.
func (k Key) ID() string {
	last, _ := k.split()
	return unescape(string(k[last : len(k)-1]))
}

// Collection returns the key of the collection that contains the document k.
func (k Key) Collection() Key {
	last, _ := k.split()
	return k[:last]
}

// Group returns the ID of the collection that contains the document k.
func (k Key) Group() string {
	last, before := k.split()
	return unescape(string(k[before : last-1]))
}

// Depth returns the number of IDs in k.
func (k Key) Depth() int {
	n := 0
	for rest := k; rest != ""; n++ {
		_, rest = rest.next()
	}
	return n
}

// In reports whether the document k is directly in the collection c.
func (k Key) In(c Key) bool {
	if len(k) <= len(c) || k[:len(c)] != c {
		return false
	}
	_, rest := k[len(c):].next()
	return rest == ""
}

// ChildOf reports whether the document k is in a collection directly below the document or root p.
func (k Key) ChildOf(p Key) bool {
	if !k.Under(p) {
		return false
	}
	_, rest := k[len(p):].next()
	_, rest = rest.next()
	return rest == ""
}

// Under reports whether k is below the document or root p, at any depth.
func (k Key) Under(p Key) bool { return len(k) > len(p) && k[:len(p)] == p }

// Path returns k as a path a/b/c.
func (k Key) Path() string {
	if strings.IndexByte(string(k), escape) < 0 && !strings.Contains(string(k), "\x00\x00") && (k == "" || k[0] != terminator) {
		return strings.ReplaceAll(strings.TrimSuffix(string(k), "\x00"), "\x00", "/")
	}
	var b strings.Builder
	for rest := k; rest != ""; {
		var id string
		id, rest = rest.next()
		b.WriteString(unescape(id))
		if rest != "" {
			b.WriteByte('/')
		}
	}
	return b.String()
}

// Name returns the full name of the document k in db; for the root it is {db}/documents.
func (k Key) Name(db Database) string {
	if k == "" {
		return db.Root()
	}
	return db.Root() + "/" + k.Path()
}

// After returns the smallest key that sorts after k and all its descendants.
func (k Key) After() Key { return k[:len(k)-1] + "\x01" }

// ParsePath returns the key of a document or a collection with the path a/b/c below the root.
func ParsePath(path string) (Key, error) {
	key, _, err := keyOf(path)
	return key, err
}
