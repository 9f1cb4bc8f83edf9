package service

import (
	"math/rand/v2"
	"testing"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// randomMessage fills some fields of a message, and those of its messages.
func randomMessage(random *rand.Rand, m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if random.IntN(3) == 0 || f.IsMap() {
			continue
		}
		isMessage := f.Kind() == protoreflect.MessageKind
		switch {
		case isMessage && depth == 0:
		case f.IsList() && isMessage:
			for range random.IntN(3) {
				randomMessage(random, m.Mutable(f).List().AppendMutable().Message(), depth-1)
			}
		case f.IsList():
		case isMessage:
			randomMessage(random, m.Mutable(f).Message(), depth-1)
		case f.Kind() == protoreflect.StringKind:
			m.Set(f, protoreflect.ValueOfString(string(make([]byte, random.IntN(300)))))
		case f.Kind() == protoreflect.BytesKind:
			m.Set(f, protoreflect.ValueOfBytes(make([]byte, random.IntN(300))))
		case f.Kind() == protoreflect.Int32Kind:
			m.Set(f, protoreflect.ValueOfInt32(int32(random.Uint32()>>random.IntN(32))))
		case f.Kind() == protoreflect.Int64Kind:
			m.Set(f, protoreflect.ValueOfInt64(int64(random.Uint64()>>random.IntN(64))))
		case f.Kind() == protoreflect.BoolKind:
			m.Set(f, protoreflect.ValueOfBool(random.IntN(2) == 0))
		}
	}
	if _, ok := m.Interface().(*pb.Document); ok && random.IntN(3) > 0 { // a field of 200 bytes and number 99
		m.SetUnknown(append([]byte{0x9a, 0x06, 0xc8, 0x01}, make([]byte, 200)...))
	}
}

func TestSizeOf(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 0))
	for _, kind := range []proto.Message{
		&pb.Document{}, &pb.RunQueryResponse{}, &pb.BatchGetDocumentsResponse{}, &pb.CommitResponse{}, &pb.ListenResponse{},
	} {
		for range 500 {
			m := kind.ProtoReflect().New()
			randomMessage(random, m, 3)
			if got, want := sizeOf(m.Interface()), proto.Size(m.Interface()); got != want {
				t.Fatalf("%T has %d bytes, not %d: %v", kind, want, got, m)
			}
		}
	}
	for range 20 {
		d := &pb.Document{Name: "d", Fields: map[string]*pb.Value{"n": {ValueType: &pb.Value_IntegerValue{IntegerValue: random.Int64()}}}}
		if got, want := sizeOf(d), proto.Size(d); got != want {
			t.Errorf("a document with a field has %d bytes, not %d", want, got)
		}
	}
}
