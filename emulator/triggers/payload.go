package triggers

import (
	"fmt"

	"github.com/googleapis/google-cloudevents-go/cloud/firestoredata"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/internal/fieldpath"
	"heek.kr/heektime/emulator/internal/value"
)

// payload returns a change as an encoded google.events.cloud.firestore.v1.DocumentEventData: the document
// after the change, the one before it and, for updates, the paths of the changed fields.
func payload(root string, c firestore.Change) ([]byte, error) {
	data := &firestoredata.DocumentEventData{Value: document(root, c.After), OldValue: document(root, c.Before)}
	if c.After != nil && c.Before != nil {
		data.UpdateMask = &firestoredata.DocumentMask{}
		diffFields(c.Before.Fields, c.After.Fields, nil, func(p fieldpath.Path) {
			data.UpdateMask.FieldPaths = append(data.UpdateMask.FieldPaths, p.String())
		})
	}
	b, err := proto.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("encoding the event of %s: %w", c.Path, err)
	}
	return b, nil
}

// document returns a document for an event, or nil if d is nil.
func document(root string, d *firestore.Document) *firestoredata.Document {
	if d == nil {
		return nil
	}
	out := &firestoredata.Document{
		Name: root + "/" + d.Path, CreateTime: value.MicrosOf(d.Created).Proto(), UpdateTime: value.MicrosOf(d.Updated).Proto(),
	}
	// google.events.cloud.firestore.v1 and google.firestore.v1 encode fields identically.
	out.ProtoReflect().SetUnknown(d.Fields.AppendDocumentFields(nil))
	return out
}

// diffFields calls found with the path of each field that was added, removed or changed. If both versions
// contain a map, it reports the fields inside the map.
func diffFields(before, after *value.Fields, prefix fieldpath.Path, found func(fieldpath.Path)) {
	b, a := before.All(), after.All()
	for len(b) > 0 || len(a) > 0 {
		var was, is value.Value
		var name string
		switch { // both are sorted by name
		case len(a) == 0 || len(b) > 0 && b[0].Name < a[0].Name:
			name, was, b = b[0].Name, b[0].Value, b[1:]
		case len(b) == 0 || a[0].Name < b[0].Name:
			name, is, a = a[0].Name, a[0].Value, a[1:]
		default:
			name, was, is, a, b = a[0].Name, b[0].Value, a[0].Value, a[1:], b[1:]
		}
		path := append(prefix[:len(prefix):len(prefix)], name)
		switch {
		case was.Exists() && is.Exists() && value.Identical(was, is):
		case hasFields(was) && hasFields(is):
			diffFields(was.Map(), is.Map(), path, found)
		default:
			found(path)
		}
	}
}

// hasFields reports whether a value is a non-empty map. A vector does not count, although it is a map on the
// wire.
func hasFields(v value.Value) bool {
	_, vector := v.Vector()
	return v.Kind() == value.Map && v.Map().Len() > 0 && !vector
}
