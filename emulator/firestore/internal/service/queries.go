package service

import (
	"context"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/emulator/firestore/internal/query"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/firestore/resource"
)

// parseQuery checks a query and finds its database.
func (s *Service) parseQuery(parent string, sq *pb.StructuredQuery) (*Database, *query.Query, error) {
	name, key, err := resource.ParseParent(parent)
	if err != nil {
		return nil, nil, err
	}
	q, err := query.Parse(key, sq)
	if err != nil {
		return nil, nil, err
	}
	d, err := s.Engine.Database(name)
	return d, q, err
}

// run finds a query's results in the state that sel selects, in the transaction id if that is not empty.
func (d *Database) run(id []byte, sel selector, q *query.Query) (query.Result, store.View, error) {
	v, err := d.view(id, sel, func(id []byte) (store.View, error) { return d.Txns.ReadQuery(id, q) })
	if err != nil {
		return query.Result{}, v, err
	}
	r := q.Run(v)
	return r, v, d.complete(v)
}

// RunQuery sends the results of a query.
func (s *Service) RunQuery(_ context.Context, r *pb.RunQueryRequest, send func(*pb.RunQueryResponse) error) error {
	d, q, err := s.parseQuery(r.GetParent(), r.GetStructuredQuery())
	if err != nil {
		return err
	}
	id, fresh, err := d.begin(r)
	if err != nil {
		return err
	}
	found, v, err := d.run(id, r, q)
	if err != nil {
		return err
	}
	if fresh {
		if err := send(&pb.RunQueryResponse{Transaction: id}); err != nil {
			return err
		}
	}
	at := v.Time().Proto()
	skipped := int32(found.Skipped)
	for _, doc := range found.Docs {
		out := &pb.RunQueryResponse{Document: s.document(doc, q.Fields(doc)), ReadTime: at, SkippedResults: skipped}
		if err := send(out); err != nil {
			return err
		}
		skipped = 0
	}
	if len(found.Docs) == 0 {
		return send(&pb.RunQueryResponse{ReadTime: at, SkippedResults: skipped})
	}
	return nil
}
