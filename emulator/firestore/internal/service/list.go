package service

import (
	"context"
	"encoding/base64"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/firestore/internal/query"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// listing is a parsed ListDocumentsRequest.
type listing struct {
	db         *Database
	query      *query.Query
	collection resource.Key
	after      resource.Key // the last document of the previous page
	size       int          // documents per page
	mask       mask
}

func (s *Service) parseListing(r *pb.ListDocumentsRequest) (listing, error) {
	var l listing
	name, parent, err := resource.ParseParent(r.GetParent())
	if err != nil {
		return l, err
	}
	if l.mask, err = parseMask(r.GetMask()); err != nil {
		return l, err
	}
	if l.db, err = s.Engine.Database(name); err != nil {
		return l, err
	}
	if l.size, err = pageSize(r.GetPageSize(), 300); err != nil {
		return l, err
	}
	if r.GetShowMissing() && (r.GetOrderBy() != "" || r.GetCollectionId() == "") {
		return l, invalid("show_missing needs a collection_id and cannot be used together with order_by.")
	}
	if l.query, err = query.List(parent, r.GetCollectionId(), r.GetOrderBy()); err != nil {
		return l, err
	}
	l.collection = l.query.Scope()
	if r.GetPageSize() > 0 {
		l.query.Limit = l.size // rules see it as request.query.limit
	}
	if l.after, err = parsePageToken(r.GetPageToken(), l.collection); err == nil && l.after.Depth()%2 == 1 {
		err = errPageToken()
	}
	return l, err
}

// pageToken returns the token of the page after a key.
func pageToken(last resource.Key) string {
	return base64.RawURLEncoding.EncodeToString([]byte(last.Path()))
}

// parsePageToken returns the last key of the page before the one of a token, which is below parent, or "" for
// no token.
func parsePageToken(token string, parent resource.Key) (resource.Key, error) {
	if token == "" {
		return "", nil
	}
	path, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return "", errPageToken()
	}
	last, err := resource.ParsePath(string(path))
	if err != nil || !last.Under(parent) {
		return "", errPageToken()
	}
	return last, nil
}

func errPageToken() error { return invalid("page_token is invalid.") }

// ListDocuments returns a page of a collection's documents, sorted by name or by order_by. Without a collection
// ID, the page is of all collections directly below the parent, sorted by name.
func (s *Service) ListDocuments(ctx context.Context, caller guard.Caller, r *pb.ListDocumentsRequest) (*pb.ListDocumentsResponse, error) {
	caller = caller.Doing("ListDocuments")
	l, err := s.parseListing(r)
	if err != nil {
		return nil, err
	}
	if r.GetShowMissing() {
		return s.listWithMissing(ctx, caller, r, l)
	}
	d, q := l.db, l.query
	v, err := d.view(r.GetTransaction(), r, func(id []byte) (store.View, error) { return d.Txns.ReadQuery(id, q) })
	if err != nil {
		return nil, err
	}
	if err := d.authorizeList(ctx, caller, v, q); err != nil {
		return nil, err
	}
	if l.after != "" {
		last := v.Get(l.after)
		if last == nil && len(q.Orders) > 1 {
			return nil, invalid("page_token is no longer valid: its document has been deleted.")
		}
		q.StartAfter(d.Name, l.after, last)
	}
	q.Limit = l.size + 1
	found := q.Run(v, d).Docs
	if err := d.finishRead(v); err != nil {
		return nil, err
	}
	out := &pb.ListDocumentsResponse{}
	if len(found) > l.size {
		found = found[:l.size]
		out.NextPageToken = pageToken(found[l.size-1].Key)
	}
	for _, doc := range found {
		out.Documents = append(out.Documents, s.document(doc, masked(doc, l.mask)))
	}
	s.listed(caller, l, out)
	return out, nil
}

// listed counts a page of a listing.
func (s *Service) listed(caller guard.Caller, l listing, page *pb.ListDocumentsResponse) {
	u := s.usage(caller, l.collection)
	u.reads(max(1, len(page.Documents)))
	u.sent(page)
}

// listWithMissing lists documents including missing ones that have descendants, which have neither
// fields nor times.
func (s *Service) listWithMissing(ctx context.Context, caller guard.Caller, r *pb.ListDocumentsRequest, l listing) (*pb.ListDocumentsResponse, error) {
	d := l.db
	v, err := d.view(r.GetTransaction(), r, func(id []byte) (store.View, error) {
		return d.Txns.ReadScan(id, func(doc *store.Document) bool { return doc.Key.Under(l.collection) })
	})
	if err != nil {
		return nil, err
	}
	if err := d.requireServer(ctx, caller, "list missing documents", l.collection); err != nil {
		return nil, err
	}
	var from resource.Key
	if l.after != "" {
		from = l.after.After()
	}
	keys := v.Children(l.collection, from, l.size)
	out := &pb.ListDocumentsResponse{}
	if len(keys) > l.size {
		keys = keys[:l.size]
		out.NextPageToken = pageToken(keys[l.size-1])
	}
	for _, k := range keys {
		if doc := v.Get(k); doc != nil {
			out.Documents = append(out.Documents, s.document(doc, masked(doc, l.mask)))
		} else {
			out.Documents = append(out.Documents, &pb.Document{Name: k.Name(d.Name)})
		}
	}
	if err := d.finishRead(v); err != nil {
		return nil, err
	}
	s.listed(caller, l, out)
	return out, nil
}

// ListCollectionIds returns a page of the collection IDs below a document or the root.
func (s *Service) ListCollectionIds(ctx context.Context, caller guard.Caller, r *pb.ListCollectionIdsRequest) (*pb.ListCollectionIdsResponse, error) {
	caller = caller.Doing("ListCollectionIds")
	name, parent, err := resource.ParseParent(r.GetParent())
	if err != nil {
		return nil, err
	}
	d, err := s.Engine.Database(name)
	if err != nil {
		return nil, err
	}
	if err := d.requireServer(ctx, caller, "list collection ids", parent); err != nil {
		return nil, err
	}
	size, err := pageSize(r.GetPageSize(), 1000)
	if err != nil {
		return nil, err
	}
	last, err := parsePageToken(r.GetPageToken(), parent)
	if err != nil {
		return nil, err
	}
	v := d.Read()
	if t := r.GetReadTime(); t != nil {
		if v, err = d.ViewAt(value.MicrosOf(t.AsTime())); err != nil {
			return nil, err
		}
	}
	var from resource.Key
	if last != "" {
		from = last.After()
	}
	keys := v.Children(parent, from, size)
	out := &pb.ListCollectionIdsResponse{}
	if len(keys) > size {
		keys = keys[:size]
		out.NextPageToken = pageToken(keys[size-1])
	}
	for _, k := range keys {
		out.CollectionIds = append(out.CollectionIds, k.ID())
	}
	if err := d.finishRead(v); err != nil {
		return nil, err
	}
	// https://firebase.google.com/docs/firestore/pricing#queries_other_than_document_reads
	u := s.usage(caller, containing(parent))
	u.reads(1)
	u.sent(out)
	return out, nil
}

// containing returns the collection that contains a document; that of the root is the root.
func containing(key resource.Key) resource.Key {
	if key == "" {
		return ""
	}
	return key.Collection()
}

// pageSize returns the number of entries per page; n is the requested number, 0 for any.
func pageSize(n int32, most int) (int, error) {
	switch {
	case n < 0:
		return 0, invalid("page_size is negative.")
	case n == 0 || int(n) > most:
		return most, nil
	}
	return int(n), nil
}
