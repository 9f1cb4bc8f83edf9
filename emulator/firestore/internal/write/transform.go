package write

import (
	"math"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/emulator/internal/fieldpath"
	"heek.kr/heektime/emulator/internal/value"
)

// transform computes a field's new value from its old one (google/firestore/v1/write.proto,
// DocumentTransform).
type transform struct {
	path fieldpath.Path
	kind transformKind
	arg  value.Value // an array for array transforms
}

type transformKind uint8

const (
	requestTime transformKind = iota + 1
	increment
	maximum
	minimum
	appendMissing
	removeAll
)

func parseTransforms(list []*pb.DocumentTransform_FieldTransform) ([]transform, error) {
	var out []transform
	for _, p := range list {
		path, err := parsePath(p.GetFieldPath())
		if err != nil {
			return nil, err
		}
		t := transform{path: path}
		switch x := p.GetTransformType().(type) {
		case *pb.DocumentTransform_FieldTransform_SetToServerValue:
			if x.SetToServerValue != pb.DocumentTransform_FieldTransform_REQUEST_TIME {
				return nil, invalid("The transform of %s: the server value must be REQUEST_TIME.", path)
			}
			t.kind = requestTime
		case *pb.DocumentTransform_FieldTransform_Increment:
			t.kind, t.arg, err = number(increment, x.Increment)
		case *pb.DocumentTransform_FieldTransform_Maximum:
			t.kind, t.arg, err = number(maximum, x.Maximum)
		case *pb.DocumentTransform_FieldTransform_Minimum:
			t.kind, t.arg, err = number(minimum, x.Minimum)
		case *pb.DocumentTransform_FieldTransform_AppendMissingElements:
			t.kind, t.arg, err = elements(appendMissing, x.AppendMissingElements)
		case *pb.DocumentTransform_FieldTransform_RemoveAllFromArray:
			t.kind, t.arg, err = elements(removeAll, x.RemoveAllFromArray)
		default:
			return nil, invalid("The transform of %s has no type.", path)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

func number(k transformKind, p *pb.Value) (transformKind, value.Value, error) {
	v, err := value.FromProto(p)
	if err != nil {
		return 0, v, err
	}
	if _, ok := v.Number(); !ok {
		return 0, v, invalid("The value of a numeric transform must be an integer or a double.")
	}
	return k, v, nil
}

func elements(k transformKind, p *pb.ArrayValue) (transformKind, value.Value, error) {
	v, err := value.FromProto(&pb.Value{ValueType: &pb.Value_ArrayValue{ArrayValue: p}})
	return k, v, err
}

// apply returns the field's new value and the transform result for the response.
func (t *transform) apply(old value.Value, now value.Micros) (v, result value.Value, err error) {
	switch t.kind {
	case requestTime:
		// write.proto, ServerValue.REQUEST_TIME: "with millisecond precision".
		v = value.OfTime(now.Truncate())
		return v, v, nil
	case appendMissing:
		list := append([]value.Value(nil), old.Array()...)
		for _, e := range t.arg.Array() {
			if !contains(list, e) {
				list = append(list, e)
			}
		}
		return value.OfArray(list), value.NullValue, nil
	case removeAll:
		list := []value.Value{}
		for _, e := range old.Array() {
			if !contains(t.arg.Array(), e) {
				list = append(list, e)
			}
		}
		return value.OfArray(list), value.NullValue, nil
	}
	if _, ok := old.Number(); !ok {
		return t.arg, t.arg, nil
	}
	switch t.kind {
	case increment:
		v = add(old, t.arg)
	case maximum:
		v = choose(old, t.arg, value.Compare(old, t.arg) >= 0)
	case minimum:
		v = choose(old, t.arg, value.Compare(old, t.arg) <= 0)
	}
	return v, v, nil
}

// choose returns old if keepOld is true and arg otherwise, unless one of them is NaN (write.proto:
// "the maximum or minimum of any numeric value x and NaN is NaN").
func choose(old, arg value.Value, keepOld bool) value.Value {
	switch {
	case old.IsNaN() || arg.IsNaN():
		return value.OfDouble(math.NaN())
	case keepOld:
		return old
	}
	return arg
}

// add adds as Firestore does: integers saturate at the limits of int64; if one operand is a double,
// so is the result.
func add(a, b value.Value) value.Value {
	if a.Kind() == value.Int && b.Kind() == value.Int {
		x, y := a.Int(), b.Int()
		switch sum := x + y; {
		case x > 0 && y > 0 && sum < 0:
			return value.OfInt(math.MaxInt64)
		case x < 0 && y < 0 && sum >= 0:
			return value.OfInt(math.MinInt64)
		default:
			return value.OfInt(sum)
		}
	}
	x, _ := a.Number()
	y, _ := b.Number()
	return value.OfDouble(x + y)
}

func contains(list []value.Value, v value.Value) bool {
	for _, e := range list {
		if value.Equal(e, v) {
			return true
		}
	}
	return false
}
