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

// Key is the path of a document or a collection below a database's root: its ids, each ended by a zero byte. Keys
// sort, as strings, as Firestore sorts names; the key of a parent is a prefix of its children's. The empty Key is the
// root.
//
// An id that contains a byte 0 or 1 has it escaped (1 1 and 1 2), and a numeric id __id7__ is a zero byte and eight
// more, so that it sorts as a number and before all others.
type Key string

const (
	end      = 0x00
	escape   = 0x01
	signFlip = 1 << 63
)

// keyOf makes the key of a path a/b/c and counts its ids.
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
		if err := CheckID(id); err != nil {
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
		b = append(b, end)
		b = binary.BigEndian.AppendUint64(b, uint64(n)^signFlip)
		return append(b, end)
	}
	if !strings.ContainsAny(id, "\x00\x01") {
		return append(append(b, id...), end)
	}
	for _, c := range []byte(id) {
		if c <= escape {
			b = append(b, escape, c+1)
			continue
		}
		b = append(b, c)
	}
	return append(b, end)
}

// Child is the key of id directly below k. The caller has checked the id.
func (k Key) Child(id string) Key {
	return Key(appendID(append(make([]byte, 0, len(k)+len(id)+1), k...), id))
}

// next cuts the first id off k; the id is still in its escaped form, without its end.
func (k Key) next() (id string, rest Key) {
	if k[0] == end { // numeric
		return string(k[:9]), k[10:]
	}
	i := strings.IndexByte(string(k), end)
	return string(k[:i]), k[i+1:]
}

// plain undoes the escaping of one id.
func plain(id string) string {
	if id[0] == end {
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

// FirstID is the first id of k, which must not be the root.
func (k Key) FirstID() string {
	id, _ := k.next()
	return plain(id)
}

// First is the part of k up to the end of its first id, which must not be the root.
func (k Key) First() Key {
	id, _ := k.next()
	return k[:len(id)+1]
}

// split returns where the last and the last but one id of k begin.
func (k Key) split() (last, before int) {
	for rest, at := k, 0; rest != ""; {
		id, r := rest.next()
		before, last = last, at
		at += len(id) + 1
		rest = r
	}
	return last, before
}

// ID is the last id of k.
func (k Key) ID() string {
	last, _ := k.split()
	return plain(string(k[last : len(k)-1]))
}

// Collection is the key of the collection that the document k is in.
func (k Key) Collection() Key {
	last, _ := k.split()
	return k[:last]
}

// Group is the id of the collection that the document k is in.
func (k Key) Group() string {
	last, before := k.split()
	return plain(string(k[before : last-1]))
}

// Depth is the number of ids in k.
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

// Under reports whether k is below the document or root p, at any depth.
func (k Key) Under(p Key) bool { return len(k) > len(p) && k[:len(p)] == p }

// Path is k as a path a/b/c.
func (k Key) Path() string {
	if strings.IndexByte(string(k), escape) < 0 && !strings.Contains(string(k), "\x00\x00") && (k == "" || k[0] != end) {
		return strings.ReplaceAll(strings.TrimSuffix(string(k), "\x00"), "\x00", "/")
	}
	var b strings.Builder
	for rest := k; rest != ""; {
		var id string
		id, rest = rest.next()
		b.WriteString(plain(id))
		if rest != "" {
			b.WriteByte('/')
		}
	}
	return b.String()
}

// Name is the full name of the document k in db; the root's is {db}/documents.
func (k Key) Name(db Database) string {
	if k == "" {
		return db.Root()
	}
	return db.Root() + "/" + k.Path()
}

// After is the smallest key above k and everything below k.
func (k Key) After() Key { return k[:len(k)-1] + "\x01" }

// ParsePath makes the key of a path a/b/c below the root, of a document or a collection.
func ParsePath(path string) (Key, error) {
	key, _, err := keyOf(path)
	return key, err
}
