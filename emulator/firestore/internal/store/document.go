// Package store holds the documents of one database in memory, with multi-version concurrency.
//
// The state of a [DB] is an immutable [Snapshot]: copy-on-write trees of immutable documents. A
// commit builds the next snapshot under a short lock and publishes it. Readers load the current
// snapshot without locking, so even a slow reader sees a consistent state and blocks nobody.
// Replaced versions stay linked from their successors for a limited time; reads in the past and
// listeners that resume use them.
package store

import (
	"sync/atomic"

	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Document is one version of a document, or the tombstone of a deleted one. It is immutable.
type Document struct {
	Key     resource.Key
	Name    string        // full resource name
	Fields  *value.Fields // not nil unless Deleted
	Created value.Micros
	Updated value.Micros // when this version was committed, or the document deleted
	Deleted bool

	// Stored is what the document is billed as stored bytes. A hook of [DB.OnCommit] sets it before the
	// document becomes visible, and only code under the database's lock uses it.
	Stored int64

	prev atomic.Pointer[Document] // the previous version, while it is retained
	wire atomic.Pointer[[]byte]
}

// Exists reports whether d is neither nil nor a tombstone.
func (d *Document) Exists() bool { return d != nil && !d.Deleted }

// Wire returns the fields in the encoding of a google.firestore.v1.Document. It is computed once;
// the caller must not change it.
func (d *Document) Wire() []byte {
	if b := d.wire.Load(); b != nil {
		return *b
	}
	b := d.Fields.AppendDocumentFields(make([]byte, 0, d.Fields.DocumentFieldsSize()))
	d.wire.Store(&b)
	return b
}

// At returns the version that was current at t, or nil if the document did not exist. d is the
// newest version or nil.
func (d *Document) At(t value.Micros) *Document {
	for d != nil && d.Updated > t {
		d = d.prev.Load()
	}
	if d == nil || d.Deleted {
		return nil
	}
	return d
}

// weight returns the approximate memory in bytes that retaining the version takes.
func (d *Document) weight() int {
	if d == nil {
		return 0
	}
	return 200 + len(d.Name) + 3*d.Fields.Size()
}
