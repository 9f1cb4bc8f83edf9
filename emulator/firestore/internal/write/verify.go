package write

import (
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/encoding/protowire"
)

// verifyField is the number of `string verify` in the operation oneof of google.firestore.v1.Write.
// The web SDKs send it in transactions for documents that they only read. The public Go package of
// the protocol lacks the field.
const verifyField = 5

// verifyOf returns the document name of a verify operation, which is among the unknown fields.
func verifyOf(p *pb.Write) (name string) {
	b := p.ProtoReflect().GetUnknown()
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return name
		}
		b = b[n:]
		size := protowire.ConsumeFieldValue(num, typ, b)
		if size < 0 {
			return name
		}
		if num == verifyField && typ == protowire.BytesType {
			s, _ := protowire.ConsumeBytes(b)
			name = string(s)
		}
		b = b[size:]
	}
	return name
}

// SetVerify makes p a verify operation for the named document.
func SetVerify(p *pb.Write, name string) {
	b := protowire.AppendTag(nil, verifyField, protowire.BytesType)
	p.ProtoReflect().SetUnknown(protowire.AppendString(b, name))
}
