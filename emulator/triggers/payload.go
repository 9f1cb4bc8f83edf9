package triggers

import (
	"fmt"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/firestore/field"
	"heek.kr/heektime/emulator/firestore/value"
)

// The fields of google.events.cloud.firestore.v1.DocumentEventData. Its Document, Value and DocumentMask have the numbers
// of google.firestore.v1's, so that on the wire they are the same.
// https://github.com/googleapis/google-cloudevents/blob/main/proto/google/events/cloud/firestore/v1/data.proto
const (
	numValue    = 1
	numOldValue = 2
	numMask     = 3

	numDocumentName    = 1 // of Document; 2 are its fields
	numDocumentCreated = 3
	numDocumentUpdated = 4
	numMaskPaths       = 1 // of DocumentMask
)

// payload is a change as DocumentEventData: the document after it, the one before, and of an update what differs.
func payload(root string, c firestore.Change) []byte {
	var b []byte
	name := root + "/" + c.Path
	if c.After != nil {
		b = appendMessage(b, numValue, document(name, c.After))
	}
	if c.Before != nil {
		b = appendMessage(b, numOldValue, document(name, c.Before))
	}
	if c.After != nil && c.Before != nil {
		var mask []byte
		differences(c.Before.Fields, c.After.Fields, nil, func(p field.Path) {
			mask = appendMessage(mask, numMaskPaths, []byte(p.String()))
		})
		b = appendMessage(b, numMask, mask)
	}
	return b
}

func document(name string, d *firestore.Document) []byte {
	b := appendMessage(nil, numDocumentName, []byte(name))
	b = d.Fields.AppendDocumentFields(b)
	b = appendMessage(b, numDocumentCreated, value.AppendTime(nil, value.MicrosOf(d.Created)))
	return appendMessage(b, numDocumentUpdated, value.AppendTime(nil, value.MicrosOf(d.Updated)))
}

func appendMessage(b []byte, number protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, number, protowire.BytesType), message)
}

// differences calls found for each field that was added, removed or changed. Of maps that are there before and after it
// names the fields within.
func differences(before, after *value.Fields, at field.Path, found func(field.Path)) {
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

// Payload is what an event tells of a document. Before is nil for one that was created, After for one that was deleted.
type Payload struct {
	Before, After *firestorepb.Document
	Mask          []string // of an update: the paths of the fields that differ
}

// ParsePayload reads a DocumentEventData.
func ParsePayload(data []byte) (p Payload, err error) {
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return p, fmt.Errorf("triggers: reading an event: %w", protowire.ParseError(n))
		}
		data = data[n:]
		if kind != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(number, kind, data); n < 0 {
				return p, fmt.Errorf("triggers: reading an event: %w", protowire.ParseError(n))
			}
			data = data[n:]
			continue
		}
		message, n := protowire.ConsumeBytes(data)
		if n < 0 {
			return p, fmt.Errorf("triggers: reading an event: %w", protowire.ParseError(n))
		}
		data = data[n:]
		switch number {
		case numValue:
			p.After, err = parse[firestorepb.Document](message)
		case numOldValue:
			p.Before, err = parse[firestorepb.Document](message)
		case numMask:
			var mask *firestorepb.DocumentMask
			mask, err = parse[firestorepb.DocumentMask](message)
			p.Mask = mask.GetFieldPaths()
		}
		if err != nil {
			return p, fmt.Errorf("triggers: reading an event: %w", err)
		}
	}
	return p, nil
}

func parse[T any, M interface {
	*T
	proto.Message
}](data []byte) (M, error) {
	m := M(new(T))
	return m, proto.Unmarshal(data, m)
}
