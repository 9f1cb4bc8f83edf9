package firestore

import (
	"context"
	"fmt"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/firestore/internal/service"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/firestore/internal/write"
	"heek.kr/heektime/emulator/internal/resource"
)

// Owner makes calls of the service in this process, as a server with all rights, whom rules do not judge. It is what a
// console needs of the API; requests, answers and errors are those of a client.
type Owner struct {
	svc *service.Service
}

// Owner returns the service for callers in this process.
func (s *Server) Owner() *Owner { return &Owner{&service.Service{Engine: s.engine}} }

var owner = guard.Caller{Owner: true}

// GetDocument reads a document.
func (o *Owner) GetDocument(ctx context.Context, r *pb.GetDocumentRequest) (*pb.Document, error) {
	return o.svc.GetDocument(ctx, owner, r)
}

// ListDocuments reads a page of a collection, with missing documents if asked for.
func (o *Owner) ListDocuments(ctx context.Context, r *pb.ListDocumentsRequest) (*pb.ListDocumentsResponse, error) {
	return o.svc.ListDocuments(ctx, owner, r)
}

// ListCollectionIds reads a page of the collections of a document, or of the root.
func (o *Owner) ListCollectionIds(ctx context.Context, r *pb.ListCollectionIdsRequest) (*pb.ListCollectionIdsResponse, error) {
	return o.svc.ListCollectionIds(ctx, owner, r)
}

// Commit carries out writes, all or none.
func (o *Owner) Commit(ctx context.Context, r *pb.CommitRequest) (*pb.CommitResponse, error) {
	return o.svc.Commit(ctx, owner, r)
}

// deleteBatch is how many documents are deleted in one commit: what Firestore once allowed, and still bounds how long
// others wait.
const deleteBatch = 500

// DeleteAll deletes what is at a path such as users/u1, or users, and everything below it, and says how many documents
// that were. It does so commit by commit: what is written meanwhile may stay, and when ctx ends, the rest does.
func (db *Database) DeleteAll(ctx context.Context, path string) (deleted int, err error) {
	key, err := resource.ParsePath(path)
	if err != nil {
		return 0, fmt.Errorf("firestore: delete all of %s: %w", path, err)
	}
	v := db.d.Read()
	var batch []*write.Write
	flush := func() bool {
		if err = ctx.Err(); err == nil {
			err = db.d.Apply(ctx, batch)
		}
		if err == nil {
			deleted += len(batch)
		}
		batch = nil
		return err == nil
	}
	for _, group := range v.Groups() {
		v.Scan(group, key, key.After(), false, func(d *store.Document) bool {
			batch = append(batch, &write.Write{Kind: write.Delete, Key: d.Key})
			return len(batch) < deleteBatch || flush()
		})
		if err != nil {
			break
		}
	}
	if err == nil && len(batch) > 0 {
		flush()
	}
	if err != nil {
		return deleted, fmt.Errorf("firestore: delete all of %s: %w", path, err)
	}
	return deleted, nil
}
