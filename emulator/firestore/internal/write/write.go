// Package write carries out Firestore's writes: updates with masks, deletions, checks, preconditions, transforms.
package write

import (
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/fieldpath"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Kind is what a write does.
type Kind uint8

// The kinds of writes. A Transform without an update leaves all other fields as they are.
const (
	Update Kind = iota + 1
	Delete
	Verify
	Transform
)

// Write is one checked write.
type Write struct {
	Kind   Kind
	Key    resource.Key
	Fields *value.Fields    // of an Update
	Mask   []fieldpath.Path // nil: the whole document
	masked bool
	must   condition
	do     []transform
}

// Result is what a write answers.
type Result struct {
	Doc        *store.Document // as the write left it, nil when it is gone
	Transforms []value.Value
}

// MaxDocumentBytes is how large a document may be (https://firebase.google.com/docs/firestore/quotas).
const MaxDocumentBytes = 1 << 20

// MaxRequestBytes is how much one commit may write (same source).
const MaxRequestBytes = 10 << 20

// maxIndexEntries is how many entries one document may have in the automatic indexes (same source).
const maxIndexEntries = 40_000

// maxTransforms is how many field transforms one document may have in a commit (same source).
const maxTransforms = 500

func invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}

// Parse checks a write to a document of db.
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
	if w.must, err = parseCondition(p.GetCurrentDocument()); err != nil {
		return nil, err
	}
	if w.Kind != Update && (p.GetUpdateMask() != nil || len(p.GetUpdateTransforms()) > 0) {
		return nil, invalid("update_mask and update_transforms are only allowed with an update.")
	}
	if w.Kind == Update {
		if err := w.parseUpdate(p); err != nil {
			return nil, err
		}
	}
	w.do, err = parseTransforms(transforms)
	return w, err
}

func (w *Write) parseUpdate(p *pb.Write) (err error) {
	if w.Fields, err = value.FieldsFromProto(p.GetUpdate().GetFields()); err != nil {
		return err
	}
	if p.GetUpdateMask() == nil {
		return nil
	}
	w.masked = true
	if w.Mask, err = fieldpath.ParseAll(p.GetUpdateMask().GetFieldPaths()); err != nil {
		return err
	}
	for i, a := range w.Mask {
		for _, b := range w.Mask[:i] {
			if a.HasPrefix(b) || b.HasPrefix(a) {
				if a.Equal(b) {
					continue
				}
				return invalid("The field paths %s and %s of the mask overlap.", b, a)
			}
		}
	}
	return nil
}

// Set is the write that makes a document have exactly these fields.
func Set(key resource.Key, f *value.Fields) *Write { return &Write{Kind: Update, Key: key, Fields: f} }

// verifyField is the number of `string verify` in the operation oneof of google.firestore.v1.Write. The web SDKs send
// it in transactions for documents they only read; the public Go package of the protocol does not know it.
const verifyField = 5

// verifyOf finds the name in a verify operation among the fields that the protocol package does not know.
func verifyOf(p *pb.Write) (name string) {
	b := p.ProtoReflect().GetUnknown()
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return name
		}
		b = b[n:]
		size := protowire.ConsumeFieldValue(num, typ, b)
		if size < 0 {
			return name
		}
		if num == verifyField && typ == protowire.BytesType {
			s, _ := protowire.ConsumeBytes(b)
			name = string(s)
		}
		b = b[size:]
	}
	return name
}

// SetVerify makes p a verify operation on the document with that name.
func SetVerify(p *pb.Write, name string) {
	b := protowire.AppendTag(nil, verifyField, protowire.BytesType)
	p.ProtoReflect().SetUnknown(protowire.AppendString(b, name))
}

// ParseAll checks the writes of one commit.
func ParseAll(db resource.Database, list []*pb.Write) ([]*Write, error) {
	writes := make([]*Write, len(list))
	transforms := map[resource.Key]int{}
	size := 0
	for i, p := range list {
		w, err := Parse(db, p)
		if err != nil {
			return nil, err
		}
		if len(w.do) > 0 {
			if transforms[w.Key] += len(w.do); transforms[w.Key] > maxTransforms {
				return nil, invalid("The document %s has more than %d field transforms in one commit.", w.Key.Path(), maxTransforms)
			}
		}
		if size += len(w.Key) + w.Fields.Size(); size > MaxRequestBytes {
			return nil, invalid("Transaction too big. Decrease transaction size: it is more than %d bytes.", MaxRequestBytes)
		}
		writes[i] = w
	}
	return writes, nil
}

// Apply checks the precondition and carries the write out.
func (w *Write) Apply(tx *store.Tx) (Result, error) {
	old := tx.Get(w.Key)
	if err := w.must.check(old, w); err != nil {
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
		for _, p := range w.Mask {
			now = now.WithAt(p, w.Fields.At(p))
		}
	}
	if now == nil {
		now = &value.Fields{}
	}
	var r Result
	for i := range w.do {
		v, result, err := w.do[i].apply(now.At(w.do[i].path), tx.Time)
		if err != nil {
			return Result{}, err
		}
		now = now.WithAt(w.do[i].path, v)
		r.Transforms = append(r.Transforms, result)
	}
	if err := w.checkSize(now); err != nil {
		return Result{}, err
	}
	r.Doc = tx.Put(w.Key, now)
	return r, nil
}

func (w *Write) checkSize(f *value.Fields) error {
	if size := value.DocumentSize(w.Key.Path(), f); size > MaxDocumentBytes {
		return invalid("Document %q cannot be written because its size (%d bytes) exceeds the maximum allowed size of %d bytes.",
			w.Key.Path(), size, MaxDocumentBytes)
	} else if size > maxIndexEntries && entries(f) > maxIndexEntries { // an entry takes more than a byte
		return invalid("too many index entries for document %q: more than %d.", w.Key.Path(), maxIndexEntries)
	}
	return nil
}

// entries counts the entries in the automatic indexes: of a single value an ascending and a descending one, of an array
// one for each distinct element (https://firebase.google.com/docs/firestore/query-data/index-overview).
func entries(f *value.Fields) int {
	n := 0
	for _, e := range f.All() {
		switch e.Value.Kind() {
		case value.Map:
			n += entries(e.Value.Map())
		case value.Array:
			seen := map[string]bool{}
			for _, v := range e.Value.Array() {
				seen[string(value.AppendKey(nil, v))] = true
			}
			n += len(seen)
		default:
			n += 2
		}
	}
	return n
}
