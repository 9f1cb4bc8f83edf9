package query

import (
	"slices"
	"strings"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// plan is how one alternative of a query is found in an index made for its shape: the equalities come first, then the
// sort keys, so that the results are one range of the index, in order.
type plan struct {
	spec      store.IndexSpec
	backwards bool
	from, to  string
}

// plan makes the plan for one alternative; ok is false when the documents' own tree serves as well.
func (q *Query) plan(alternative []*Comparison) (p plan, ok bool) {
	equal := q.equalities(alternative)
	sorts := q.sorts(equal)
	if len(equal) == 0 && len(sorts) == 0 {
		return p, false
	}
	nameDesc := q.nameDesc()
	// Of an index and its mirror image only one is kept.
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
		p.narrow(prefix, p.spec.Fields[len(equal)], alternative)
	}
	if len(sorts) == len(q.Orders)-1 { // else a cursor has values that are not in the entries
		p.cursors(q, prefix, p.spec.Fields[len(equal):])
	}
	return p, true
}

// equalities are the comparisons that fix a part of the entries, in one order for all queries that have the same. Of
// several array memberships an index can only hold one; the others are left to the filter.
func (q *Query) equalities(alternative []*Comparison) []*Comparison {
	var out []*Comparison
	seen := map[string]bool{}
	array := false
	for _, c := range alternative {
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

// sorts are the sort keys that the equalities do not fix, without the name.
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

// edge is a place among the keys of values: just before all that begin with key, or just after them.
type edge struct {
	key   []byte
	after bool
}

// narrow cuts the range to what comparisons of the first sort key leave of it.
func (p *plan) narrow(prefix []byte, f store.IndexField, alternative []*Comparison) {
	for _, c := range alternative {
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

// cut narrows the range to what lies between two edges below prefix.
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

// cursors narrows the range to what is between the query's start and end.
func (p *plan) cursors(q *Query, prefix []byte, fields []store.IndexField) {
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
		// The results begin at the start: in a backward scan, that is the range's end.
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

// cursorKey is what the entries at a cursor have after the equalities.
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

// successor is the smallest string above all that begin with prefix, "" when there is none.
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

// names returns the documents that an alternative asks for by name.
func names(alternative []*Comparison) (key resource.Key, ok bool) {
	for _, c := range alternative {
		if c.Path.IsName() && c.Op == Equal {
			return nameKey(c.Value)
		}
	}
	return "", false
}
