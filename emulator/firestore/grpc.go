package firestore

import (
	"context"
	"strings"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/firestore/internal/service"
	"heek.kr/heektime/emulator/internal/emulatorauth"
)

// grpcServer serves the API over gRPC.
type grpcServer struct {
	pb.UnimplementedFirestoreServer
	svc  *service.Service
	auth *emulatorauth.Authenticator
}

// caller identifies the caller by the metadata of a call.
func (g *grpcServer) caller(ctx context.Context) guard.Caller {
	var who guard.Caller
	if v := metadata.ValueFromIncomingContext(ctx, "authorization"); len(v) > 0 {
		who = g.auth.Authenticate(v[0])
	}
	if g.svc.Meter != nil {
		who.Service = billing.ServiceOf(ctx)
		if v := metadata.ValueFromIncomingContext(ctx, actionKey); len(v) > 0 {
			who.Action = v[0]
		}
	}
	return who
}

// actionKey is the key of [billing.ActionHeader] in the metadata of a call.
var actionKey = strings.ToLower(billing.ActionHeader)

func (g *grpcServer) GetDocument(ctx context.Context, r *pb.GetDocumentRequest) (*pb.Document, error) {
	return g.svc.GetDocument(ctx, g.caller(ctx), r)
}

func (g *grpcServer) ListDocuments(ctx context.Context, r *pb.ListDocumentsRequest) (*pb.ListDocumentsResponse, error) {
	return g.svc.ListDocuments(ctx, g.caller(ctx), r)
}

func (g *grpcServer) CreateDocument(ctx context.Context, r *pb.CreateDocumentRequest) (*pb.Document, error) {
	return g.svc.CreateDocument(ctx, g.caller(ctx), r)
}

func (g *grpcServer) UpdateDocument(ctx context.Context, r *pb.UpdateDocumentRequest) (*pb.Document, error) {
	return g.svc.UpdateDocument(ctx, g.caller(ctx), r)
}

func (g *grpcServer) DeleteDocument(ctx context.Context, r *pb.DeleteDocumentRequest) (*emptypb.Empty, error) {
	return g.svc.DeleteDocument(ctx, g.caller(ctx), r)
}

func (g *grpcServer) BatchGetDocuments(r *pb.BatchGetDocumentsRequest, s pb.Firestore_BatchGetDocumentsServer) error {
	return g.svc.BatchGetDocuments(s.Context(), g.caller(s.Context()), r, s.Send)
}

func (g *grpcServer) BeginTransaction(ctx context.Context, r *pb.BeginTransactionRequest) (*pb.BeginTransactionResponse, error) {
	return g.svc.BeginTransaction(ctx, g.caller(ctx), r)
}

func (g *grpcServer) Commit(ctx context.Context, r *pb.CommitRequest) (*pb.CommitResponse, error) {
	return g.svc.Commit(ctx, g.caller(ctx), r)
}

func (g *grpcServer) Rollback(ctx context.Context, r *pb.RollbackRequest) (*emptypb.Empty, error) {
	return g.svc.Rollback(ctx, g.caller(ctx), r)
}

func (g *grpcServer) RunQuery(r *pb.RunQueryRequest, s pb.Firestore_RunQueryServer) error {
	return g.svc.RunQuery(s.Context(), g.caller(s.Context()), r, s.Send)
}

func (g *grpcServer) ListCollectionIds(ctx context.Context, r *pb.ListCollectionIdsRequest) (*pb.ListCollectionIdsResponse, error) {
	return g.svc.ListCollectionIds(ctx, g.caller(ctx), r)
}

func (g *grpcServer) BatchWrite(ctx context.Context, r *pb.BatchWriteRequest) (*pb.BatchWriteResponse, error) {
	return g.svc.BatchWrite(ctx, g.caller(ctx), r)
}

func (g *grpcServer) RunAggregationQuery(r *pb.RunAggregationQueryRequest, s pb.Firestore_RunAggregationQueryServer) error {
	return g.svc.RunAggregationQuery(s.Context(), g.caller(s.Context()), r, s.Send)
}

func (g *grpcServer) PartitionQuery(ctx context.Context, r *pb.PartitionQueryRequest) (*pb.PartitionQueryResponse, error) {
	return g.svc.PartitionQuery(ctx, g.caller(ctx), r)
}

func (g *grpcServer) Write(s pb.Firestore_WriteServer) error {
	return g.svc.Write(s.Context(), g.caller(s.Context()), s.Recv, s.Send)
}

func (g *grpcServer) Listen(s pb.Firestore_ListenServer) error {
	return g.svc.Listen(s.Context(), g.caller(s.Context()), s.Recv, s.Send)
}
