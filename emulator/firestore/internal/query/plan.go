package query

import (
	"slices"
	"strings"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// plan describes how to find the results of one disjunct in an index made for its shape. The index
// is sorted by the fields of equalities, then by the sort keys, so the results are a contiguous
// range of entries in the right order.
type plan struct {
	spec      store.IndexSpec
	backwards bool
	from, to  string
}

// plan returns the plan for one disjunct; ok is false if scanning documents by name is just as
// good.
func (q *Query) plan(disjunct []*Comparison) (p plan, ok bool) {
	equal := q.equalities(disjunct)
	sorts := q.sorts(equal)
	if len(equal) == 0 && len(sorts) == 0 {
		return p, false
	}
	nameDesc := q.nameDesc()
	// Of an index and its reverse only one is built.
	p.backwards = len(sorts) > 0 && sorts[0].Desc || len(sorts) == 0 && nameDesc
	p.spec = store.IndexSpec{AllCollections: q.All, NameDesc: nameDesc != p.backwards}
	var prefix []byte
	if !q.All {
		prefix = store.AppendCollection(nil, q.Collection())
	}
	for _, c := range equal {
		f := store.IndexField{Path: c.Path, Array: c.Op == ArrayContains}
		p.spec.Fields = append(p.spec.Fields, f)
		prefix = f.AppendValue(prefix, c.Value)
	}
	for _, o := range sorts {
		p.spec.Fields = append(p.spec.Fields, store.IndexField{Path: o.Path, Desc: o.Desc != p.backwards})
	}
	p.from, p.to = string(prefix), successor(prefix)
	if len(sorts) > 0 {
		p.narrow(prefix, p.spec.Fields[len(equal)], disjunct)
	}
	if len(sorts) == len(q.Orders)-1 { // otherwise cursors contain values that are not in the entries
		p.applyCursors(q, prefix, p.spec.Fields[len(equal):])
	}
	return p, true
}

// equalities returns the comparisons that fix a part of the entries, in an order that does not
// depend on their order in the query. An index can only serve one array membership; others are
// evaluated per document.
func (q *Query) equalities(disjunct []*Comparison) []*Comparison {
	var out []*Comparison
	seen := map[string]bool{}
	array := false
	for _, c := range disjunct {
		if c.Path.IsName() || c.Op != Equal && (c.Op != ArrayContains || array) {
			continue
		}
		k := c.Path.String()
		if c.Op == Equal {
			k = "=" + k
		}
		if seen[k] {
			continue
		}
		seen[k] = true
		array = array || c.Op == ArrayContains
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b *Comparison) int {
		if a.Op != b.Op {
			return int(a.Op) - int(b.Op)
		}
		return strings.Compare(a.Path.String(), b.Path.String())
	})
	return out
}

// sorts returns the sort keys that equalities do not fix, without the name.
func (q *Query) sorts(equal []*Comparison) []Order {
	var out []Order
next:
	for _, o := range q.Orders {
		if o.Path.IsName() {
			break
		}
		for _, c := range equal {
			if c.Op == Equal && c.Path.Equal(o.Path) {
				continue next
			}
		}
		out = append(out, o)
	}
	return out
}

// edge is a position among keys: just before or just after all that start with key.
type edge struct {
	key   []byte
	after bool
}

// narrow narrows the range by the inequalities on the first sort key.
func (p *plan) narrow(prefix []byte, f store.IndexField, disjunct []*Comparison) {
	for _, c := range disjunct {
		if !c.Path.Equal(f.Path) {
			continue
		}
		kind, key := value.AppendKindKey(nil, c.Value), value.AppendKey(nil, c.Value)
		low, high := edge{kind, false}, edge{kind, true}
		switch c.Op {
		case Less:
			high = edge{key, false}
		case LessOrEqual:
			high = edge{key, true}
		case Greater:
			low = edge{key, true}
		case GreaterOrEqual:
			low = edge{key, false}
		default:
			continue
		}
		if f.Desc {
			value.Invert(key)
			value.Invert(kind)
			low, high = edge{high.key, !high.after}, edge{low.key, !low.after}
		}
		p.cut(prefix, low, high)
	}
}

// cut narrows the range to the part between two edges below prefix.
func (p *plan) cut(prefix []byte, low, high edge) {
	at := func(e edge) string {
		k := append(append([]byte(nil), prefix...), e.key...)
		if e.after {
			return successor(k)
		}
		return string(k)
	}
	if s := at(low); s > p.from {
		p.from = s
	}
	if s := at(high); s != "" && (p.to == "" || s < p.to) {
		p.to = s
	}
}

// applyCursors narrows the range by the query's start and end cursors.
func (p *plan) applyCursors(q *Query, prefix []byte, fields []store.IndexField) {
	all := edge{nil, false}
	end := edge{nil, true}
	for _, start := range []bool{true, false} {
		c := q.End
		if start {
			c = q.Start
		}
		if c == nil {
			continue
		}
		key, ok := p.cursorKey(q, c, fields)
		if !ok {
			continue
		}
		// In a backward scan, the start cursor is the end of the range.
		e := edge{key, !c.Before}
		if p.backwards {
			e.after = c.Before
		}
		if start != p.backwards {
			p.cut(prefix, e, end)
		} else {
			p.cut(prefix, all, e)
		}
	}
}

// cursorKey returns the part of an entry at a cursor that follows the equalities.
func (p *plan) cursorKey(q *Query, c *Cursor, fields []store.IndexField) (key []byte, ok bool) {
	for i, v := range c.Values {
		if i < len(fields) {
			key = fields[i].AppendValue(key, v)
			continue
		}
		k, _ := nameKey(v)
		if !q.All && !k.In(q.Collection()) {
			return nil, false
		}
		key = p.spec.AppendName(key, k)
	}
	return key, true
}

// successor returns the smallest string that sorts after all strings with the prefix, or "" if
// there is none.
func successor(prefix []byte) string {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			out := append([]byte(nil), prefix[:i+1]...)
			out[i]++
			return string(out)
		}
	}
	return ""
}

// namedDocument returns the document that a disjunct requires by an equality with its name.
func namedDocument(disjunct []*Comparison) (key resource.Key, ok bool) {
	for _, c := range disjunct {
		if c.Path.IsName() && c.Op == Equal {
			return nameKey(c.Value)
		}
	}
	return "", false
}
