// Package store keeps the documents of one database.
//
// Its state is an immutable [Snapshot]: copy-on-write trees of immutable documents. A commit makes the next snapshot
// under a short lock and publishes it; readers load the current one and never lock, so that a reader, however slow,
// sees one moment and holds nobody up. Replaced versions stay linked behind their successors for a bounded time, for
// reads in the past and for listeners that resume.
package store

import (
	"sync/atomic"

	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Document is one version of a document, or of its absence. It is immutable.
type Document struct {
	Key     resource.Key
	Name    string        // full resource name
	Fields  *value.Fields // never nil for a version that exists
	Created value.Micros
	Updated value.Micros // when this version was committed; for a deletion, when the document went
	Deleted bool

	prev atomic.Pointer[Document] // the version before, while it is retained
	wire atomic.Pointer[[]byte]
}

// Exists is false for nil and for the record of a deletion.
func (d *Document) Exists() bool { return d != nil && !d.Deleted }

// Wire is the encoding of the document's fields as those of a google.firestore.v1.Document. It is made once; the
// caller must not change it.
func (d *Document) Wire() []byte {
	if b := d.wire.Load(); b != nil {
		return *b
	}
	b := d.Fields.AppendDocumentFields(make([]byte, 0, d.Fields.DocumentFieldsSize()))
	d.wire.Store(&b)
	return b
}

// At is the version that was current at t, or nil when there was none. d is the newest version or nil.
func (d *Document) At(t value.Micros) *Document {
	for d != nil && d.Updated > t {
		d = d.prev.Load()
	}
	if d == nil || d.Deleted {
		return nil
	}
	return d
}

// weight is what retaining the version costs, in bytes, roughly.
func (d *Document) weight() int {
	if d == nil {
		return 0
	}
	return 200 + len(d.Name) + 3*d.Fields.Size()
}
