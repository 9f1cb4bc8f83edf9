package firestore

import (
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/encoding"
	encodingproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/firestore/internal/write"
)

// codec is gRPC's codec for protobuf, except that it leaves the documents in requests encoded: see
// [write.Unmarshal].
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2(encodingproto.Name)} }

// Unmarshal implements [encoding.CodecV2].
func (c codec) Unmarshal(data mem.BufferSlice, m any) (err error) {
	switch m := m.(type) {
	case *pb.CommitRequest:
		m.Writes, err = unmarshal(data, 2, m)
	case *pb.BatchWriteRequest:
		m.Writes, err = unmarshal(data, 2, m)
	case *pb.WriteRequest:
		m.Writes, err = unmarshal(data, 3, m)
	default:
		err = c.CodecV2.Unmarshal(data, m)
	}
	return err
}

func unmarshal(data mem.BufferSlice, writes protowire.Number, m proto.Message) ([]*pb.Write, error) {
	b := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer b.Free()
	return write.Unmarshal(b.ReadOnlyData(), writes, m)
}
