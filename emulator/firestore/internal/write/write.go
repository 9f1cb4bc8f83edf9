// Package write parses, checks and applies Firestore's writes: updates with field masks, deletions,
// verifications, preconditions and field transforms.
package write

import (
	"slices"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/fieldpath"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Kind is the operation of a write.
type Kind uint8

// The kinds of writes. A Transform only changes the fields that it transforms.
const (
	Update Kind = iota + 1
	Delete
	Verify
	Transform
)

// Write is one checked write.
type Write struct {
	Kind         Kind
	Key          resource.Key
	Fields       *value.Fields // of an Update
	Indexes      Indexes       // set before the write is applied; nil does not limit index entries
	masked       bool          // an Update that only changes the fields in mask
	mask         []fieldpath.Path
	precondition precondition
	transforms   []transform
}

// Result is the result of a write.
type Result struct {
	Doc        *store.Document // the document after the write, nil if it does not exist
	Transforms []value.Value
}

// Limits of https://firebase.google.com/docs/firestore/quotas.
const (
	MaxDocumentBytes = 1 << 20  // size of a document
	MaxRequestBytes  = 10 << 20 // size of all writes of a commit
	maxTransforms    = 500      // field transforms of a document in a commit
)

func invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}

// Parse parses and checks a write to a document in db.
func Parse(db resource.Database, p *pb.Write) (*Write, error) {
	w := &Write{}
	var name string
	var transforms []*pb.DocumentTransform_FieldTransform
	verify := verifyOf(p)
	switch op := p.GetOperation().(type) {
	case *pb.Write_Update:
		w.Kind, name, transforms = Update, op.Update.GetName(), p.GetUpdateTransforms()
	case *pb.Write_Delete:
		w.Kind, name = Delete, op.Delete
	case *pb.Write_Transform:
		w.Kind, name, transforms = Transform, op.Transform.GetDocument(), op.Transform.GetFieldTransforms()
		if len(transforms) == 0 {
			return nil, invalid("A document transform must have at least one field transform.")
		}
	default:
		if verify == "" {
			return nil, invalid("A write must have an operation: update, delete, verify or transform.")
		}
		w.Kind, name = Verify, verify
	}
	got, key, err := resource.ParseDocument(name)
	if err != nil {
		return nil, err
	}
	if got != db {
		return nil, invalid("The write to %q is for another database than the request's, %q.", name, db)
	}
	w.Key = key
	if w.precondition, err = parsePrecondition(p.GetCurrentDocument()); err != nil {
		return nil, err
	}
	if w.Kind == Verify && w.precondition.kind == none {
		return nil, invalid("A verify must have a precondition: %s.", key.Path())
	}
	if w.Kind != Update && (p.GetUpdateMask() != nil || len(p.GetUpdateTransforms()) > 0) {
		return nil, invalid("update_mask and update_transforms are only allowed with an update.")
	}
	if w.Kind == Update {
		if err := w.parseUpdate(p); err != nil {
			return nil, err
		}
	}
	w.transforms, err = parseTransforms(transforms)
	return w, err
}

func (w *Write) parseUpdate(p *pb.Write) (err error) {
	if w.Fields, err = fieldsOf(p.GetUpdate()); err != nil {
		return err
	}
	if p.GetUpdateMask() == nil {
		return nil
	}
	w.masked = true
	for _, s := range p.GetUpdateMask().GetFieldPaths() {
		path, err := parsePath(s)
		if err != nil {
			return err
		}
		w.mask = append(w.mask, path)
	}
	w.mask = outermost(w.mask)
	return nil
}

// parsePath parses the path of a field that is written.
func parsePath(s string) (fieldpath.Path, error) {
	path, err := fieldpath.ParseField(s)
	if err == nil && path.IsName() {
		err = invalid("A write cannot change %s.", path)
	}
	return path, err
}

// outermost returns the paths of a mask that are not below another one. A mask selects the union of
// its paths: owner already contains owner.name. DocumentMask in google/firestore/v1/common.proto
// does not forbid paths that overlap.
func outermost(mask []fieldpath.Path) []fieldpath.Path {
	return slices.DeleteFunc(slices.Clone(mask), func(p fieldpath.Path) bool {
		return slices.ContainsFunc(mask, func(q fieldpath.Path) bool { return len(q) < len(p) && p.HasPrefix(q) })
	})
}

// Set returns the write that replaces a document's fields.
func Set(key resource.Key, f *value.Fields) *Write { return &Write{Kind: Update, Key: key, Fields: f} }

// ParseAll parses and checks the writes of a commit to db.
func ParseAll(db resource.Database, list []*pb.Write) ([]*Write, error) {
	writes := make([]*Write, len(list))
	transforms := map[resource.Key]int{}
	size := 0
	for i, p := range list {
		w, err := Parse(db, p)
		if err != nil {
			return nil, err
		}
		if len(w.transforms) > 0 {
			if transforms[w.Key] += len(w.transforms); transforms[w.Key] > maxTransforms {
				return nil, invalid("The document %s has more than %d field transforms in one commit.", w.Key.Path(), maxTransforms)
			}
		}
		if size += len(w.Key) + w.Fields.Size(); size > MaxRequestBytes {
			return nil, invalid("Transaction too big. Decrease transaction size: it is more than %d bytes.", MaxRequestBytes)
		}
		writes[i] = w
	}
	return writes, checkSequence(writes)
}

// Apply checks the precondition and applies the write to tx.
func (w *Write) Apply(tx *store.Tx) (Result, error) {
	old := tx.Get(w.Key)
	if err := w.precondition.check(old, w); err != nil {
		return Result{}, err
	}
	var now *value.Fields
	if old != nil {
		now = old.Fields
	}
	switch w.Kind {
	case Verify:
		return Result{Doc: old}, nil
	case Delete:
		tx.Delete(w.Key)
		return Result{}, nil
	case Update:
		if !w.masked {
			now = w.Fields
			break
		}
		for _, p := range w.mask {
			now = now.WithAt(p, w.Fields.At(p))
		}
	}
	if now == nil {
		now = &value.Fields{}
	}
	var r Result
	for i := range w.transforms {
		v, result, err := w.transforms[i].apply(now.At(w.transforms[i].path), tx.Time)
		if err != nil {
			return Result{}, err
		}
		now = now.WithAt(w.transforms[i].path, v)
		r.Transforms = append(r.Transforms, result)
	}
	if err := w.checkSize(now); err != nil {
		return Result{}, err
	}
	r.Doc = tx.Put(w.Key, now)
	return r, nil
}
