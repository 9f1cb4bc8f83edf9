package service

import (
	"context"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/firestore/internal/write"
	"heek.kr/heektime/emulator/internal/resource"
)

// BeginTransaction starts a transaction.
func (s *Service) BeginTransaction(_ context.Context, caller guard.Caller, r *pb.BeginTransactionRequest) (*pb.BeginTransactionResponse, error) {
	d, err := s.database(r.GetDatabase())
	if err != nil {
		return nil, err
	}
	if err := d.Guard.CheckCredentials(caller); err != nil {
		return nil, err
	}
	id, err := d.Txns.Begin(r.GetOptions())
	if err != nil {
		return nil, err
	}
	out := &pb.BeginTransactionResponse{Transaction: id}
	s.usage(caller.Doing("BeginTransaction"), "").sent(out)
	return out, nil
}

// Rollback ends a transaction without a commit.
func (s *Service) Rollback(_ context.Context, caller guard.Caller, r *pb.RollbackRequest) (*emptypb.Empty, error) {
	d, err := s.database(r.GetDatabase())
	if err != nil {
		return nil, err
	}
	if err := d.Guard.CheckCredentials(caller); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, d.Txns.Rollback(r.GetTransaction())
}

// Commit applies writes, all or none.
func (s *Service) Commit(ctx context.Context, caller guard.Caller, r *pb.CommitRequest) (*pb.CommitResponse, error) {
	d, err := s.database(r.GetDatabase())
	if err != nil {
		return nil, err
	}
	caller = caller.Doing("Commit")
	c, results, err := s.commit(ctx, d, caller, r.GetTransaction(), r.GetWrites())
	if err != nil {
		return nil, err
	}
	out := &pb.CommitResponse{WriteResults: protoResults(results), CommitTime: c.Time.Proto()}
	s.usage(caller, "").sentAt(c.Time.Time(), out)
	return out, nil
}

func (s *Service) database(name string) (*Database, error) {
	n, err := resource.ParseDatabase(name)
	if err != nil {
		return nil, err
	}
	return s.Engine.Database(n)
}

// commit parses and applies writes. It returns when they are durable.
func (s *Service) commit(ctx context.Context, d *Database, caller guard.Caller, txn []byte, list []*pb.Write) (*store.Commit, []write.Result, error) {
	writes, err := write.ParseAll(d.Name, list)
	if err != nil {
		return nil, nil, err
	}
	c, results, err := d.apply(ctx, caller, txn, writes)
	if err != nil {
		return nil, nil, err
	}
	s.wrote(c.Time, caller, writes)
	return c, results, d.waitDurable(c.Snapshot)
}

// apply authorizes and applies writes. All changes except resets go through it.
func (d *Database) apply(ctx context.Context, caller guard.Caller, txn []byte, writes []*write.Write) (*store.Commit, []write.Result, error) {
	if err := d.checkWritable(); err != nil {
		return nil, nil, err
	}
	session, err := d.Guard.Begin(d.DB, caller)
	if err != nil {
		return nil, nil, err
	}
	defer session.End(ctx)
	for _, w := range writes {
		w.Indexes = d.indexes.Load()
	}
	return d.Txns.Commit(ctx, txn, writes, session.AuthorizeCommit(ctx, len(txn) > 0))
}

// Apply applies writes, all or none, with all rights.
func (d *Database) Apply(ctx context.Context, writes []*write.Write) error {
	c, _, err := d.apply(ctx, guard.Caller{Owner: true}, nil, writes)
	if err != nil {
		return err
	}
	return d.waitDurable(c.Snapshot)
}

// Reset deletes everything and ends all transactions.
func (d *Database) Reset() error {
	if err := d.checkWritable(); err != nil {
		return err
	}
	d.Txns.Reset()
	return d.waitDurable(d.DB.Reset().Snapshot)
}

func protoResults(results []write.Result) []*pb.WriteResult {
	out := make([]*pb.WriteResult, len(results))
	for i, r := range results {
		out[i] = protoResult(r)
	}
	return out
}

// protoResult leaves out the update time after a delete (google/firestore/v1/write.proto, WriteResult).
func protoResult(r write.Result) *pb.WriteResult {
	out := &pb.WriteResult{}
	if r.Doc != nil {
		out.UpdateTime = r.Doc.Updated.Proto()
	}
	for _, v := range r.Transforms {
		out.TransformResults = append(out.TransformResults, v.Proto())
	}
	return out
}

// commitOne commits a single write outside of a transaction and returns the document after it, or
// nil if it does not exist.
func (s *Service) commitOne(ctx context.Context, caller guard.Caller, name string, w *pb.Write) (*store.Document, error) {
	db, _, err := resource.ParseDocument(name)
	if err != nil {
		return nil, err
	}
	d, err := s.Engine.Database(db)
	if err != nil {
		return nil, err
	}
	_, results, err := s.commit(ctx, d, caller, nil, []*pb.Write{w})
	if err != nil {
		return nil, err
	}
	return results[0].Doc, nil
}

// maxBatchWrites is the maximum number of writes of a BatchWrite
// (google/firestore/v1/firestore.proto).
const maxBatchWrites = 500

// BatchWrite applies each write independently. The order is not guaranteed. As in Google's emulator, only
// servers may call it: the SDKs for apps do not have it.
func (s *Service) BatchWrite(ctx context.Context, caller guard.Caller, r *pb.BatchWriteRequest) (*pb.BatchWriteResponse, error) {
	d, err := s.database(r.GetDatabase())
	if err != nil {
		return nil, err
	}
	if len(r.GetWrites()) > maxBatchWrites {
		return nil, invalid("A batch must not have more than %d writes.", maxBatchWrites)
	}
	writes, err := write.ParseAll(d.Name, r.GetWrites())
	if err != nil {
		return nil, err
	}
	seen := map[resource.Key]bool{}
	for _, w := range writes {
		if seen[w.Key] {
			return nil, invalid("A batch must not write a document more than once: %s.", w.Key.Path())
		}
		seen[w.Key] = true
	}
	caller = caller.Doing("BatchWrite")
	if err := d.requireServer(ctx, caller, "write batches that are not atomic", ""); err != nil {
		return nil, err
	}
	var last *store.Snapshot
	out := &pb.BatchWriteResponse{}
	for i, w := range writes {
		c, results, err := d.apply(ctx, caller, nil, []*write.Write{w})
		if err != nil {
			out.Status = append(out.Status, status.Convert(err).Proto())
			out.WriteResults = append(out.WriteResults, &pb.WriteResult{})
			continue
		}
		s.wrote(c.Time, caller, writes[i:i+1])
		last = c.Snapshot
		out.Status = append(out.Status, &spb.Status{Code: int32(codes.OK)})
		out.WriteResults = append(out.WriteResults, protoResult(results[0]))
	}
	if last != nil { // wait once for all writes
		if err := d.waitDurable(last); err != nil {
			return nil, err
		}
	}
	s.usage(caller, "").sent(out)
	return out, nil
}
