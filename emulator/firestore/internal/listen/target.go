package listen

import (
	"maps"
	"slices"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/emulator/firestore/internal/query"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Target is what a client asks to be told of: documents or a query.
type Target struct {
	ID    int32
	Keys  []resource.Key
	Query *query.Query
	Text  string // the same for the same query
	Once  bool   // to be removed once it is current

	Resume        Resume
	ExpectedCount *int32 // how many documents the client has from before
}

// Resume is where a client left off.
type Resume struct {
	Known bool // false for a client that has nothing
	Valid bool // the token is one of this database
	At    value.Micros
}

// target is a target on a stream. What it says below the line is guarded by the stream's lock, the rest is not
// changed after it is registered.
type target struct {
	id     int32
	stream *Stream
	keys   []resource.Key
	query  *query.Query
	text   string
	since  value.Micros // it is to be told of commits after this

	pending map[resource.Key]store.Change // from what the client was told last to what is now
	stale   bool                          // changes were lost: it must begin anew
	recheck bool                          // it is to be judged anew

	dependencies []resource.Key // as the hub has them, guarded by its lock

	// Of a query with a limit, the results that the client was told of. Only the stream's own goroutine uses it.
	result map[resource.Key]*store.Document
}

// limited is true when the results depend on more than the document itself.
func (t *target) limited() bool {
	return t.query != nil && (t.query.Limit >= 0 || t.query.Offset > 0 || t.query.Near != nil)
}

// contains reports whether a version of a document is in the target, which is not limited.
func (t *target) contains(d *store.Document) bool {
	if t.query == nil {
		return d.Exists()
	}
	return t.query.Match(d)
}

// all returns the documents that the target has in a view.
func (t *target) all(v store.View) map[resource.Key]*store.Document {
	docs := map[resource.Key]*store.Document{}
	if t.query != nil {
		for _, d := range t.query.Run(v, t.stream.hub.db).Docs {
			docs[d.Key] = d
		}
		return docs
	}
	for _, k := range t.keys {
		if d := v.Get(k); d != nil {
			docs[k] = d
		}
	}
	return docs
}

// effect is what happened to one document, for the targets of a stream.
type effect struct {
	doc      *store.Document // the newest version, or the record of its deletion
	fields   *value.Fields
	in, gone []int32
}

// effects are what is to be sent together, in the order of the documents' keys.
type effects map[resource.Key]*effect

// note records that for a target the document went from was to is; either may be nil for "not in the target".
// now is the document's newest version, which may still exist outside of the target.
func (e effects) note(t *target, was, is, now *store.Document) {
	if is == nil && was == nil {
		return
	}
	d := is
	if d == nil {
		d = now
	}
	x := e[d.Key]
	if x == nil {
		x = &effect{doc: d}
		e[d.Key] = x
	}
	if is == nil {
		x.gone = append(x.gone, t.id)
		return
	}
	x.in = append(x.in, t.id)
	x.doc, x.fields = d, d.Fields
	if t.query != nil {
		x.fields = t.query.Fields(d)
	}
}

// sorted are the effects in the order of keys.
func (e effects) sorted() []*effect {
	out := make([]*effect, 0, len(e))
	for _, k := range slices.Sorted(maps.Keys(e)) {
		out = append(out, e[k])
	}
	return out
}

// response is the message for an effect.
func (x *effect) response(document func(*store.Document, *value.Fields) *pb.Document, now value.Micros) *pb.ListenResponse {
	switch {
	case len(x.in) > 0:
		return &pb.ListenResponse{ResponseType: &pb.ListenResponse_DocumentChange{DocumentChange: &pb.DocumentChange{
			Document: document(x.doc, x.fields), TargetIds: x.in, RemovedTargetIds: x.gone,
		}}}
	case x.doc.Deleted:
		return &pb.ListenResponse{ResponseType: &pb.ListenResponse_DocumentDelete{DocumentDelete: &pb.DocumentDelete{
			Document: x.doc.Name, RemovedTargetIds: x.gone, ReadTime: now.Proto(),
		}}}
	}
	return &pb.ListenResponse{ResponseType: &pb.ListenResponse_DocumentRemove{DocumentRemove: &pb.DocumentRemove{
		Document: x.doc.Name, RemovedTargetIds: x.gone, ReadTime: now.Proto(),
	}}}
}
