// Package wirejson is the JSON of google.firestore.v1, as Google's HTTP servers read and write it.
package wirejson

import (
	"bytes"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Unmarshal reads a request. Nothing at all is an empty message. The error is INVALID_ARGUMENT: what is not known is
// refused, not ignored.
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
		return status.Error(codes.InvalidArgument, "Invalid JSON payload received. "+Reason(err))
	}
	return nil
}

// Reason is what the protocol package says of bad JSON, without its prefix.
func Reason(err error) string {
	s := strings.ReplaceAll(err.Error(), "\u00a0", " ") // which that package puts in at random
	return strings.TrimPrefix(s, "proto: ")
}

// Marshal writes a response, on one line unless it is to be pretty. The error is INTERNAL.
func Marshal(m proto.Message, pretty bool) ([]byte, error) {
	text, err := protojson.MarshalOptions{Multiline: pretty}.Marshal(m)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "Write %s as JSON: %s", m.ProtoReflect().Descriptor().Name(), Reason(err))
	}
	return text, nil
}
