package datacheck

import (
	"context"
	"fmt"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

const (
	// lookupBatch is how many references are read together.
	lookupBatch = 200
	// maxKnown bounds the documents whose existence is remembered.
	maxKnown = 20_000
)

// lookup waits for other documents, which then gets by path.
type lookup struct {
	refs []*firestore.DocumentRef
	then func(docs map[string]*firestore.DocumentSnapshot)
}

// lookUp calls then once the documents have been read, soon. Nil references are left out.
func (c *checker) lookUp(ctx context.Context, then func(map[string]*firestore.DocumentSnapshot), refs ...*firestore.DocumentRef) error {
	l := lookup{then: then}
	for _, ref := range refs {
		if ref != nil {
			l.refs = append(l.refs, ref)
		}
	}
	c.pending = append(c.pending, l)
	if c.waiting += len(l.refs); c.waiting >= lookupBatch {
		return c.flush(ctx)
	}
	return nil
}

// flush reads the documents that lookups wait for.
func (c *checker) flush(ctx context.Context) error {
	pending := c.pending
	c.pending, c.waiting = nil, 0
	var refs []*firestore.DocumentRef
	docs := map[string]*firestore.DocumentSnapshot{}
	for _, l := range pending {
		for _, ref := range l.refs {
			if _, seen := docs[ref.Path]; !seen {
				docs[ref.Path] = nil
				refs = append(refs, ref)
			}
		}
	}
	if len(refs) > 0 {
		read, err := c.Firestore.GetAll(ctx, refs)
		if err != nil {
			return fmt.Errorf("read documents: %w", err)
		}
		c.report.Reads += len(refs)
		for _, doc := range read {
			docs[doc.Ref.Path] = doc
		}
	}
	for _, l := range pending {
		l.then(docs)
	}
	return nil
}

// requireExists finds a missing document. It remembers which exist: thousands of timetables refer to the
// same few semesters.
func (c *checker) requireExists(ctx context.Context, ref *firestore.DocumentRef, missing func()) error {
	if exists, ok := c.known[ref.Path]; ok {
		if !exists {
			missing()
		}
		return nil
	}
	return c.lookUp(ctx, func(docs map[string]*firestore.DocumentSnapshot) {
		exists := docs[ref.Path].Exists()
		if len(c.known) < maxKnown {
			c.known[ref.Path] = exists
		}
		if !exists {
			missing()
		}
	}, ref)
}

// in returns a document of a lookup, by reference, nil if it does not exist.
func in(docs map[string]*firestore.DocumentSnapshot, ref *firestore.DocumentRef) *firestore.DocumentSnapshot {
	if ref == nil || docs[ref.Path] == nil || !docs[ref.Path].Exists() {
		return nil
	}
	return docs[ref.Path]
}

// listingsPerKind is how many documents of each kind are searched for collections that the schema does not
// have: each search is a request, and billed.
const listingsPerKind = 50

// checkBelow finds collections below a document that are not in the schema. A collection whose id is one
// of the schema's need not be searched for: its documents are read anyway.
func (c *checker) checkBelow(ctx context.Context, d *schema.Document, ref *firestore.DocumentRef) error {
	if c.listings[d.Path] >= listingsPerKind {
		return nil
	}
	c.listings[d.Path]++
	collections, err := ref.Collections(ctx).GetAll()
	if err != nil {
		return fmt.Errorf("list the collections below %s: %w", schema.Path(ref), err)
	}
	c.report.Reads += max(1, len(collections))
	for _, collection := range collections {
		if !isGroup(collection.ID) {
			c.find(UnknownCollection, "%s/%s", schema.Path(ref), collection.ID)
		}
	}
	return nil
}
