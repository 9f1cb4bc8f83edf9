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

// Target is a client's request to listen to documents or to a query.
type Target struct {
	ID       int32
	Keys     []resource.Key
	Query    *query.Query
	QueryKey string // equal for equal queries
	Once     bool   // remove the target when it is current

	Resume        Resume
	ExpectedCount *int32 // number of documents that the client has cached
}

// Resume is the point from which a client resumes listening.
type Resume struct {
	Given  bool // the client sent a resume token or a read time
	Valid  bool // the token belongs to this database
	At     value.Micros
	Stream uint64 // the ID of the stream that sent the token
}

// target is a target on a stream. The first group of fields does not change after registration.
type target struct {
	id       int32
	stream   *Stream
	keys     []resource.Key
	query    *query.Query
	queryKey string
	since    value.Micros // the commits after this time are dispatched to it

	// Guarded by the stream's lock.
	pending map[resource.Key]store.Change // from the version last sent to the current one
	stale   bool                          // changes were dropped: all documents must be sent again
	recheck bool                          // the target must be authorized again

	dependencies []resource.Key // guarded by the hub's lock

	// result holds the results last sent for a limited query. Only the stream's goroutine uses it.
	result map[resource.Key]*store.Document
}

// limited reports whether a document's membership depends on other documents.
func (t *target) limited() bool {
	return t.query != nil && (t.query.Limit >= 0 || t.query.Offset > 0 || t.query.Near != nil)
}

// contains reports whether a version of a document is in the target, which must not be limited.
func (t *target) contains(d *store.Document) bool {
	if t.query == nil {
		return d.Exists()
	}
	return t.query.Match(d)
}

// all returns the target's documents in a view.
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

// effect is what a change of one document means for the targets of a stream.
type effect struct {
	doc         *store.Document // the newest version or the tombstone
	fields      *value.Fields
	in, removed []int32 // IDs of the targets that contain the document, or no longer do
	displaced   int     // number of removed whose limit other documents fill; this one did not change
}

// effects are the effects to send together.
type effects map[resource.Key]*effect

// record records that the document in a target changed from was to is; nil means that it is not in
// the target. now is the document's newest version, which may exist outside of the target.
func (e effects) record(t *target, was, is, now *store.Document) {
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
		x.removed = append(x.removed, t.id)
		return
	}
	x.in = append(x.in, t.id)
	x.doc, x.fields = d, d.Fields
	if t.query != nil {
		x.fields = t.query.Fields(d)
	}
}

// sorted returns the effects in the order of the documents' keys.
func (e effects) sorted() []*effect {
	out := make([]*effect, 0, len(e))
	for _, k := range slices.Sorted(maps.Keys(e)) {
		out = append(out, e[k])
	}
	return out
}

// response returns the message for an effect.
func (x *effect) response(document func(*store.Document, *value.Fields) *pb.Document, now value.Micros) *pb.ListenResponse {
	switch {
	case len(x.in) > 0:
		return &pb.ListenResponse{ResponseType: &pb.ListenResponse_DocumentChange{DocumentChange: &pb.DocumentChange{
			Document: document(x.doc, x.fields), TargetIds: x.in, RemovedTargetIds: x.removed,
		}}}
	case x.doc.Deleted:
		return &pb.ListenResponse{ResponseType: &pb.ListenResponse_DocumentDelete{DocumentDelete: &pb.DocumentDelete{
			Document: x.doc.Name, RemovedTargetIds: x.removed, ReadTime: now.Proto(),
		}}}
	}
	return &pb.ListenResponse{ResponseType: &pb.ListenResponse_DocumentRemove{DocumentRemove: &pb.DocumentRemove{
		Document: x.doc.Name, RemovedTargetIds: x.removed, ReadTime: now.Proto(),
	}}}
}
