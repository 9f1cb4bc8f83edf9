package query

import (
	"strings"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// List returns the query for all documents of a collection, or with "" of all collections directly below
// parent. orderBy is either empty or of the form
// "population desc, name".
func List(parent resource.Key, collection, orderBy string) (*Query, error) {
	sq := &pb.StructuredQuery{From: []*pb.StructuredQuery_CollectionSelector{{CollectionId: collection}}}
	for _, part := range strings.Split(orderBy, ",") {
		words := strings.Fields(part)
		if len(words) == 0 && orderBy == "" {
			break
		}
		o := &pb.StructuredQuery_Order{Direction: pb.StructuredQuery_ASCENDING}
		switch {
		case len(words) == 2 && strings.EqualFold(words[1], "desc"):
			o.Direction = pb.StructuredQuery_DESCENDING
		case len(words) == 2 && strings.EqualFold(words[1], "asc"), len(words) == 1:
		default:
			return nil, invalid("order_by %q is invalid: want field paths with optional asc or desc, separated by commas.", orderBy)
		}
		o.Field = &pb.StructuredQuery_FieldReference{FieldPath: words[0]}
		sq.OrderBy = append(sq.OrderBy, o)
	}
	return Parse(parent, sq)
}

// StartAfter makes the query start after a document. last is that document; it may be nil if the
// name is the only sort key.
func (q *Query) StartAfter(db resource.Database, key resource.Key, last *store.Document) {
	c := &Cursor{}
	for _, o := range q.Orders {
		if o.Path.IsName() {
			c.Values = append(c.Values, value.OfReference(key.Name(db)))
		} else {
			c.Values = append(c.Values, last.Fields.At(o.Path))
		}
	}
	q.Start = c
}
