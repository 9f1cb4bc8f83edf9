package wirejson

import (
	"fmt"
	"slices"
	"sync"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// The web SDKs send `"verify": name` for a document that a transaction has only read. It is field 5
// in the operation oneof of google.firestore.v1.Write, but the public Go package of the protocol
// lacks it, so protojson rejects such a write. Requests that may contain one are therefore decoded
// with a copy of the protocol's descriptors that has the field. In the generated message it is then
// an unknown field, as in a request over gRPC.
// Source: wire traffic of the SDKs, versions 9 and 12.

// unmarshalVerify decodes JSON whose writes may be verify operations.
func unmarshalVerify(b []byte, m proto.Message) error {
	file, err := extended()
	if err != nil {
		return err
	}
	d := file.Messages().ByName(m.ProtoReflect().Descriptor().Name())
	if d == nil || m.ProtoReflect().Descriptor().ParentFile().Path() != file.Path() {
		return protojson.Unmarshal(b, m)
	}
	whole := dynamicpb.NewMessage(d)
	if err := protojson.Unmarshal(b, whole); err != nil {
		return err
	}
	wire, err := proto.Marshal(whole)
	if err != nil {
		return err
	}
	return proto.Unmarshal(wire, m)
}

// extended returns the descriptor of the service's file, with the field added.
var extended = sync.OnceValues(func() (protoreflect.FileDescriptor, error) {
	own := &files{}
	write := protodesc.ToFileDescriptorProto(pb.File_google_firestore_v1_write_proto)
	for _, m := range write.GetMessageType() {
		if m.GetName() == "Write" {
			// First, where the other fields of the oneof are: they must be consecutive.
			m.Field = slices.Insert(m.Field, 0, &descriptorpb.FieldDescriptorProto{
				Name: proto.String("verify"), JsonName: proto.String("verify"), Number: proto.Int32(5), OneofIndex: proto.Int32(0),
				Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(), Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(),
			})
		}
	}
	service := protodesc.ToFileDescriptorProto(pb.File_google_firestore_v1_firestore_proto)
	for _, f := range []*descriptorpb.FileDescriptorProto{write, service} {
		d, err := protodesc.NewFile(f, own)
		if err != nil {
			return nil, fmt.Errorf("describe %s: %w", f.GetName(), err)
		}
		if err := own.RegisterFile(d); err != nil {
			return nil, fmt.Errorf("describe %s: %w", f.GetName(), err)
		}
	}
	return own.FindFileByPath(service.GetName())
})

// files finds its own descriptors before those registered in the program.
type files struct{ protoregistry.Files }

func (f *files) FindFileByPath(path string) (protoreflect.FileDescriptor, error) {
	if d, err := f.Files.FindFileByPath(path); err == nil {
		return d, nil
	}
	return protoregistry.GlobalFiles.FindFileByPath(path)
}

func (f *files) FindDescriptorByName(name protoreflect.FullName) (protoreflect.Descriptor, error) {
	if d, err := f.Files.FindDescriptorByName(name); err == nil {
		return d, nil
	}
	return protoregistry.GlobalFiles.FindDescriptorByName(name)
}
