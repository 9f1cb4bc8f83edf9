package firestorebench

import (
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/encoding"
	encodingproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// nameCodec decodes nothing but the names of documents that changed. The listener of [target.countSnapshots]
// shares the processors with the server that is measured: decoding would take it longer than the server needs.
type nameCodec struct{ encoding.CodecV2 }

func newNameCodec() nameCodec { return nameCodec{encoding.GetCodecV2(encodingproto.Name)} }

// The numbers of document_change in ListenResponse, document in DocumentChange, and name in Document.
const (
	numDocumentChange = 3
	numDocument       = 1
	numName           = 1
)

// Unmarshal implements [encoding.CodecV2].
func (c nameCodec) Unmarshal(data mem.BufferSlice, m any) error {
	b := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer b.Free()
	r, ok := m.(*pb.ListenResponse)
	name := first(first(first(b.ReadOnlyData(), numDocumentChange), numDocument), numName)
	if !ok || name == nil {
		return c.CodecV2.Unmarshal(data, m)
	}
	r.ResponseType = &pb.ListenResponse_DocumentChange{DocumentChange: &pb.DocumentChange{Document: &pb.Document{Name: string(name)}}}
	return nil
}

// first returns the contents of a message's first field if it has that number, or nil.
func first(b []byte, number protowire.Number) []byte {
	num, typ, n := protowire.ConsumeTag(b)
	if n < 0 || num != number || typ != protowire.BytesType {
		return nil
	}
	content, _ := protowire.ConsumeBytes(b[n:])
	return content
}
