// Package fieldmask copies the fields that an update call's field mask names.
package fieldmask

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// Apply sets the fields of to that the mask names to what they are in from, which has the same type. A field that is
// not set in from is cleared. Nothing is changed when the mask names a field that does not exist.
func Apply(to, from proto.Message, mask *fieldmaskpb.FieldMask) error {
	for _, path := range mask.GetPaths() {
		if _, err := fieldmaskpb.New(to, path); err != nil {
			return fmt.Errorf("update_mask: there is no field %q in %s", path, to.ProtoReflect().Descriptor().Name())
		}
	}
	for _, path := range mask.GetPaths() {
		set(to.ProtoReflect(), from.ProtoReflect(), strings.Split(path, "."))
	}
	return nil
}

func set(to, from protoreflect.Message, path []string) {
	field := to.Descriptor().Fields().ByName(protoreflect.Name(path[0]))
	switch {
	case len(path) > 1:
		set(to.Mutable(field).Message(), from.Get(field).Message(), path[1:])
	case from.Has(field):
		to.Set(field, from.Get(field))
	default:
		to.Clear(field)
	}
}
