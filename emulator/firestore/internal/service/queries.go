package service

import (
	"context"
	"math"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/firestore/internal/query"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/fieldpath"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// parseQuery parses a query and returns it with its database.
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

// checkIndexes returns an error if a query lacks an index. sums are the fields that an aggregation
// sums up.
func (d *Database) checkIndexes(q *query.Query, sums []fieldpath.Path) error {
	if definitions := d.indexes.Load(); definitions != nil {
		return definitions.Check(q, sums)
	}
	return nil
}

// run authorizes and runs a query on the state that r selects, in the transaction id if it is not
// empty. Indexes are checked last, so that an unauthorized caller does not learn which ones exist.
func (s *Service) run(ctx context.Context, d *Database, caller guard.Caller, id []byte, r streamingReadRequest, q *query.Query, sums []fieldpath.Path) (query.Result, store.View, error) {
	v, err := d.view(id, r, func(id []byte) (store.View, error) { return d.Txns.ReadQuery(id, q) })
	if err == nil {
		err = d.authorizeList(ctx, caller, v, q)
	}
	if err == nil {
		err = d.checkIndexes(q, sums)
	}
	if err != nil {
		d.rollbackNew(id, r.GetNewTransaction() != nil)
		return query.Result{}, v, err
	}
	found := q.Run(v, d)
	return found, v, d.finishRead(v)
}

// RunQuery sends the results of a query.
func (s *Service) RunQuery(ctx context.Context, caller guard.Caller, r *pb.RunQueryRequest, send func(*pb.RunQueryResponse) error) error {
	caller = caller.Doing("RunQuery")
	d, q, err := s.parseQuery(r.GetParent(), r.GetStructuredQuery())
	if err != nil {
		return err
	}
	id, isNew, err := d.begin(r)
	if err != nil {
		return err
	}
	found, v, err := s.run(ctx, d, caller, id, r, q, nil)
	if err != nil {
		return err
	}
	u := s.usage(caller, q.Scope())
	if u.meter != nil {
		u.reads(q.Reads(v, found))
	}
	send, done := counted(u, send)
	defer done()
	if isNew {
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

// RunAggregationQuery sends the aggregations of a query's results.
func (s *Service) RunAggregationQuery(ctx context.Context, caller guard.Caller, r *pb.RunAggregationQueryRequest, send func(*pb.RunAggregationQueryResponse) error) error {
	caller = caller.Doing("RunAggregationQuery")
	sq := r.GetStructuredAggregationQuery()
	list, err := query.ParseAggregations(sq.GetAggregations())
	if err != nil {
		return err
	}
	d, q, err := s.parseQuery(r.GetParent(), sq.GetStructuredQuery())
	if err != nil {
		return err
	}
	// Documents that lack a field of any aggregation do not count. They are not in the index that the
	// aggregation reads, so that a limit does not count them either; Google's emulator does the same.
	// https://firebase.google.com/docs/firestore/query-data/aggregation-queries
	q.Has = query.SummedFields(list)
	id, isNew, err := d.begin(r)
	if err != nil {
		return err
	}
	found, v, err := s.run(ctx, d, caller, id, r, q, q.Has)
	if err != nil {
		return err
	}
	out := &pb.RunAggregationQueryResponse{ReadTime: v.Time().Proto(), Result: &pb.AggregationResult{AggregateFields: map[string]*pb.Value{}}}
	if isNew {
		out.Transaction = id
	}
	for alias, n := range query.Aggregate(list, found.Docs) {
		out.Result.AggregateFields[alias] = n.Proto()
	}
	if u := s.usage(caller, q.Scope()); u.meter != nil {
		u.reads(q.AggregationReads(v, found, list))
		u.sent(out)
	}
	return send(out)
}

// minPartition is the minimum number of documents between two cursors of PartitionQuery.
const minPartition = 128

// PartitionQuery splits a collection group query into parts that can run in parallel.
func (s *Service) PartitionQuery(ctx context.Context, caller guard.Caller, r *pb.PartitionQueryRequest) (*pb.PartitionQueryResponse, error) {
	caller = caller.Doing("PartitionQuery")
	d, q, err := s.parseQuery(r.GetParent(), r.GetStructuredQuery())
	if err != nil {
		return nil, err
	}
	switch {
	case q.Parent != "": // google/firestore/v1/firestore.proto, PartitionQueryRequest.parent
		return nil, invalid("The parent of a query to partition must be a database's documents, not the document %q.", r.GetParent())
	case r.GetPartitionCount() <= 0:
		return nil, invalid("partition_count must be positive.")
	case !q.All || q.Filter != nil || q.Limit >= 0 || q.Offset > 0 || q.Start != nil || q.End != nil || len(q.Orders) != 1 || q.Orders[0].Desc:
		return nil, invalid("A query to partition must be of a collection group, ordered by __name__, without filters, limit, offset and cursors.")
	}
	size, err := pageSize(r.GetPageSize(), math.MaxInt32)
	if err != nil {
		return nil, err
	}
	var after resource.Key
	if r.GetPageToken() != "" {
		if _, after, err = resource.ParseDocument(r.GetPageToken()); err != nil {
			return nil, errPageToken()
		}
	}
	v := d.Read()
	if t := r.GetReadTime(); t != nil {
		if v, err = d.ViewAt(value.MicrosOf(t.AsTime())); err != nil {
			return nil, err
		}
	}
	if err := d.authorizeList(ctx, caller, v, q); err != nil {
		return nil, err
	}
	docs := q.Run(v, d).Docs
	step := max(minPartition, len(docs)/int(min(r.GetPartitionCount(), math.MaxInt32-1)+1))
	out := &pb.PartitionQueryResponse{}
	for i := step; i < len(docs) && int64(i/step) <= r.GetPartitionCount(); i += step {
		name := docs[i].Name
		if docs[i].Key <= after {
			continue
		}
		if len(out.Partitions) == size {
			out.NextPageToken = out.Partitions[size-1].Values[0].GetReferenceValue()
			break
		}
		out.Partitions = append(out.Partitions, &pb.Cursor{Values: []*pb.Value{value.OfReference(name).Proto()}, Before: true})
	}
	if err := d.finishRead(v); err != nil {
		return nil, err
	}
	u := s.usage(caller, q.Scope())
	u.reads(1) // it returns no documents: https://firebase.google.com/docs/firestore/pricing#queries_other_than_document_reads
	u.sent(out)
	return out, nil
}
