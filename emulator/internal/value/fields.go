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

// Fields are the entries of a map or a document, sorted by name (by bytes). Fields are immutable; nil is empty.
type Fields struct{ list []Field }

// NewFields makes Fields of a list that it takes over and sorts. Of two entries with one name the later wins.
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
	return &Fields{list: out}
}

// Len is the number of entries.
func (f *Fields) Len() int {
	if f == nil {
		return 0
	}
	return len(f.list)
}

// All are the entries in order. The caller must not change them.
func (f *Fields) All() []Field {
	if f == nil {
		return nil
	}
	return f.list
}

// search returns where name is, or where it would be.
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

// Get returns the entry of that name, or the absent value.
func (f *Fields) Get(name string) Value {
	if i, ok := f.search(name); ok {
		return f.list[i].Value
	}
	return Value{}
}

// With returns Fields in which name is v; an absent v removes it.
func (f *Fields) With(name string, v Value) *Fields {
	i, found := f.search(name)
	old := f.All()
	if !v.Exists() {
		if !found {
			return f
		}
		list := make([]Field, 0, len(old)-1)
		return &Fields{list: append(append(list, old[:i]...), old[i+1:]...)}
	}
	list := make([]Field, 0, len(old)+1)
	list = append(append(list, old[:i]...), Field{name, v})
	if found {
		i++
	}
	return &Fields{list: append(list, old[i:]...)}
}

// At returns the value at a path of names through nested maps, or the absent value.
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

// WithAt returns Fields in which the value at path is v. Maps on the way are made, and values there that are no maps
// replaced. An absent v removes what is at path and makes nothing.
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

// Pick returns Fields with only what is at these paths.
func (f *Fields) Pick(paths [][]string) *Fields {
	out := &Fields{}
	for _, p := range paths {
		if v := f.At(p); v.Exists() {
			out = out.WithAt(p, v)
		}
	}
	return out
}
