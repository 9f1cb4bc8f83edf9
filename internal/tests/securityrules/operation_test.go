package securityrules

import (
	"maps"
	"slices"
	"time"
)

// fields are a document's fields in the types of Google's client, except for the markers below.
type fields = map[string]any

// Markers for values in fields.
type (
	// reference is a document's path.
	reference string
	// serverTime is the server timestamp.
	serverTime struct{}
	// fromNow is a time relative to that of the request.
	fromNow time.Duration
	// deleteField deletes the field in an update.
	deleteField struct{}
)

// operation is what a client does in one request or transaction.
type operation struct {
	uid    string   // uid, or "" if nobody is signed in
	guest  bool     // the account is anonymous
	reads  []string // documents that the transaction reads before it writes
	writes []write
	get    string // a document's path
	list   *query
	listen bool // get or list with a listener
}

// write is one write of a commit.
type write struct {
	kind kind
	path string
	data fields
}

type kind int

const (
	set    kind = iota // has no precondition
	create             // the document must not exist
	update             // the document must exist; the mask has the fields of data
	remove
)

// query is a query or a count.
type query struct {
	collection string
	group      bool // a collection group query
	where      []where
	order      []string // fields; a leading - means descending
	limit      int      // 0 for none
	offset     int
	after      []any // startAfter
	count      bool  // an aggregation
}

type where struct {
	field, op string
	value     any
}

// as returns the operation by another user.
func (o operation) as(uid string) operation {
	o.uid = uid
	return o
}

// byGuest returns the operation by the same user, with an anonymous account.
func (o operation) byGuest() operation {
	o.guest = true
	return o
}

// with returns the operation with write i changed.
func (o operation) with(i int, change func(w *write)) operation {
	o.writes = slices.Clone(o.writes)
	o.writes[i].data = maps.Clone(o.writes[i].data)
	change(&o.writes[i])
	return o
}

// setting returns the operation with one field of write i set.
func (o operation) setting(i int, field string, value any) operation {
	return o.with(i, func(w *write) { w.data[field] = value })
}

// without returns the operation without write i.
func (o operation) without(i int) operation {
	o.writes = slices.Delete(slices.Clone(o.writes), i, i+1)
	return o
}

// and returns the operation with more writes after its own.
func (o operation) and(more ...write) operation {
	o.writes = slices.Concat(o.writes, more)
	return o
}

// to returns the operation with write i to another document.
func (o operation) to(i int, path string) operation {
	return o.with(i, func(w *write) { w.path = path })
}

// querying returns the operation with its query changed.
func (o operation) querying(change func(q *query)) operation {
	q := *o.list
	q.where, q.order = slices.Clone(q.where), slices.Clone(q.order)
	change(&q)
	o.list = &q
	return o
}

// earlier is the time at which the documents of [world] were written.
var earlier = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
