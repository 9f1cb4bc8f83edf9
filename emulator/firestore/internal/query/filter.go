package query

import (
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/fieldpath"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Op is how a filter compares.
type Op uint8

// The operators of queries. Unary filters are equality with, or inequality to, null and NaN.
const (
	Less Op = iota + 1
	LessOrEqual
	Greater
	GreaterOrEqual
	Equal
	NotEqual
	ArrayContains
	In
	ArrayContainsAny
	NotIn
)

// Inequality is true for the operators that put their field into the order of the results.
func (o Op) Inequality() bool {
	switch o {
	case Less, LessOrEqual, Greater, GreaterOrEqual, NotEqual, NotIn:
		return true
	}
	return false
}

// Filter is a condition on a document: [*Comparison], [And] or [Or].
type Filter interface {
	Match(*store.Document) bool
}

// And is true when all of its filters are.
type And []Filter

// Or is true when one of its filters is.
type Or []Filter

// Match implements [Filter].
func (a And) Match(d *store.Document) bool {
	for _, f := range a {
		if !f.Match(d) {
			return false
		}
	}
	return true
}

// Match implements [Filter].
func (o Or) Match(d *store.Document) bool {
	for _, f := range o {
		if f.Match(d) {
			return true
		}
	}
	return false
}

// Comparison compares a field with a value; for In, NotIn and ArrayContainsAny with the elements of an array.
type Comparison struct {
	Path  fieldpath.Path
	Op    Op
	Value value.Value
}

// Match implements [Filter]. A document that lacks the field never matches. The comparison is as that of
// https://firebase.google.com/docs/firestore/query-data/queries: inequalities only match values of the same type,
// and != and not-in never match null.
func (c *Comparison) Match(d *store.Document) bool {
	if c.Path.IsName() {
		return c.matches(value.OfReference(d.Name))
	}
	v := d.Fields.At(c.Path)
	return v.Exists() && c.matches(v)
}

func (c *Comparison) matches(v value.Value) bool {
	switch c.Op {
	case Equal:
		return value.Equal(v, c.Value)
	case NotEqual:
		return v.Kind() != value.Null && !value.Equal(v, c.Value)
	case ArrayContains:
		return v.Kind() == value.Array && contains(v.Array(), c.Value)
	case In:
		return contains(c.Value.Array(), v)
	case NotIn:
		return v.Kind() != value.Null && !contains(c.Value.Array(), value.NullValue) && !contains(c.Value.Array(), v)
	case ArrayContainsAny:
		for _, e := range c.Value.Array() {
			if v.Kind() == value.Array && contains(v.Array(), e) {
				return true
			}
		}
		return false
	}
	if v.Order() != c.Value.Order() {
		return false
	}
	switch n := value.Compare(v, c.Value); c.Op {
	case Less:
		return n < 0
	case LessOrEqual:
		return n <= 0
	case Greater:
		return n > 0
	case GreaterOrEqual:
		return n >= 0
	}
	return false
}

func contains(list []value.Value, v value.Value) bool {
	for _, e := range list {
		if value.Equal(e, v) {
			return true
		}
	}
	return false
}

// each calls f for every comparison in a filter.
func each(f Filter, do func(*Comparison)) {
	switch x := f.(type) {
	case *Comparison:
		do(x)
	case And:
		for _, g := range x {
			each(g, do)
		}
	case Or:
		for _, g := range x {
			each(g, do)
		}
	}
}

// nameKey is the key of the document that a value names, for a filter or a cursor on the document's name.
func nameKey(v value.Value) (resource.Key, bool) {
	if v.Kind() != value.Reference {
		return "", false
	}
	_, k, err := resource.ParseDocument(v.Text())
	return k, err == nil
}
