package transcoding

import (
	"bytes"
	"net/url"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Request is the part of an HTTP request that becomes a message.
type Request struct {
	Query url.Values
	Body  []byte
	Path  map[string]string // the fields in the path, such as "queue.name"

	// BodyField is the field that the body sets: "*" for the whole message, "" for none.
	BodyField string
	// Unmarshal decodes the body; nil means [Unmarshal].
	Unmarshal func([]byte, proto.Message) error
}

// Fill sets the fields of an empty message. Those in the path override the body's. The error is
// INVALID_ARGUMENT.
func (r Request) Fill(m proto.Message) error {
	unmarshal := r.Unmarshal
	if unmarshal == nil {
		unmarshal = Unmarshal
	}
	if r.BodyField == "*" {
		if err := unmarshal(r.Body, m); err != nil {
			return err
		}
	} else if err := bind(m, r.Query); err != nil {
		return err
	}
	if r.BodyField != "*" && r.BodyField != "" {
		field := m.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(r.BodyField))
		part := m.ProtoReflect().NewField(field).Message()
		if err := unmarshal(r.Body, part.Interface()); err != nil {
			return err
		}
		m.ProtoReflect().Set(field, protoreflect.ValueOfMessage(part))
	}
	for name, value := range r.Path {
		at := m.ProtoReflect()
		names := strings.Split(name, ".")
		for _, n := range names[:len(names)-1] {
			at = at.Mutable(at.Descriptor().Fields().ByName(protoreflect.Name(n))).Message()
		}
		at.Set(at.Descriptor().Fields().ByName(protoreflect.Name(names[len(names)-1])), protoreflect.ValueOfString(value))
	}
	return nil
}

// Unmarshal decodes JSON. An empty text is an empty message; an unknown field is an error. The error is
// INVALID_ARGUMENT.
func Unmarshal(text []byte, m proto.Message) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	if err := protojson.Unmarshal(text, m); err != nil {
		return status.Error(codes.InvalidArgument, "Invalid JSON payload received. "+Reason(err))
	}
	return nil
}
