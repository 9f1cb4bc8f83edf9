package main

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// edit changes the attributes of an object.
func edit(object tftypes.Value, change func(map[string]tftypes.Value)) (tftypes.Value, error) {
	attributes := map[string]tftypes.Value{}
	if err := object.As(&attributes); err != nil {
		return tftypes.Value{}, fmt.Errorf("read an object: %w", err)
	}
	change(attributes)
	return tftypes.NewValue(object.Type(), attributes), nil
}

// empty is the object of a schema with no values: attributes are null, blocks are absent.
func empty(s *tfprotov6.Schema) tftypes.Value {
	object := s.ValueType().(tftypes.Object)
	attributes := map[string]tftypes.Value{}
	for name, t := range object.AttributeTypes {
		attributes[name] = tftypes.NewValue(t, nil)
	}
	for _, b := range s.Block.BlockTypes {
		if b.Nesting != tfprotov6.SchemaNestedBlockNestingModeSingle {
			attributes[b.TypeName] = tftypes.NewValue(object.AttributeTypes[b.TypeName], []tftypes.Value{})
		}
	}
	return tftypes.NewValue(object, attributes)
}

// plan makes computed attributes of a new resource unknown, and write-only ones null, which the protocol
// demands. In blocks, computed attributes stay null: the API need not compute them.
func plan(b *tfprotov6.SchemaBlock, proposed tftypes.Value, isNew bool) (tftypes.Value, error) {
	proposed, err := edit(proposed, func(attributes map[string]tftypes.Value) {
		for _, a := range b.Attributes {
			if isNew && a.Computed && attributes[a.Name].IsNull() {
				attributes[a.Name] = tftypes.NewValue(a.Type, tftypes.UnknownValue)
			}
		}
	})
	if err != nil {
		return tftypes.Value{}, err
	}
	return tftypes.Transform(proposed, func(path *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if a := attributeAt(b, path); a != nil && a.WriteOnly {
			return tftypes.NewValue(v.Type(), nil), nil
		}
		return v, nil
	})
}

// attributeAt returns the attribute at a path, or nil.
func attributeAt(b *tfprotov6.SchemaBlock, path *tftypes.AttributePath) *tfprotov6.SchemaAttribute {
	for _, step := range path.Steps() {
		name, ok := step.(tftypes.AttributeName)
		if !ok {
			continue // an element of a block
		}
		for _, a := range b.Attributes {
			if a.Name == string(name) {
				return a
			}
		}
		for _, nested := range b.BlockTypes {
			if nested.TypeName == string(name) {
				b = nested.Block
			}
		}
	}
	return nil
}

// compute replaces what is unknown by a made-up value.
func compute(resource string, planned tftypes.Value) (tftypes.Value, error) {
	return tftypes.Transform(planned, func(path *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		switch {
		case v.IsKnown():
			return v, nil
		case v.Type().Is(tftypes.String):
			return tftypes.NewValue(tftypes.String, resource+"/"+path.String()), nil
		}
		return tftypes.NewValue(v.Type(), nil), nil
	})
}
