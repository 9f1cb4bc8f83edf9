package firestore

import (
	"context"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/firestore/internal/service"
)

// Owner calls the API from this process with the rights of a server: security rules do not apply.
// Requests, responses and errors are those that a client sees. It has the methods that a console
// needs.
type Owner struct {
	svc *service.Service
}

// Owner returns the API for callers in this process.
func (s *Server) Owner() *Owner { return &Owner{&service.Service{Engine: s.engine}} }

var owner = guard.Caller{Owner: true}

// GetDocument reads a document.
func (o *Owner) GetDocument(ctx context.Context, r *pb.GetDocumentRequest) (*pb.Document, error) {
	return o.svc.GetDocument(ctx, owner, r)
}

// ListDocuments reads a page of a collection, including missing documents if requested.
func (o *Owner) ListDocuments(ctx context.Context, r *pb.ListDocumentsRequest) (*pb.ListDocumentsResponse, error) {
	return o.svc.ListDocuments(ctx, owner, r)
}

// ListCollectionIds reads a page of the collection ids below a document or the root.
func (o *Owner) ListCollectionIds(ctx context.Context, r *pb.ListCollectionIdsRequest) (*pb.ListCollectionIdsResponse, error) {
	return o.svc.ListCollectionIds(ctx, owner, r)
}

// Commit applies writes atomically.
func (o *Owner) Commit(ctx context.Context, r *pb.CommitRequest) (*pb.CommitResponse, error) {
	return o.svc.Commit(ctx, owner, r)
}
