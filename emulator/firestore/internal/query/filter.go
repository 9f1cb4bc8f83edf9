package query

import (
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/fieldpath"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Op is a comparison operator.
type Op uint8

// The comparison operators. Unary filters become Equal or NotEqual with null or NaN.
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

// Inequality reports whether results are implicitly ordered by the operator's field.
func (o Op) Inequality() bool {
	switch o {
	case Less, LessOrEqual, Greater, GreaterOrEqual, NotEqual, NotIn:
		return true
	}
	return false
}

// Filter is a condition on a document: a [*Comparison], [And] or [Or].
type Filter interface {
	Match(*store.Document) bool
}

// And matches if all of its filters match.
type And []Filter

// Or matches if any of its filters matches.
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

// Comparison compares a field with a value. For In, NotIn and ArrayContainsAny the value is an
// array of the values to compare with.
type Comparison struct {
	Path  fieldpath.Path
	Op    Op
	Value value.Value
}

// Match implements [Filter]. A document that lacks the field does not match. As described in
// https://firebase.google.com/docs/firestore/query-data/queries, inequalities only match values of
// the same type, and != and not-in never match null. NaN is neither less nor greater than any number,
// nor than itself (firebase-js-sdk, packages/firestore/test/integration/api,
// composite_index_query.test.ts, "can use on special values"). In, array-contains and array-contains-any never match
// null or NaN, even if they name them (query.test.ts there, "can use IN filters" and "can use
// array-contains-any filters"). These tests run against production.
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
		return comparable(c.Value) && v.Kind() == value.Array && contains(v.Array(), c.Value)
	case In:
		return comparable(v) && contains(c.Value.Array(), v)
	case NotIn:
		return v.Kind() != value.Null && !contains(c.Value.Array(), value.NullValue) && !contains(c.Value.Array(), v)
	case ArrayContainsAny:
		for _, e := range c.Value.Array() {
			if comparable(e) && v.Kind() == value.Array && contains(v.Array(), e) {
				return true
			}
		}
		return false
	}
	if v.Order() != c.Value.Order() || v.IsNaN() || c.Value.IsNaN() {
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

// comparable reports whether In, ArrayContains and ArrayContainsAny can match a value.
func comparable(v value.Value) bool { return v.Kind() != value.Null && !v.IsNaN() }

func contains(list []value.Value, v value.Value) bool {
	for _, e := range list {
		if value.Equal(e, v) {
			return true
		}
	}
	return false
}

// each calls do for every comparison in a filter.
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

// nameKey returns the key of the document that a value references, for filters and cursors on the
// document's name.
func nameKey(v value.Value) (resource.Key, bool) {
	if v.Kind() != value.Reference {
		return "", false
	}
	_, k, err := resource.ParseDocument(v.Text())
	return k, err == nil
}
