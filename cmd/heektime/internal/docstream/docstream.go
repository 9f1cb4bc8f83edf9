// Package docstream reads all documents of a Firestore database, or those below a path, in the order of
// their names: a document comes right before those below it.
//
// Firestore's client for Go has no query for the documents of all collections. So the stream reads the
// collection groups of the schema, a page at a time, and merges them. A document is billed as one read,
// a group as one more. Only one page of each group is in memory.
package docstream

import (
	"context"
	"fmt"
	"strings"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// pageSize is how many documents of a group are in memory. A document has at most 1 MiB, and ours have a
// few kB.
const pageSize = 200

// Range is a range of names: from From on, and before Before. A nil end is open.
type Range struct{ From, Before *firestore.DocumentRef }

// Stream reads the documents of a range.
type Stream struct {
	groups []*group
	reads  int
}

// group is a collection group that is being read.
type group struct {
	query firestore.Query
	page  []*firestore.DocumentSnapshot
	last  *firestore.DocumentSnapshot
	done  bool
}

// Open opens a stream and reads nothing yet.
func Open(client *firestore.Client, within Range) *Stream {
	s := &Stream{}
	for _, id := range schema.Groups() {
		s.groups = append(s.groups, &group{query: schema.InGroup(client, id, within.From, within.Before).Limit(pageSize)})
	}
	return s
}

// At is the range of a document and everything below it, or of everything in a collection.
func At(client *firestore.Client, path string) (Range, error) {
	from, before, err := schema.NamesAt(client, path)
	return Range{from, before}, err
}

// Next returns the next document, nil at the end.
func (s *Stream) Next(ctx context.Context) (*firestore.DocumentSnapshot, error) {
	var first *group
	for _, g := range s.groups {
		if err := s.fill(ctx, g); err != nil {
			return nil, err
		}
		if len(g.page) > 0 && (first == nil || Compare(g.page[0].Ref.Path, first.page[0].Ref.Path) < 0) {
			first = g
		}
	}
	if first == nil {
		return nil, nil
	}
	doc := first.page[0]
	first.page = first.page[1:]
	return doc, nil
}

// Reads is how many document reads were billed.
func (s *Stream) Reads() int { return s.reads }

func (s *Stream) fill(ctx context.Context, g *group) error {
	if g.done || len(g.page) > 0 {
		return nil
	}
	query := g.query
	if g.last != nil {
		query = query.StartAfter(g.last)
	}
	page, err := query.Documents(ctx).GetAll()
	if err != nil {
		return fmt.Errorf("read documents: %w", err)
	}
	s.reads += max(1, len(page))
	if g.done = len(page) < pageSize; len(page) > 0 {
		g.page, g.last = page, page[len(page)-1]
	}
	return nil
}

// Compare compares names as Firestore sorts them: segment by segment, in the order of their bytes.
//
// Source: https://firebase.google.com/docs/firestore/manage-data/data-types#data_types (references)
func Compare(a, b string) int {
	for {
		segmentA, restA, moreA := strings.Cut(a, "/")
		segmentB, restB, moreB := strings.Cut(b, "/")
		switch c := strings.Compare(segmentA, segmentB); {
		case c != 0:
			return c
		case !moreA || !moreB:
			return strings.Compare(restA, restB) // the shorter path is above the longer one
		}
		a, b = restA, restB
	}
}
