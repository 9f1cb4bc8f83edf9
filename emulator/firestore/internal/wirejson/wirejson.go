// Package wirejson encodes and decodes the messages of google.firestore.v1 as JSON, as Google's
// HTTP servers do.
package wirejson

import (
	"bytes"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/internal/transcoding"
)

// Unmarshal decodes a request. An empty body is an empty message; an unknown field is an error. The
// error is INVALID_ARGUMENT.
func Unmarshal(b []byte, m proto.Message) error {
	var err error
	switch {
	case len(bytes.TrimSpace(b)) == 0:
		return nil
	case bytes.Contains(b, []byte(`"verify"`)):
		err = unmarshalVerify(b, m)
	default:
		err = protojson.Unmarshal(b, m)
	}
	if err != nil {
		return status.Error(codes.InvalidArgument, "Invalid JSON payload received. "+transcoding.Reason(err))
	}
	return nil
}

// Marshal encodes a response, indented if pretty. The error is INTERNAL.
func Marshal(m proto.Message, pretty bool) ([]byte, error) {
	text, err := protojson.MarshalOptions{Multiline: pretty}.Marshal(m)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "Write %s as JSON: %s", m.ProtoReflect().Descriptor().Name(), transcoding.Reason(err))
	}
	return text, nil
}
