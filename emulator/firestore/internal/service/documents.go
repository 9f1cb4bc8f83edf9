package service

import (
	"context"
	"crypto/rand"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
)

// GetDocument returns one document, or NOT_FOUND.
func (s *Service) GetDocument(ctx context.Context, caller guard.Caller, r *pb.GetDocumentRequest) (*pb.Document, error) {
	caller = caller.Doing("GetDocument")
	name, key, err := resource.ParseDocument(r.GetName())
	if err != nil {
		return nil, err
	}
	m, err := parseMask(r.GetMask())
	if err != nil {
		return nil, err
	}
	d, err := s.Engine.Database(name)
	if err != nil {
		return nil, err
	}
	v, err := d.view(r.GetTransaction(), r, func(id []byte) (store.View, error) {
		return d.Txns.ReadDocs(ctx, id, []resource.Key{key})
	})
	if err != nil {
		return nil, err
	}
	if err := d.authorizeGet(ctx, caller, v, key); err != nil {
		return nil, err
	}
	doc := v.Get(key)
	if err := d.finishRead(v); err != nil {
		return nil, err
	}
	u, now := s.usage(caller, key.Collection()), s.Meter.Now()
	u.meter.AddAt(now, billing.FirestoreReads, u.cause, 1)
	if doc == nil {
		return nil, status.Errorf(codes.NotFound, "Document %q not found.", r.GetName())
	}
	out := s.document(doc, masked(doc, m))
	u.sentAt(now, out)
	return out, nil
}

// BatchGetDocuments sends one response for each document, found or missing.
func (s *Service) BatchGetDocuments(ctx context.Context, caller guard.Caller, r *pb.BatchGetDocumentsRequest, send func(*pb.BatchGetDocumentsResponse) error) error {
	caller = caller.Doing("BatchGetDocuments")
	name, err := resource.ParseDatabase(r.GetDatabase())
	if err != nil {
		return err
	}
	keys, names, err := parseDocuments(name, r.GetDocuments())
	if err != nil {
		return err
	}
	m, err := parseMask(r.GetMask())
	if err != nil {
		return err
	}
	d, err := s.Engine.Database(name)
	if err != nil {
		return err
	}
	id, isNew, err := d.begin(r)
	if err != nil {
		return err
	}
	v, err := d.view(id, r, func(id []byte) (store.View, error) { return d.Txns.ReadDocs(ctx, id, keys) })
	if err == nil {
		err = d.authorizeGet(ctx, caller, v, keys...)
	}
	if err != nil {
		d.rollbackNew(id, isNew)
		return err
	}
	docs := make([]*store.Document, len(keys))
	for i, key := range keys {
		docs[i] = v.Get(key)
	}
	if err := d.finishRead(v); err != nil {
		return err
	}
	s.read(caller, keys)
	if len(keys) > 0 {
		var done func()
		send, done = counted(s.usage(caller, keys[0].Collection()), send)
		defer done()
	}
	if isNew {
		if err := send(&pb.BatchGetDocumentsResponse{Transaction: id}); err != nil {
			return err
		}
	}
	return s.sendDocuments(docs, names, m, v, send)
}

// sendDocuments sends the documents of a batch; nil stands for the missing document with its name.
func (s *Service) sendDocuments(docs []*store.Document, names []string, m mask, v store.View, send func(*pb.BatchGetDocumentsResponse) error) error {
	at := v.Time().Proto()
	for i, doc := range docs {
		out := &pb.BatchGetDocumentsResponse{ReadTime: at}
		if doc == nil {
			out.Result = &pb.BatchGetDocumentsResponse_Missing{Missing: names[i]}
		} else {
			out.Result = &pb.BatchGetDocumentsResponse_Found{Found: s.document(doc, masked(doc, m))}
		}
		if err := send(out); err != nil {
			return err
		}
	}
	return nil
}

// parseDocuments returns the keys of documents in db, and their names. Duplicates are dropped,
// because Google sends one response for each distinct document.
func parseDocuments(db resource.Database, list []string) (keys []resource.Key, names []string, err error) {
	seen := make(map[string]bool, len(list))
	for _, name := range list {
		other, key, err := resource.ParseDocument(name)
		if err != nil {
			return nil, nil, err
		}
		if other != db {
			return nil, nil, invalid("The document %q is in another database than the request's, %q.", name, db)
		}
		if !seen[name] {
			seen[name] = true
			keys, names = append(keys, key), append(names, name)
		}
	}
	return keys, names, nil
}

// CreateDocument creates a document, with a random ID if the request has none.
func (s *Service) CreateDocument(ctx context.Context, caller guard.Caller, r *pb.CreateDocumentRequest) (*pb.Document, error) {
	if err := resource.CheckCollectionID(r.GetCollectionId()); err != nil {
		return nil, err
	}
	id := r.GetDocumentId()
	if id == "" {
		id = autoID()
	} else if err := resource.CheckDocumentID(id); err != nil {
		return nil, err // "a/b/c" would name another document
	}
	if r.GetDocument().GetName() != "" {
		return nil, invalid("The document's name must not be set; it follows from parent, collection_id and document_id.")
	}
	return s.writeOne(ctx, caller.Doing("CreateDocument"), &pb.Write{
		Operation: &pb.Write_Update{Update: &pb.Document{
			Name:   r.GetParent() + "/" + r.GetCollectionId() + "/" + id,
			Fields: r.GetDocument().GetFields(),
		}},
		CurrentDocument: &pb.Precondition{ConditionType: &pb.Precondition_Exists{}},
	}, r.GetMask())
}

// autoID returns a random ID of 20 letters and digits, like those of the SDKs.
func autoID() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, 20)
	rand.Read(b)
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b)
}

// UpdateDocument sets or merges a document.
func (s *Service) UpdateDocument(ctx context.Context, caller guard.Caller, r *pb.UpdateDocumentRequest) (*pb.Document, error) {
	return s.writeOne(ctx, caller.Doing("UpdateDocument"), &pb.Write{
		Operation:       &pb.Write_Update{Update: r.GetDocument()},
		UpdateMask:      r.GetUpdateMask(),
		CurrentDocument: r.GetCurrentDocument(),
	}, r.GetMask())
}

// DeleteDocument deletes a document.
func (s *Service) DeleteDocument(ctx context.Context, caller guard.Caller, r *pb.DeleteDocumentRequest) (*emptypb.Empty, error) {
	_, err := s.commitOne(ctx, caller.Doing("DeleteDocument"), r.GetName(), &pb.Write{
		Operation:       &pb.Write_Delete{Delete: r.GetName()},
		CurrentDocument: r.GetCurrentDocument(),
	})
	if err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}

func (s *Service) writeOne(ctx context.Context, caller guard.Caller, w *pb.Write, show *pb.DocumentMask) (*pb.Document, error) {
	m, err := parseMask(show)
	if err != nil {
		return nil, err
	}
	doc, err := s.commitOne(ctx, caller, w.GetUpdate().GetName(), w)
	if err != nil {
		return nil, err
	}
	out := s.document(doc, masked(doc, m))
	s.usage(caller, doc.Key.Collection()).sent(out)
	return out, nil
}
