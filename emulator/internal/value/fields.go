package value

import (
	"slices"
	"strings"
)

// Field is one entry of a map or a document.
type Field struct {
	Name  string
	Value Value
}

// Fields holds the entries of a map or a document, sorted by the bytes of their names. It is
// immutable; nil is empty.
type Fields struct {
	list []Field
	size int    // see Size
	wire string // their encoding in a google.firestore.v1.Document, if they were decoded from one
}

// ofSorted returns Fields with the entries of list, which must be in order.
func ofSorted(list []Field) *Fields {
	f := &Fields{list: list}
	for i := range list {
		f.size += len(list[i].Name) + 1 + list[i].Value.Size()
	}
	return f
}

// NewFields returns Fields with the entries of list, which it sorts and keeps. If two entries have
// the same name, the later one wins.
func NewFields(list []Field) *Fields {
	slices.SortStableFunc(list, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	out := list[:0]
	for _, f := range list {
		if n := len(out); n > 0 && out[n-1].Name == f.Name {
			out[n-1] = f
			continue
		}
		out = append(out, f)
	}
	return ofSorted(out)
}

// Len returns the number of entries.
func (f *Fields) Len() int {
	if f == nil {
		return 0
	}
	return len(f.list)
}

// All returns the entries in order. The caller must not change them.
func (f *Fields) All() []Field {
	if f == nil {
		return nil
	}
	return f.list
}

// search returns the index of name, or the index at which to insert it.
func (f *Fields) search(name string) (int, bool) {
	if f == nil {
		return 0, false
	}
	low, high := 0, len(f.list)
	for low < high {
		mid := (low + high) / 2
		if f.list[mid].Name < name {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low, low < len(f.list) && f.list[low].Name == name
}

// Get returns the value of the entry name, or the absent value.
func (f *Fields) Get(name string) Value {
	if i, ok := f.search(name); ok {
		return f.list[i].Value
	}
	return Value{}
}

// With returns a copy in which name is v; an absent v removes name.
func (f *Fields) With(name string, v Value) *Fields {
	i, found := f.search(name)
	old := f.All()
	if !v.Exists() {
		if !found {
			return f
		}
		list := make([]Field, 0, len(old)-1)
		return ofSorted(append(append(list, old[:i]...), old[i+1:]...))
	}
	list := make([]Field, 0, len(old)+1)
	list = append(append(list, old[:i]...), Field{name, v})
	if found {
		i++
	}
	return ofSorted(append(list, old[i:]...))
}

// At returns the value at path, which leads through nested maps, or the absent value.
func (f *Fields) At(path []string) Value {
	for i, name := range path {
		v := f.Get(name)
		if i == len(path)-1 {
			return v
		}
		if v.kind != Map {
			return Value{}
		}
		f = v.Map()
	}
	return Value{}
}

// WithAt returns a copy in which the value at path is v. It creates missing maps along the path and
// replaces values along it that are not maps. An absent v removes the value at path and creates
// nothing.
func (f *Fields) WithAt(path []string, v Value) *Fields {
	if len(path) == 1 {
		return f.With(path[0], v)
	}
	child := f.Get(path[0])
	if !v.Exists() && child.kind != Map {
		return f
	}
	var inner *Fields
	if child.kind == Map {
		inner = child.Map()
	}
	return f.With(path[0], OfMap(inner.WithAt(path[1:], v)))
}

// Pick returns a copy with only the values at these paths.
func (f *Fields) Pick(paths [][]string) *Fields {
	out := &Fields{}
	for _, p := range paths {
		if v := f.At(p); v.Exists() {
			out = out.WithAt(p, v)
		}
	}
	return out
}
