package securityrules

import (
	"maps"
	"slices"
	"time"
)

// fields are a document's, as Google's client takes them, but for the marks below.
type fields = map[string]any

// Marks that stand for values in fields.
type (
	// reference is a document's path.
	reference string
	// stamp is a server timestamp.
	stamp struct{}
	// gone deletes the field in an update.
	gone struct{}
)

// operation is one thing that a client does.
type operation struct {
	who    string   // uid, "" when nobody is signed in
	reads  []string // documents that the transaction reads before it writes
	writes []write
	get    string // a document's path
	list   *query
	listen bool // get or list by a listener
}

// write is one of a commit's.
type write struct {
	kind kind
	path string
	data fields
}

type kind int

const (
	set    kind = iota // whatever was there
	create             // the document must not exist
	update             // it must; the mask is the data's
	remove
)

// query is one that clients can make.
type query struct {
	collection string
	group      bool // a collection group query
	where      []where
	order      []string // fields, with a - in front for descending
	limit      int      // 0 for none
	after      []any    // startAfter
	count      bool     // an aggregation
}

type where struct {
	field, op string
	value     any
}

// as is the operation done by somebody else.
func (o operation) as(uid string) operation {
	o.who = uid
	return o
}

// with is the operation with write i changed.
func (o operation) with(i int, change func(w *write)) operation {
	o.writes = slices.Clone(o.writes)
	o.writes[i].data = maps.Clone(o.writes[i].data)
	change(&o.writes[i])
	return o
}

// setting is the operation with one field of write i set.
func (o operation) setting(i int, field string, value any) operation {
	return o.with(i, func(w *write) { w.data[field] = value })
}

// without is the operation without write i.
func (o operation) without(i int) operation {
	o.writes = slices.Delete(slices.Clone(o.writes), i, i+1)
	return o
}

// and is the operation with more writes behind its own.
func (o operation) and(more ...write) operation {
	o.writes = slices.Concat(o.writes, more)
	return o
}

// to is the operation with write i to another document.
func (o operation) to(i int, path string) operation {
	return o.with(i, func(w *write) { w.path = path })
}

// asking is the operation with its query changed.
func (o operation) asking(change func(q *query)) operation {
	q := *o.list
	q.where, q.order = slices.Clone(q.where), slices.Clone(q.order)
	change(&q)
	o.list = &q
	return o
}

// earlier is when the world's documents were written.
var earlier = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
