package service

import (
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// sizeOf returns proto.Size(m) of a response. It knows the messages that the meter sees most, because their
// sizes would otherwise cost more than everything else that the meter does. Of these, only documents have
// unknown fields: see [Service.Splice].
func sizeOf(m proto.Message) int {
	switch m := m.(type) {
	case *pb.Document:
		return documentSize(m)
	case *pb.RunQueryResponse:
		if len(m.Transaction) > 0 || m.ExplainMetrics != nil || m.ContinuationSelector != nil {
			break
		}
		n := timestampField(m.ReadTime)
		if m.Document != nil {
			n += field(documentSize(m.Document))
		}
		if m.SkippedResults != 0 {
			n += 1 + protowire.SizeVarint(uint64(m.SkippedResults))
		}
		return n
	case *pb.BatchGetDocumentsResponse:
		found, ok := m.Result.(*pb.BatchGetDocumentsResponse_Found)
		if !ok || found.Found == nil || len(m.Transaction) > 0 {
			break
		}
		return field(documentSize(found.Found)) + timestampField(m.ReadTime)
	case *pb.CommitResponse:
		n := timestampField(m.CommitTime)
		for _, r := range m.WriteResults {
			if len(r.TransformResults) > 0 {
				return proto.Size(m)
			}
			n += field(timestampField(r.UpdateTime))
		}
		return n
	}
	return proto.Size(m)
}

// documentSize returns proto.Size(d).
func documentSize(d *pb.Document) int {
	if len(d.Fields) > 0 {
		return proto.Size(d)
	}
	n := len(d.ProtoReflect().GetUnknown()) + timestampField(d.CreateTime) + timestampField(d.UpdateTime)
	if d.Name != "" {
		n += field(len(d.Name))
	}
	return n
}

// timestampField returns the size of a field that is a timestamp.
func timestampField(t *timestamppb.Timestamp) int {
	if t == nil {
		return 0
	}
	n := 0
	if t.Seconds != 0 {
		n += 1 + protowire.SizeVarint(uint64(t.Seconds))
	}
	if t.Nanos != 0 {
		n += 1 + protowire.SizeVarint(uint64(t.Nanos))
	}
	return field(n)
}

// field returns the size of a field with so many bytes. Its number is below 16.
func field(n int) int { return 1 + protowire.SizeBytes(n) }
