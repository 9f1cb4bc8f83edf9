package reverse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"heek.kr/heektime/internal/schema"
)

// Listener opens listen streams. [cloud.google.com/go/firestore/apiv1.Client] is one; package gcp opens it.
// The higher-level client has listeners, too, but they neither start from a time nor tell their resume
// token, and they keep every document in memory.
type Listener func(ctx context.Context) (firestorepb.Firestore_ListenClient, error)

// start is where a target starts: after a token, or else after a time.
type start struct {
	token []byte
	time  time.Time
}

// target is a set of documents to listen to.
type target struct {
	kind     Kind
	document schema.Document // of a query
	query    *firestorepb.StructuredQuery
	docs     []string // instead of a query
	resume   *start   // nil to start with all documents
}

// point is a consistent point of a stream: the documents that changed since the one before it, in their
// newest version.
type point struct {
	token   []byte
	time    time.Time
	changes map[string]*firestorepb.Document // by name; nil if the document is gone
	// counts has how many documents there are, of the targets of which Firestore may not have reported all
	// deletions.
	counts map[string]counted // by the path of their description
}

// counted is how many documents of a sort there are.
type counted struct {
	document schema.Document
	n        int
}

// errLost is the error of a stream that cannot say what changed since its start: everything has to be read.
type errLost struct{ kinds []Kind }

func (e *errLost) Error() string { return fmt.Sprintf("changes of %v were lost", e.kinds) }

// stream reads consistent points from a listen stream.
//
// A point is one only if all targets are current: Firestore reports the consistent points of those
// targets that it has already added.
type stream struct {
	listen  firestorepb.Firestore_ListenClient
	targets []target
	current map[int32]bool
	changes map[string]*firestorepb.Document
	counts  map[string]counted
}

// open starts a stream. cancel the context to end it.
//
// Source: https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1#google.firestore.v1.Target
func open(ctx context.Context, listener Listener, database string, targets []target) (*stream, error) {
	listen, err := listener(metadata.AppendToOutgoingContext(ctx, "google-cloud-resource-prefix", database))
	if err != nil {
		return nil, fmt.Errorf("listen to Firestore: %w", err)
	}
	s := &stream{listen: listen, targets: targets, current: map[int32]bool{}, changes: map[string]*firestorepb.Document{}}
	for i, t := range targets {
		add := &firestorepb.Target{TargetId: int32(i + 1)}
		if t.query != nil {
			add.TargetType = &firestorepb.Target_Query{Query: &firestorepb.Target_QueryTarget{
				Parent:    database + "/documents",
				QueryType: &firestorepb.Target_QueryTarget_StructuredQuery{StructuredQuery: t.query},
			}}
		} else {
			add.TargetType = &firestorepb.Target_Documents{Documents: &firestorepb.Target_DocumentsTarget{Documents: t.docs}}
		}
		switch {
		case t.resume == nil:
		case len(t.resume.token) > 0:
			add.ResumeType = &firestorepb.Target_ResumeToken{ResumeToken: t.resume.token}
		default:
			add.ResumeType = &firestorepb.Target_ReadTime{ReadTime: timestamppb.New(t.resume.time)}
		}
		request := &firestorepb.ListenRequest{Database: database, TargetChange: &firestorepb.ListenRequest_AddTarget{AddTarget: add}}
		if err := listen.Send(request); err != nil {
			// Recv has the reason.
			_, err = listen.Recv()
			return nil, fmt.Errorf("listen to Firestore: %w", err)
		}
	}
	return s, nil
}

// next reads up to the next consistent point.
func (s *stream) next() (*point, error) {
	for {
		response, err := s.listen.Recv()
		if err != nil {
			return nil, fmt.Errorf("listen to Firestore: %w", err)
		}
		switch r := response.ResponseType.(type) {
		case *firestorepb.ListenResponse_DocumentChange:
			name := r.DocumentChange.Document.Name
			s.changes[name] = nil
			if len(r.DocumentChange.TargetIds) > 0 {
				s.changes[name] = r.DocumentChange.Document
			}
		case *firestorepb.ListenResponse_DocumentDelete:
			s.changes[r.DocumentDelete.Document] = nil
		case *firestorepb.ListenResponse_DocumentRemove:
			s.changes[r.DocumentRemove.Document] = nil
		case *firestorepb.ListenResponse_Filter:
			// It is compared when the changes before the next point have been applied.
			if t := s.targets[r.Filter.TargetId-1]; t.query != nil {
				if s.counts == nil {
					s.counts = map[string]counted{}
				}
				s.counts[t.document.Path] = counted{t.document, int(r.Filter.Count)}
			}
		case *firestorepb.ListenResponse_TargetChange:
			p, err := s.targetChange(r.TargetChange)
			if p != nil || err != nil {
				return p, err
			}
		}
	}
}

func (s *stream) targetChange(c *firestorepb.TargetChange) (*point, error) {
	switch c.TargetChangeType {
	case firestorepb.TargetChange_CURRENT:
		for _, id := range c.TargetIds {
			s.current[id] = true
		}
		if len(c.TargetIds) == 0 {
			for i := range s.targets {
				s.current[int32(i+1)] = true
			}
		}
	case firestorepb.TargetChange_RESET:
		var kinds []Kind
		for i, t := range s.targets {
			if t.resume != nil && (len(c.TargetIds) == 0 || containsID(c.TargetIds, int32(i+1))) {
				kinds = append(kinds, t.kind)
			}
			if len(c.TargetIds) == 0 || containsID(c.TargetIds, int32(i+1)) {
				delete(s.current, int32(i+1))
			}
		}
		if len(kinds) > 0 {
			return nil, &errLost{kinds}
		}
	case firestorepb.TargetChange_REMOVE:
		// Somebody has to change something: an index, a role, or this program.
		err := status.ErrorProto(c.Cause)
		if c.Cause == nil {
			err = errors.New("no cause given")
		}
		return nil, fmt.Errorf("listen to Firestore: it rejected or ended a target: %w", err)
	}
	isPoint := c.TargetChangeType == firestorepb.TargetChange_NO_CHANGE || c.TargetChangeType == firestorepb.TargetChange_CURRENT
	if !isPoint || len(c.TargetIds) > 0 || c.ReadTime == nil || len(s.current) < len(s.targets) {
		return nil, nil
	}
	p := &point{token: c.ResumeToken, time: c.ReadTime.AsTime(), changes: s.changes, counts: s.counts}
	s.changes, s.counts = map[string]*firestorepb.Document{}, nil
	return p, nil
}

func containsID(ids []int32, id int32) bool {
	for _, x := range ids {
		if x == id {
			return true
		}
	}
	return false
}

// retryable reports whether a stream that ended with this error can be opened again: Firestore ends
// streams regularly.
func retryable(err error) bool {
	switch status.Code(err) {
	case codes.InvalidArgument, codes.NotFound, codes.PermissionDenied, codes.FailedPrecondition, codes.Unimplemented:
		return false
	}
	return true
}
