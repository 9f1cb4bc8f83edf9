package appclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/timestamppb"

	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/schema"
)

// Watch is a stream of listeners. It is not safe for concurrent use.
type Watch struct {
	// Tokens are the resume tokens of the targets, by ID.
	Tokens map[int32][]byte
	// Newest is the latest updatedAt of the documents that were sent.
	Newest time.Time

	stream   pb.Firestore_ListenClient
	database string
	waiting  map[int32]bool // targets whose documents are not all there
	cancel   context.CancelFunc
}

// Listen opens a stream.
func (a *App) Listen(ctx context.Context, action string) (*Watch, error) {
	database := "projects/" + a.Project + "/databases/" + gcp.DefaultDatabase
	ctx, cancel := context.WithCancel(a.Context(ctx, action))
	stream, err := a.raw.Listen(metadata.AppendToOutgoingContext(ctx, "google-cloud-resource-prefix", database))
	if err != nil {
		cancel()
		return nil, fmt.Errorf("%s: listen: %w", action, err)
	}
	return &Watch{Tokens: map[int32][]byte{}, stream: stream, database: database, waiting: map[int32]bool{}, cancel: cancel}, nil
}

// Documents returns a target of documents.
func Documents(id int32, docs ...*firestore.DocumentRef) *pb.Target {
	var names []string
	for _, doc := range docs {
		names = append(names, doc.Path)
	}
	return &pb.Target{TargetId: id, TargetType: &pb.Target_Documents{Documents: &pb.Target_DocumentsTarget{Documents: names}}}
}

// Lectures returns a target of a timetable's lectures, of those that were written after a time unless it is zero.
func Lectures(id int32, timetable *firestore.DocumentRef, since time.Time) *pb.Target {
	q := &pb.StructuredQuery{From: []*pb.StructuredQuery_CollectionSelector{{CollectionId: schema.Lectures(timetable).ID}}}
	if !since.IsZero() {
		q.Where = &pb.StructuredQuery_Filter{FilterType: &pb.StructuredQuery_Filter_FieldFilter{FieldFilter: &pb.StructuredQuery_FieldFilter{
			Field: &pb.StructuredQuery_FieldReference{FieldPath: schema.FieldUpdatedAt},
			Op:    pb.StructuredQuery_FieldFilter_GREATER_THAN,
			Value: &pb.Value{ValueType: &pb.Value_TimestampValue{TimestampValue: timestamppb.New(since)}},
		}}}
	}
	return &pb.Target{TargetId: id, TargetType: &pb.Target_Query{Query: &pb.Target_QueryTarget{
		Parent: timetable.Path, QueryType: &pb.Target_QueryTarget_StructuredQuery{StructuredQuery: q},
	}}}
}

// Add adds targets and waits until their documents are there.
func (w *Watch) Add(targets ...*pb.Target) error {
	if err := w.Send(targets...); err != nil {
		return err
	}
	return w.AwaitCurrent()
}

// Send adds targets.
func (w *Watch) Send(targets ...*pb.Target) error {
	for _, target := range targets {
		err := w.stream.Send(&pb.ListenRequest{Database: w.database, TargetChange: &pb.ListenRequest_AddTarget{AddTarget: target}})
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		w.waiting[target.TargetId] = true
	}
	return nil
}

// AwaitCurrent waits until the documents of all targets are there.
func (w *Watch) AwaitCurrent() error {
	for len(w.waiting) > 0 {
		if _, err := w.receive(); err != nil {
			return err
		}
	}
	return nil
}

// Await waits until the stream has everything that was committed until a time.
func (w *Watch) Await(until time.Time) error {
	for {
		t, err := w.receive()
		if err != nil {
			return err
		}
		if t != nil && len(t.TargetIds) == 0 && t.ReadTime != nil && !t.ReadTime.AsTime().Before(until) {
			return nil
		}
	}
}

// receive receives a message. It returns the change of targets that it is, nil if it is another.
func (w *Watch) receive() (*pb.TargetChange, error) {
	r, err := w.stream.Recv()
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	switch m := r.ResponseType.(type) {
	case *pb.ListenResponse_DocumentChange:
		at := m.DocumentChange.Document.GetFields()[schema.FieldUpdatedAt].GetTimestampValue()
		if at != nil && at.AsTime().After(w.Newest) {
			w.Newest = at.AsTime()
		}
	case *pb.ListenResponse_TargetChange:
		t := m.TargetChange
		w.remember(t)
		switch {
		case t.TargetChangeType == pb.TargetChange_REMOVE:
			return nil, fmt.Errorf("listen: the target was rejected: %s", t.GetCause().GetMessage())
		case t.TargetChangeType == pb.TargetChange_CURRENT && len(t.TargetIds) == 0:
			clear(w.waiting)
		case t.TargetChangeType == pb.TargetChange_CURRENT:
			for _, id := range t.TargetIds {
				delete(w.waiting, id)
			}
		}
		return t, nil
	}
	return nil, nil
}

// remember keeps the resume tokens, with which a client that comes back soon gets the changes only.
func (w *Watch) remember(t *pb.TargetChange) {
	if len(t.ResumeToken) == 0 {
		return
	}
	for _, id := range t.TargetIds {
		w.Tokens[id] = t.ResumeToken
	}
	if len(t.TargetIds) == 0 {
		for id := range w.Tokens {
			w.Tokens[id] = t.ResumeToken
		}
	}
}

// Close ends the stream and waits until the server has noticed.
func (w *Watch) Close() error {
	defer w.cancel()
	if err := w.stream.CloseSend(); err != nil {
		return fmt.Errorf("stop listening: %w", err)
	}
	for {
		if _, err := w.stream.Recv(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("stop listening: %w", err)
		}
	}
}
