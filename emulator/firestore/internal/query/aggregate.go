package query

import (
	"math"
	"math/bits"
	"strconv"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/fieldpath"
	"heek.kr/heektime/emulator/internal/value"
)

// maxAggregations is the maximum number of aggregations in a query
// (google/firestore/v1/query.proto).
const maxAggregations = 5

// Aggregation is one number computed over a query's results.
type Aggregation struct {
	Alias string
	Path  fieldpath.Path // nil for a count
	avg   bool
	upTo  int64 // limit of a count, 0 for none
}

// ParseAggregations parses and checks the aggregations of a query.
func ParseAggregations(list []*pb.StructuredAggregationQuery_Aggregation) ([]Aggregation, error) {
	if len(list) == 0 || len(list) > maxAggregations {
		return nil, invalid("an aggregation query must have from 1 to %d aggregations, not %d.", maxAggregations, len(list))
	}
	var out []Aggregation
	seen := map[string]bool{}
	unnamed := 0
	for _, p := range list {
		a := Aggregation{Alias: p.GetAlias()}
		if a.Alias == "" {
			unnamed++
			a.Alias = "field_" + strconv.Itoa(unnamed)
		}
		if err := value.CheckFieldName(a.Alias); err != nil {
			return nil, err
		}
		if seen[a.Alias] {
			return nil, invalid("The alias %q is used twice.", a.Alias)
		}
		seen[a.Alias] = true
		var err error
		switch x := p.GetOperator().(type) {
		case *pb.StructuredAggregationQuery_Aggregation_Count_:
			if u := x.Count.GetUpTo(); u != nil {
				if a.upTo = u.GetValue(); a.upTo <= 0 {
					return nil, invalid("up_to must be greater than zero.")
				}
			}
		case *pb.StructuredAggregationQuery_Aggregation_Sum_:
			a.Path, err = fieldpath.ParseField(x.Sum.GetField().GetFieldPath())
		case *pb.StructuredAggregationQuery_Aggregation_Avg_:
			a.avg = true
			a.Path, err = fieldpath.ParseField(x.Avg.GetField().GetFieldPath())
		default:
			return nil, invalid("The aggregation %q has no operator.", a.Alias)
		}
		if err == nil && a.Path.IsName() {
			err = invalid("Aggregations are not supported for the property: __name__")
		}
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// SummedFields returns the fields of the sums and averages in list.
func SummedFields(list []Aggregation) []fieldpath.Path {
	var out []fieldpath.Path
	for _, a := range list {
		if a.Path != nil {
			out = append(out, a.Path)
		}
	}
	return out
}

// Aggregate computes aggregations over documents, all of which have the fields of the aggregations: see
// [Query.Has].
func Aggregate(list []Aggregation, docs []*store.Document) map[string]value.Value {
	sums := make([]sum, len(list))
	count := int64(len(docs))
	for _, d := range docs {
		for i, a := range list {
			if a.Path != nil {
				sums[i].add(d.Fields.At(a.Path))
			}
		}
	}
	out := make(map[string]value.Value, len(list))
	for i, a := range list {
		switch {
		case a.Path == nil && a.upTo > 0:
			out[a.Alias] = value.OfInt(min(count, a.upTo))
		case a.Path == nil:
			out[a.Alias] = value.OfInt(count)
		case a.avg:
			out[a.Alias] = sums[i].average()
		default:
			out[a.Alias] = sums[i].total()
		}
	}
	return out
}

// sum adds numbers as Firestore does: the result is an integer if all numbers are integers and it
// fits, and a double otherwise, whatever order they come in. Values that are not numbers are ignored.
type sum struct {
	n            int
	low          uint64  // the sum of integers, 128 bits in two's complement
	high         int64   // its upper half
	double       float64 // the sum of doubles
	compensation float64 // the rounding error of double, so that the order of documents does not matter
	doubles      bool    // there are doubles
}

func (s *sum) add(v value.Value) {
	f, ok := v.Number()
	if !ok {
		return
	}
	s.n++
	if v.Kind() == value.Int {
		i := v.Int()
		var carry uint64
		s.low, carry = bits.Add64(s.low, uint64(i), 0)
		s.high += i>>63 + int64(carry)
		return
	}
	s.doubles = true
	s.addDouble(f)
}

// addDouble adds f with Neumaier's variant of Kahan summation.
func (s *sum) addDouble(f float64) {
	t := s.double + f
	if math.Abs(s.double) >= math.Abs(f) {
		s.compensation += (s.double - t) + f
	} else {
		s.compensation += (f - t) + s.double
	}
	s.double = t
}

// whole returns the sum of integers as a double.
func (s *sum) whole() float64 {
	if s.fits() {
		return float64(int64(s.low))
	}
	return float64(s.high)*(1<<64) + float64(s.low)
}

// fits reports whether the sum of integers is a 64-bit integer.
func (s *sum) fits() bool { return s.high == int64(s.low)>>63 }

// float returns the sum as a double. If it is infinite or NaN, the compensation is meaningless.
func (s *sum) float() float64 {
	if math.IsNaN(s.double) || math.IsInf(s.double, 0) {
		return s.double
	}
	t := *s
	t.addDouble(s.whole())
	return t.double + t.compensation
}

func (s *sum) total() value.Value {
	if !s.doubles && s.fits() {
		return value.OfInt(int64(s.low))
	}
	return value.OfDouble(s.float())
}

func (s *sum) average() value.Value {
	if s.n == 0 {
		return value.NullValue
	}
	return value.OfDouble(s.float() / float64(s.n))
}
