package service

import (
	"context"
	"crypto/rand"
	"encoding/base64"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/firestore/internal/query"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

func invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}

// GetDocument returns one document, or NOT_FOUND.
func (s *Service) GetDocument(ctx context.Context, who guard.Caller, r *pb.GetDocumentRequest) (*pb.Document, error) {
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
	if err := d.mayGet(ctx, who, v, key); err != nil {
		return nil, err
	}
	doc := v.Get(key)
	if err := d.complete(v); err != nil {
		return nil, err
	}
	if doc == nil {
		return nil, status.Errorf(codes.NotFound, "Document %q not found.", r.GetName())
	}
	return s.document(doc, masked(doc, m)), nil
}

// BatchGetDocuments sends one response for each document, found or missing.
func (s *Service) BatchGetDocuments(ctx context.Context, who guard.Caller, r *pb.BatchGetDocumentsRequest, send func(*pb.BatchGetDocumentsResponse) error) error {
	name, err := resource.ParseDatabase(r.GetDatabase())
	if err != nil {
		return err
	}
	keys := make([]resource.Key, 0, len(r.GetDocuments()))
	seen := make(map[string]bool, len(r.GetDocuments()))
	names := make([]string, 0, len(r.GetDocuments()))
	for _, doc := range r.GetDocuments() {
		db, key, err := resource.ParseDocument(doc)
		if err != nil {
			return err
		}
		if db != name {
			return invalid("The document %q is in another database than the request's, %q.", doc, name)
		}
		if !seen[doc] { // Google answers once for each distinct document
			seen[doc] = true
			keys, names = append(keys, key), append(names, doc)
		}
	}
	m, err := parseMask(r.GetMask())
	if err != nil {
		return err
	}
	d, err := s.Engine.Database(name)
	if err != nil {
		return err
	}
	id, fresh, err := d.begin(r)
	if err != nil {
		return err
	}
	v, err := d.view(id, r, func(id []byte) (store.View, error) { return d.Txns.ReadDocs(ctx, id, keys) })
	if err == nil {
		err = d.mayGet(ctx, who, v, keys...)
	}
	if err != nil {
		d.giveUp(id, fresh)
		return err
	}
	docs := make([]*store.Document, len(keys))
	for i, key := range keys {
		docs[i] = v.Get(key)
	}
	if err := d.complete(v); err != nil {
		return err
	}
	if fresh {
		if err := send(&pb.BatchGetDocumentsResponse{Transaction: id}); err != nil {
			return err
		}
	}
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

// CreateDocument makes a document, with an id of its own when none is given.
func (s *Service) CreateDocument(ctx context.Context, who guard.Caller, r *pb.CreateDocumentRequest) (*pb.Document, error) {
	if err := resource.CheckID(r.GetCollectionId()); err != nil {
		return nil, err
	}
	id := r.GetDocumentId()
	if id == "" {
		id = autoID()
	}
	if r.GetDocument().GetName() != "" {
		return nil, invalid("The document's name must not be set; it follows from parent, collection_id and document_id.")
	}
	return s.writeOne(ctx, who, &pb.Write{
		Operation: &pb.Write_Update{Update: &pb.Document{
			Name:   r.GetParent() + "/" + r.GetCollectionId() + "/" + id,
			Fields: r.GetDocument().GetFields(),
		}},
		CurrentDocument: &pb.Precondition{ConditionType: &pb.Precondition_Exists{}},
	}, r.GetMask())
}

// autoID is a random id of 20 letters and digits, as SDKs make them.
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
func (s *Service) UpdateDocument(ctx context.Context, who guard.Caller, r *pb.UpdateDocumentRequest) (*pb.Document, error) {
	return s.writeOne(ctx, who, &pb.Write{
		Operation:       &pb.Write_Update{Update: r.GetDocument()},
		UpdateMask:      r.GetUpdateMask(),
		CurrentDocument: r.GetCurrentDocument(),
	}, r.GetMask())
}

// DeleteDocument removes a document.
func (s *Service) DeleteDocument(ctx context.Context, who guard.Caller, r *pb.DeleteDocumentRequest) (*emptypb.Empty, error) {
	_, err := s.commitOne(ctx, who, r.GetName(), &pb.Write{
		Operation:       &pb.Write_Delete{Delete: r.GetName()},
		CurrentDocument: r.GetCurrentDocument(),
	})
	if err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}

func (s *Service) writeOne(ctx context.Context, who guard.Caller, w *pb.Write, show *pb.DocumentMask) (*pb.Document, error) {
	m, err := parseMask(show)
	if err != nil {
		return nil, err
	}
	doc, err := s.commitOne(ctx, who, w.GetUpdate().GetName(), w)
	if err != nil {
		return nil, err
	}
	return s.document(doc, masked(doc, m)), nil
}

// ListDocuments lists the documents of a collection, page by page, in the order of their names or another.
func (s *Service) ListDocuments(ctx context.Context, who guard.Caller, r *pb.ListDocumentsRequest) (*pb.ListDocumentsResponse, error) {
	name, parent, err := resource.ParseParent(r.GetParent())
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
	size, err := pageSize(r.GetPageSize(), 300)
	if err != nil {
		return nil, err
	}
	token, err := base64.RawURLEncoding.DecodeString(r.GetPageToken())
	if err != nil {
		return nil, invalid("page_token is invalid.")
	}
	if r.GetCollectionId() == "" {
		return nil, status.Error(codes.Unimplemented, "ListDocuments without a collection_id is not supported; ask for each id that ListCollectionIds returns.")
	}
	if err := resource.CheckID(r.GetCollectionId()); err != nil {
		return nil, err
	}
	q, err := query.List(parent, r.GetCollectionId(), r.GetOrderBy())
	if err != nil {
		return nil, err
	}
	if r.GetPageSize() > 0 {
		q.Limit = size // which is what rules judge by
	}
	if r.GetShowMissing() {
		if r.GetOrderBy() != "" {
			return nil, invalid("order_by cannot be used together with show_missing.")
		}
		return s.listAll(ctx, d, who, r, q, parent.Child(r.GetCollectionId()), resource.Key(token), size, m)
	}
	v, err := d.view(r.GetTransaction(), r, func(id []byte) (store.View, error) { return d.Txns.ReadQuery(id, q) })
	if err != nil {
		return nil, err
	}
	if err := d.mayList(ctx, who, v, q); err != nil {
		return nil, err
	}
	if len(token) > 0 {
		last := v.Get(resource.Key(token))
		if last == nil && len(q.Orders) > 1 {
			return nil, invalid("page_token is no longer valid: its document is gone.")
		}
		q.StartAfter(d.Name, resource.Key(token), last)
	}
	q.Limit = size + 1
	found := q.Run(v, d).Docs
	if err := d.complete(v); err != nil {
		return nil, err
	}
	out := &pb.ListDocumentsResponse{}
	if len(found) > size {
		found = found[:size]
		out.NextPageToken = base64.RawURLEncoding.EncodeToString([]byte(found[size-1].Key))
	}
	for _, doc := range found {
		out.Documents = append(out.Documents, s.document(doc, masked(doc, m)))
	}
	return out, nil
}

// listAll lists documents and those that don't exist but have descendants, which have neither fields nor times.
func (s *Service) listAll(ctx context.Context, d *Database, who guard.Caller, r *pb.ListDocumentsRequest, q *query.Query, coll, after resource.Key, size int, m mask) (*pb.ListDocumentsResponse, error) {
	v, err := d.view(r.GetTransaction(), r, func(id []byte) (store.View, error) {
		return d.Txns.ReadScan(id, func(doc *store.Document) bool { return doc.Key.Under(coll) })
	})
	if err != nil {
		return nil, err
	}
	if err := d.mayList(ctx, who, v, q); err != nil {
		return nil, err
	}
	var from resource.Key
	if after != "" {
		from = after.After()
	}
	keys := v.Children(coll, from, size)
	out := &pb.ListDocumentsResponse{}
	if len(keys) > size {
		keys = keys[:size]
		out.NextPageToken = base64.RawURLEncoding.EncodeToString([]byte(keys[size-1]))
	}
	for _, k := range keys {
		if doc := v.Get(k); doc != nil {
			out.Documents = append(out.Documents, s.document(doc, masked(doc, m)))
		} else {
			out.Documents = append(out.Documents, &pb.Document{Name: k.Name(d.Name)})
		}
	}
	return out, d.complete(v)
}

// ListCollectionIds lists the collections of a document or of the root.
func (s *Service) ListCollectionIds(ctx context.Context, who guard.Caller, r *pb.ListCollectionIdsRequest) (*pb.ListCollectionIdsResponse, error) {
	name, parent, err := resource.ParseParent(r.GetParent())
	if err != nil {
		return nil, err
	}
	d, err := s.Engine.Database(name)
	if err != nil {
		return nil, err
	}
	if err := d.mustOwn(ctx, who, "list collection ids", parent); err != nil {
		return nil, err
	}
	size, err := pageSize(r.GetPageSize(), 1000)
	if err != nil {
		return nil, err
	}
	token, err := base64.RawURLEncoding.DecodeString(r.GetPageToken())
	if err != nil {
		return nil, invalid("page_token is invalid.")
	}
	v := d.Read()
	if t := r.GetReadTime(); t != nil {
		if v, err = d.ViewAt(value.MicrosOf(t.AsTime())); err != nil {
			return nil, err
		}
	}
	var from resource.Key
	if len(token) > 0 {
		from = resource.Key(token).After()
	}
	keys := v.Children(parent, from, size)
	out := &pb.ListCollectionIdsResponse{}
	if len(keys) > size {
		keys = keys[:size]
		out.NextPageToken = base64.RawURLEncoding.EncodeToString([]byte(keys[size-1]))
	}
	for _, k := range keys {
		out.CollectionIds = append(out.CollectionIds, k.ID())
	}
	return out, d.complete(v)
}

// pageSize is how many entries a page has; n is what the client asks for, 0 for any.
func pageSize(n int32, most int) (int, error) {
	switch {
	case n < 0:
		return 0, invalid("page_size is negative.")
	case n == 0 || int(n) > most:
		return most, nil
	}
	return int(n), nil
}
