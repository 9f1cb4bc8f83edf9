package write

import (
	"unicode/utf8"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/internal/value"
)

// The numbers of fields in google.firestore.v1.Write and Document.
const (
	numUpdate = 1
	numName   = 1
	numFields = 2
)

// Unmarshal decodes a request like proto.Unmarshal, except for its field with the given number: these are
// writes, which it returns. The fields of their documents stay encoded, as unknown fields, until [Parse]
// decodes them. Making a message of each value would be most of what a commit costs.
func Unmarshal(b []byte, number protowire.Number, request proto.Message) ([]*pb.Write, error) {
	var writes []*pb.Write
	rest, err := without(b, number, func(text []byte) error {
		w, err := unmarshalWrite(text)
		writes = append(writes, w)
		return err
	})
	if err != nil {
		return nil, err
	}
	return writes, proto.Unmarshal(rest, request)
}

// without returns a message without the fields of a number, and calls f with their contents.
func without(b []byte, number protowire.Number, f func([]byte) error) (rest []byte, err error) {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		size := protowire.ConsumeFieldValue(num, typ, b[n:])
		if size < 0 {
			return nil, protowire.ParseError(size)
		}
		if num == number && typ == protowire.BytesType {
			content, _ := protowire.ConsumeBytes(b[n:])
			if err := f(content); err != nil {
				return nil, err
			}
		} else {
			rest = append(rest, b[:n+size]...)
		}
		b = b[n+size:]
	}
	return rest, nil
}

func unmarshalWrite(b []byte) (*pb.Write, error) {
	w := &pb.Write{}
	var updates [][]byte
	rest, err := without(b, numUpdate, func(content []byte) error {
		updates = append(updates, content)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		if err := proto.Unmarshal(rest, w); err != nil {
			return nil, err
		}
	}
	if len(updates) == 0 {
		return w, nil
	}
	if len(updates) == 1 && w.Operation == nil {
		if doc := encodedDocument(updates[0]); doc != nil {
			w.Operation = &pb.Write_Update{Update: doc}
			return w, nil
		}
	}
	return w, proto.Unmarshal(b, w) // no client sends what it takes to come here
}

// encodedDocument returns a document whose fields are encoded, or nil if it has more than a name and fields.
func encodedDocument(b []byte) *pb.Document {
	doc := &pb.Document{}
	names, fields := 0, make([]byte, 0, len(b))
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 || typ != protowire.BytesType {
			return nil
		}
		content, size := protowire.ConsumeBytes(b[n:])
		if size < 0 {
			return nil
		}
		switch num {
		case numName:
			doc.Name = string(content)
			names++
		case numFields:
			fields = append(fields, b[:n+size]...)
		default:
			return nil
		}
		b = b[n+size:]
	}
	if names > 1 || !utf8.ValidString(doc.Name) {
		return nil
	}
	doc.ProtoReflect().SetUnknown(fields)
	return doc
}

// fieldsOf returns the fields of a document of a request.
func fieldsOf(doc *pb.Document) (*value.Fields, error) {
	if encoded := doc.ProtoReflect().GetUnknown(); len(encoded) > 0 && len(doc.GetFields()) == 0 {
		return value.FieldsFromWire(encoded)
	}
	return value.FieldsFromProto(doc.GetFields())
}
