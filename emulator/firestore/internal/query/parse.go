package query

import (
	"math"
	"slices"
	"strings"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/internal/fieldpath"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

func invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}

// Parse checks a query of the document or root parent. Its errors are gRPC statuses.
func Parse(parent resource.Key, sq *pb.StructuredQuery) (*Query, error) {
	if sq == nil {
		return nil, invalid("a structured query is required.")
	}
	q := &Query{Parent: parent, Limit: -1}
	if err := q.parseFrom(sq.GetFrom()); err != nil {
		return nil, err
	}
	var err error
	if w := sq.GetWhere(); w != nil {
		if q.Filter, err = parseFilter(w, 0); err != nil {
			return nil, err
		}
	}
	if err := q.checkFilters(); err != nil {
		return nil, err
	}
	if err := q.parseOrders(sq.GetOrderBy()); err != nil {
		return nil, err
	}
	if q.Start, err = q.parseCursor(sq.GetStartAt(), "start_at"); err != nil {
		return nil, err
	}
	if q.End, err = q.parseCursor(sq.GetEndAt(), "end_at"); err != nil {
		return nil, err
	}
	if sq.GetOffset() < 0 {
		return nil, invalid("offset is negative.")
	}
	q.Offset = int(sq.GetOffset())
	if l := sq.GetLimit(); l != nil {
		if l.GetValue() < 0 {
			return nil, invalid("limit is negative.")
		}
		q.Limit = int(l.GetValue())
	}
	if sel := sq.GetSelect(); sel != nil {
		if err := q.parseSelect(sel); err != nil {
			return nil, err
		}
	}
	if n := sq.GetFindNearest(); n != nil {
		if q.Near, err = parseNearest(n); err != nil {
			return nil, err
		}
	}
	return q, nil
}

func (q *Query) parseFrom(from []*pb.StructuredQuery_CollectionSelector) error {
	switch len(from) {
	case 0:
		q.All = true
		return nil
	case 1:
	default:
		return invalid("a query must have exactly one collection selector, not %d.", len(from))
	}
	q.Group, q.All = from[0].GetCollectionId(), from[0].GetAllDescendants()
	if q.Group == "" {
		if !q.All {
			return invalid("a collection id is required, unless all_descendants is set.")
		}
		return nil
	}
	return resource.CheckID(q.Group)
}

func (q *Query) parseSelect(sel *pb.StructuredQuery_Projection) error {
	q.Select = []fieldpath.Path{}
	for _, f := range sel.GetFields() {
		p, err := fieldpath.Parse(f.GetFieldPath())
		if err != nil {
			return err
		}
		if !p.IsName() {
			q.Select = append(q.Select, p)
		}
	}
	return nil
}

func parseFilter(f *pb.StructuredQuery_Filter, depth int) (Filter, error) {
	if depth > 20 {
		return nil, invalid("filters are nested too deep.")
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
	p, err := fieldpath.Parse(f.GetField().GetFieldPath())
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
	c := &Comparison{Path: p, Op: op, Value: v}
	return c, c.check()
}

// operand converts a filter's value. Unlike in documents, the lists of In and its like may hold arrays.
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

// check refuses lists of the wrong size, and names that are no references.
func (c *Comparison) check() error {
	switch c.Op {
	case In, NotIn, ArrayContainsAny:
		name := map[Op]string{In: "IN", NotIn: "NOT_IN", ArrayContainsAny: "ARRAY_CONTAINS_ANY"}[c.Op]
		n := len(c.Value.Array())
		most := 30
		if c.Op == NotIn {
			most = 10
		}
		if c.Value.Kind() != value.Array || n == 0 {
			return invalid("'%s' requires an non-empty ArrayValue.", name)
		}
		if n > most {
			return invalid("'%s' supports up to %d comparison values.", name, most)
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
		return invalid("__name__ is no array.")
	}
	for _, v := range values {
		if _, ok := nameKey(v); !ok {
			return invalid("__key__ filter value must be a Key: __name__ can only be compared with references to documents.")
		}
	}
	return nil
}

func parseUnary(f *pb.StructuredQuery_UnaryFilter) (Filter, error) {
	p, err := fieldpath.Parse(f.GetField().GetFieldPath())
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

// parseOrders adds to the explicit order the fields of inequalities and the document's name
// (google/firestore/v1/query.proto, StructuredQuery.order_by).
func (q *Query) parseOrders(list []*pb.StructuredQuery_Order) error {
	seen := map[string]bool{}
	desc := false
	for _, o := range list {
		p, err := fieldpath.Parse(o.GetField().GetFieldPath())
		if err != nil {
			return err
		}
		if seen[p.String()] {
			return invalid("The field %s is in the order twice.", p)
		}
		desc = o.GetDirection() == pb.StructuredQuery_DESCENDING
		seen[p.String()] = true
		q.Orders = append(q.Orders, Order{p, desc})
	}
	var implied []fieldpath.Path
	each(q.Filter, func(c *Comparison) {
		if s := c.Path.String(); c.Op.Inequality() && !seen[s] && !c.Path.IsName() {
			seen[s] = true
			implied = append(implied, c.Path)
		}
	})
	if seen[fieldpath.Name] {
		return nil // nothing after the name makes a difference
	}
	slices.SortFunc(implied, func(a, b fieldpath.Path) int { return strings.Compare(a.String(), b.String()) })
	for _, p := range implied {
		q.Orders = append(q.Orders, Order{p, desc})
	}
	q.Orders = append(q.Orders, Order{fieldpath.Path{fieldpath.Name}, desc})
	return nil
}

func (q *Query) parseCursor(c *pb.Cursor, what string) (*Cursor, error) {
	if c == nil || len(c.GetValues()) == 0 {
		return nil, nil
	}
	if len(c.GetValues()) > len(q.Orders) {
		return nil, invalid("%s has too many values: %d for %d sort keys.", what, len(c.GetValues()), len(q.Orders))
	}
	out := &Cursor{Before: c.GetBefore()}
	for i, p := range c.GetValues() {
		v, err := value.FromProto(p)
		if err != nil {
			return nil, err
		}
		if q.Orders[i].Path.IsName() {
			if _, ok := nameKey(v); !ok {
				return nil, invalid("%s: the value of __name__ must be a reference to a document.", what)
			}
		}
		out.Values = append(out.Values, v)
	}
	return out, nil
}
