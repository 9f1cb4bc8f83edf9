// Package fieldmask applies the field mask of an update request.
package fieldmask

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// Apply copies the fields named in the mask from one message to another of the same type. A field that
// is not set in from is cleared. If the mask names an unknown field, Apply changes nothing.
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
