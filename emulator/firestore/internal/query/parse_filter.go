package query

import (
	"math"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/emulator/internal/fieldpath"
	"heek.kr/heektime/emulator/internal/value"
)

func parseFilter(f *pb.StructuredQuery_Filter, depth int) (Filter, error) {
	if depth > 20 {
		return nil, invalid("filters are nested too deeply.")
	}
	switch x := f.GetFilterType().(type) {
	case *pb.StructuredQuery_Filter_CompositeFilter:
		var list []Filter
		for _, g := range x.CompositeFilter.GetFilters() {
			p, err := parseFilter(g, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, p)
		}
		if len(list) == 0 {
			return nil, invalid("A composite filter must have at least one sub-filter.")
		}
		switch x.CompositeFilter.GetOp() {
		case pb.StructuredQuery_CompositeFilter_AND:
			return And(list), nil
		case pb.StructuredQuery_CompositeFilter_OR:
			return Or(list), nil
		}
		return nil, invalid("a composite filter must have an operator.")
	case *pb.StructuredQuery_Filter_FieldFilter:
		return parseFieldFilter(x.FieldFilter)
	case *pb.StructuredQuery_Filter_UnaryFilter:
		return parseUnary(x.UnaryFilter)
	}
	return nil, invalid("a filter must have a type.")
}

var operators = map[pb.StructuredQuery_FieldFilter_Operator]Op{
	pb.StructuredQuery_FieldFilter_LESS_THAN:             Less,
	pb.StructuredQuery_FieldFilter_LESS_THAN_OR_EQUAL:    LessOrEqual,
	pb.StructuredQuery_FieldFilter_GREATER_THAN:          Greater,
	pb.StructuredQuery_FieldFilter_GREATER_THAN_OR_EQUAL: GreaterOrEqual,
	pb.StructuredQuery_FieldFilter_EQUAL:                 Equal,
	pb.StructuredQuery_FieldFilter_NOT_EQUAL:             NotEqual,
	pb.StructuredQuery_FieldFilter_ARRAY_CONTAINS:        ArrayContains,
	pb.StructuredQuery_FieldFilter_IN:                    In,
	pb.StructuredQuery_FieldFilter_ARRAY_CONTAINS_ANY:    ArrayContainsAny,
	pb.StructuredQuery_FieldFilter_NOT_IN:                NotIn,
}

func parseFieldFilter(f *pb.StructuredQuery_FieldFilter) (Filter, error) {
	op, ok := operators[f.GetOp()]
	if !ok {
		return nil, invalid("a field filter must have an operator.")
	}
	p, err := fieldpath.ParseField(f.GetField().GetFieldPath())
	if err != nil {
		return nil, err
	}
	if f.GetValue() == nil {
		return nil, invalid("the filter on %s has no value.", p)
	}
	v, err := operand(op, f.GetValue())
	if err != nil {
		return nil, err
	}
	// IS_NULL finds null, and IS_NAN finds NaN. EQUAL does not, in Google's emulator: like IN, which in
	// production does not either. NOT_EQUAL with null is like NOT_IN.
	switch {
	case op == Equal && !comparable(v):
		op, v = In, value.OfArray([]value.Value{v})
	case op == NotEqual && v.Kind() == value.Null:
		op, v = NotIn, value.OfArray([]value.Value{v})
	}
	c := &Comparison{Path: p, Op: op, Value: v}
	return c, c.check()
}

// operand converts a filter's value. The lists of In, NotIn and ArrayContainsAny may contain
// arrays, unlike arrays in documents.
func operand(op Op, v *pb.Value) (value.Value, error) {
	list, ok := v.GetValueType().(*pb.Value_ArrayValue)
	if !ok || op != In && op != NotIn && op != ArrayContainsAny {
		return value.FromProto(v)
	}
	var vs []value.Value
	for _, e := range list.ArrayValue.GetValues() {
		x, err := value.FromProto(e)
		if err != nil {
			return value.Value{}, err
		}
		vs = append(vs, x)
	}
	return value.OfArray(vs), nil
}

// check rejects lists of the wrong size, and comparisons of __name__ with values other than
// references.
func (c *Comparison) check() error {
	switch c.Op {
	case In, NotIn, ArrayContainsAny:
		name := map[Op]string{In: "IN", NotIn: "NOT_IN", ArrayContainsAny: "ARRAY_CONTAINS_ANY"}[c.Op]
		n := len(c.Value.Array())
		limit := 30
		if c.Op == NotIn {
			limit = 10
		}
		if c.Value.Kind() != value.Array || n == 0 {
			return invalid("'%s' requires an non-empty ArrayValue.", name)
		}
		if n > limit {
			return invalid("'%s' supports up to %d comparison values.", name, limit)
		}
	}
	if !c.Path.IsName() {
		return nil
	}
	values := []value.Value{c.Value}
	switch c.Op {
	case In, NotIn:
		values = c.Value.Array()
	case ArrayContains, ArrayContainsAny:
		return invalid("__name__ is not an array.")
	}
	for _, v := range values {
		if _, ok := nameKey(v); !ok {
			return invalid("__key__ filter value must be a Key: __name__ can only be compared with references to documents.")
		}
	}
	return nil
}

func parseUnary(f *pb.StructuredQuery_UnaryFilter) (Filter, error) {
	p, err := fieldpath.ParseField(f.GetField().GetFieldPath())
	if err != nil {
		return nil, err
	}
	if p.IsName() {
		return nil, invalid("__name__ is never null or NaN.")
	}
	nan := value.OfDouble(math.NaN())
	switch f.GetOp() {
	case pb.StructuredQuery_UnaryFilter_IS_NAN:
		return &Comparison{p, Equal, nan}, nil
	case pb.StructuredQuery_UnaryFilter_IS_NULL:
		return &Comparison{p, Equal, value.NullValue}, nil
	case pb.StructuredQuery_UnaryFilter_IS_NOT_NAN:
		return &Comparison{p, NotEqual, nan}, nil
	case pb.StructuredQuery_UnaryFilter_IS_NOT_NULL:
		return &Comparison{p, NotEqual, value.NullValue}, nil
	}
	return nil, invalid("a unary filter must have an operator.")
}
