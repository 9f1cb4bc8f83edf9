package triggers

import (
	"fmt"

	"github.com/googleapis/google-cloudevents-go/cloud/firestoredata"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/internal/fieldpath"
	"heek.kr/heektime/emulator/internal/value"
)

// payload is what an event tells of a change: the document after it, the one before, and of an update what differs, as a
// google.events.cloud.firestore.v1.DocumentEventData.
func payload(root string, c firestore.Change) ([]byte, error) {
	data := &firestoredata.DocumentEventData{Value: document(root, c.After), OldValue: document(root, c.Before)}
	if c.After != nil && c.Before != nil {
		data.UpdateMask = &firestoredata.DocumentMask{}
		differences(c.Before.Fields, c.After.Fields, nil, func(p fieldpath.Path) {
			data.UpdateMask.FieldPaths = append(data.UpdateMask.FieldPaths, p.String())
		})
	}
	b, err := proto.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("encoding the event of %s: %w", c.Path, err)
	}
	return b, nil
}

func document(root string, d *firestore.Document) *firestoredata.Document {
	if d == nil {
		return nil
	}
	out := &firestoredata.Document{
		Name: root + "/" + d.Path, CreateTime: value.MicrosOf(d.Created).Proto(), UpdateTime: value.MicrosOf(d.Updated).Proto(),
	}
	// Fields of google.events.cloud.firestore.v1 and of google.firestore.v1 are the same on the wire.
	out.ProtoReflect().SetUnknown(d.Fields.AppendDocumentFields(nil))
	return out
}

// differences calls found for each field that was added, removed or changed. Of maps that are there before and after it
// names the fields within.
func differences(before, after *value.Fields, at fieldpath.Path, found func(fieldpath.Path)) {
	b, a := before.All(), after.All()
	for len(b) > 0 || len(a) > 0 {
		var was, is value.Value
		var name string
		switch { // both are in the order of their names
		case len(a) == 0 || len(b) > 0 && b[0].Name < a[0].Name:
			name, was, b = b[0].Name, b[0].Value, b[1:]
		case len(b) == 0 || a[0].Name < b[0].Name:
			name, is, a = a[0].Name, a[0].Value, a[1:]
		default:
			name, was, is, a, b = a[0].Name, b[0].Value, a[0].Value, a[1:], b[1:]
		}
		path := append(at[:len(at):len(at)], name)
		switch {
		case was.Exists() && is.Exists() && value.Identical(was, is):
		case nested(was) && nested(is):
			differences(was.Map(), is.Map(), path, found)
		default:
			found(path)
		}
	}
}

// nested reports whether a value has fields of its own; a vector, which is a map on the wire, has none.
func nested(v value.Value) bool {
	_, vector := v.Vector()
	return v.Kind() == value.Map && v.Map().Len() > 0 && !vector
}
