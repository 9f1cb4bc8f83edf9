package query

import (
	"cmp"
	"math"
	"slices"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/fieldpath"
	"heek.kr/heektime/emulator/internal/value"
)

// Nearest is a nearest-neighbor search: it finds the documents whose vector is nearest to Vector.
type Nearest struct {
	Path      fieldpath.Path
	Vector    []float64
	Measure   pb.StructuredQuery_FindNearest_DistanceMeasure
	Limit     int
	Result    fieldpath.Path // field for the distance, nil for none
	Threshold *float64
}

// parseNearest parses a search for a query that is parsed already. Google's emulator rejects what would
// apply to the results before or after the search.
func (q *Query) parseNearest(n *pb.StructuredQuery_FindNearest) error {
	out := &Nearest{Measure: n.GetDistanceMeasure(), Limit: int(n.GetLimit().GetValue())}
	elements, err := value.QueryVector(n.GetQueryVector())
	if err != nil {
		return err
	}
	out.Vector = numbers(elements)
	switch {
	case out.Limit < 1 || out.Limit > 1000:
		return invalid("find_nearest: limit must be from 1 to 1000.")
	case out.Measure == pb.StructuredQuery_FindNearest_DISTANCE_MEASURE_UNSPECIFIED:
		return invalid("find_nearest: distance_measure is required.")
	case q.Limit >= 0:
		return invalid("A query limit cannot be used with find_nearest, which has a limit of its own.")
	case q.Offset > 0:
		return invalid("A query offset cannot be used with find_nearest.")
	case q.Start != nil || q.End != nil:
		return invalid("A cursor cannot be used with find_nearest.")
	}
	if out.Path, err = fieldpath.ParseField(n.GetVectorField().GetFieldPath()); err != nil {
		return err
	}
	if t := n.GetDistanceThreshold(); t != nil {
		out.Threshold = &t.Value
	}
	if r := n.GetDistanceResultField(); r != "" { // a name, not a path: it may contain dots
		if err := value.CheckFieldName(r); err != nil {
			return err
		}
		out.Result = fieldpath.Path{r}
	}
	q.Near = out
	return nil
}

func numbers(vs []value.Value) []float64 {
	out := make([]float64, len(vs))
	for i, v := range vs {
		out[i], _ = v.Number()
	}
	return out
}

// distance returns the distance of a document's vector; ok is false if it has no vector of the same
// dimension.
func (n *Nearest) distance(d *store.Document) (dist float64, ok bool) {
	elements, ok := d.Fields.At(n.Path).Vector()
	if !ok || len(elements) != len(n.Vector) {
		return 0, false
	}
	var dot, square, a2, b2 float64
	for i, b := range numbers(elements) {
		a := n.Vector[i]
		dot += a * b
		square += (a - b) * (a - b)
		a2 += a * a
		b2 += b * b
	}
	switch n.Measure {
	case pb.StructuredQuery_FindNearest_DOT_PRODUCT:
		return dot, true
	case pb.StructuredQuery_FindNearest_COSINE: // NaN for a zero vector
		return 1 - dot/math.Sqrt(a2*b2), true
	}
	return math.Sqrt(square), true
}

// pick sorts documents by distance and returns the nearest, and how many vectors it compared. A distance
// that is NaN is farther than any other.
func (n *Nearest) pick(docs []*store.Document) (nearest []*store.Document, compared int) {
	type hit struct {
		doc  *store.Document
		dist float64
	}
	sign := 1.0
	if n.Measure == pb.StructuredQuery_FindNearest_DOT_PRODUCT {
		sign = -1 // larger is nearer
	}
	var hits []hit
	for _, d := range docs {
		dist, ok := n.distance(d)
		if !ok {
			continue
		}
		compared++
		if n.Threshold != nil && !(sign*dist <= sign**n.Threshold) {
			continue
		}
		hits = append(hits, hit{d, dist})
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		switch aNaN, bNaN := math.IsNaN(a.dist), math.IsNaN(b.dist); {
		case aNaN && bNaN:
			return 0
		case aNaN:
			return 1
		case bNaN:
			return -1
		}
		return cmp.Compare(sign*a.dist, sign*b.dist)
	})
	for _, h := range hits[:min(len(hits), n.Limit)] {
		nearest = append(nearest, h.doc)
	}
	return nearest, compared
}

// withDistance adds the distance to a result's fields if the search has a result field.
func (n *Nearest) withDistance(d *store.Document, f *value.Fields) *value.Fields {
	if n.Result == nil {
		return f
	}
	dist, _ := n.distance(d)
	return f.WithAt(n.Result, value.OfDouble(dist))
}
