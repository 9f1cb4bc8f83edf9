package query

import (
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

// Parse parses and checks a query below parent, which is a document or the root. Its errors are
// gRPC statuses.
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
	explicit := len(sq.GetOrderBy())
	if q.Start, err = q.parseCursor(sq.GetStartAt(), explicit, "start_at"); err != nil {
		return nil, err
	}
	if q.End, err = q.parseCursor(sq.GetEndAt(), explicit, "end_at"); err != nil {
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
		if err := q.parseNearest(n); err != nil {
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
	if q.Group == "" { // every collection
		return nil
	}
	return resource.CheckCollectionID(q.Group)
}

func (q *Query) parseSelect(sel *pb.StructuredQuery_Projection) error {
	q.Select = []fieldpath.Path{}
	for _, f := range sel.GetFields() {
		p, err := fieldpath.ParseField(f.GetFieldPath())
		if err != nil {
			return err
		}
		if !p.IsName() {
			q.Select = append(q.Select, p)
		}
	}
	return nil
}

// parseOrders parses the explicit order and appends the implicit one: the fields of inequalities
// and the document's name (google/firestore/v1/query.proto, StructuredQuery.order_by).
func (q *Query) parseOrders(list []*pb.StructuredQuery_Order) error {
	seen := map[string]bool{}
	desc := false
	for _, o := range list {
		p, err := fieldpath.ParseField(o.GetField().GetFieldPath())
		if err != nil {
			return err
		}
		if seen[fieldpath.Name] {
			return afterName(p)
		}
		if seen[p.String()] {
			return invalid("order_by contains the field %s twice.", p)
		}
		desc = o.GetDirection() == pb.StructuredQuery_DESCENDING
		if q.Group == "" && (desc || !p.IsName()) {
			return invalid("kind is required for all orders except __key__ ascending: a query without a collection id can only be ordered by __name__.")
		}
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
		if len(implied) > 0 {
			return afterName(implied[0])
		}
		return nil
	}
	slices.SortFunc(implied, func(a, b fieldpath.Path) int { return strings.Compare(a.String(), b.String()) })
	for _, p := range implied {
		q.Orders = append(q.Orders, Order{p, desc})
	}
	q.Orders = append(q.Orders, Order{fieldpath.Path{fieldpath.Name}, desc})
	return nil
}

// afterName returns production's error for a sort key after the name. Names are unique, so it would
// have no effect (https://github.com/googleapis/nodejs-firestore/issues/1472). The sort key that an
// inequality adds is rejected as well (https://github.com/firebase/flutterfire/issues/13289).
func afterName(p fieldpath.Path) error {
	return invalid("Order by clause cannot contain more fields after the key %s", p)
}

// parseCursor parses a cursor of a query with a number of explicit sort keys. It cannot have more values, though the
// complete order has more keys (google/firestore/v1/query.proto, StructuredQuery.start_at).
func (q *Query) parseCursor(c *pb.Cursor, explicit int, what string) (*Cursor, error) {
	if c == nil || len(c.GetValues()) == 0 {
		return nil, nil
	}
	if len(c.GetValues()) > explicit {
		return nil, invalid("%s has too many values: %d, but order_by has %d fields.", what, len(c.GetValues()), explicit)
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
