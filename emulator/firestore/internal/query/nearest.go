package query

import (
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

func parseNearest(n *pb.StructuredQuery_FindNearest) (*Nearest, error) {
	out := &Nearest{Measure: n.GetDistanceMeasure(), Limit: int(n.GetLimit().GetValue())}
	var err error
	if out.Path, err = fieldpath.Parse(n.GetVectorField().GetFieldPath()); err != nil {
		return nil, err
	}
	v, err := value.FromProto(n.GetQueryVector())
	if err != nil {
		return nil, err
	}
	elements, ok := v.Vector()
	if !ok {
		return nil, invalid("find_nearest: query_vector must be a vector.")
	}
	out.Vector = numbers(elements)
	if out.Limit < 1 || out.Limit > 1000 {
		return nil, invalid("find_nearest: limit must be from 1 to 1000.")
	}
	if out.Measure == pb.StructuredQuery_FindNearest_DISTANCE_MEASURE_UNSPECIFIED {
		return nil, invalid("find_nearest: distance_measure is required.")
	}
	if t := n.GetDistanceThreshold(); t != nil {
		out.Threshold = &t.Value
	}
	if r := n.GetDistanceResultField(); r != "" {
		if out.Result, err = fieldpath.Parse(r); err != nil {
			return nil, err
		}
	}
	return out, nil
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
	case pb.StructuredQuery_FindNearest_COSINE:
		if a2 == 0 || b2 == 0 {
			return 0, false
		}
		return 1 - dot/math.Sqrt(a2*b2), true
	}
	return math.Sqrt(square), true
}

// pick sorts documents by distance and returns the nearest, and how many vectors it compared.
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
		if n.Threshold != nil && sign*dist > sign**n.Threshold {
			continue
		}
		hits = append(hits, hit{d, dist})
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		switch {
		case sign*a.dist < sign*b.dist:
			return -1
		case sign*a.dist > sign*b.dist:
			return 1
		}
		return 0
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
