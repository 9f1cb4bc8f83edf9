package rules

import (
	"crypto/md5" //nolint:gosec // the language has it
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"math"
)

// mathFunctions are those of https://firebase.google.com/docs/reference/rules/rules.math.
var mathFunctions = map[string]*builtin{
	"abs": {1, 1, known(func(_ *run, e *expr, args []Value) Value {
		switch v := args[0]; {
		case v.kind == KindFloat:
			return FloatValue(math.Abs(v.float()))
		case v.kind != KindInt:
			return unsupported(e, "math.abs", v)
		case v.num == math.MinInt64:
			return fail(e, "Integer overflow.")
		case v.num < 0:
			return IntValue(-v.num)
		default:
			return v
		}
	}), setOf(KindInt, KindFloat), false},
	"ceil":  rounding("ceil", math.Ceil),
	"floor": rounding("floor", math.Floor),
	"round": rounding("round", func(f float64) float64 { return math.Floor(f + 0.5) }),
	"sqrt": numeric(1, setOf(KindFloat), func(x []float64) Value {
		return FloatValue(math.Sqrt(x[0]))
	}),
	"pow": numeric(2, setOf(KindFloat), func(x []float64) Value {
		return FloatValue(math.Pow(x[0], x[1]))
	}),
	"isInfinite": numeric(1, setOf(KindBool), func(x []float64) Value { return BoolValue(math.IsInf(x[0], 0)) }),
	"isNaN":      numeric(1, setOf(KindBool), func(x []float64) Value { return BoolValue(math.IsNaN(x[0])) }),
}

// rounding is a function from a number to an integer.
func rounding(name string, f func(float64) float64) *builtin {
	return &builtin{1, 1, known(func(_ *run, e *expr, args []Value) Value {
		switch v := args[0]; v.kind {
		case KindInt:
			return v
		case KindFloat:
			x := f(v.float())
			if !(x >= -(1<<63) && x < 1<<63) {
				return fail(e, "# is no integer of 64 bits.", v)
			}
			return IntValue(int64(x))
		default:
			return unsupported(e, "math."+name, v)
		}
	}), setOf(KindInt), false}
}

// numeric is a function of numbers.
func numeric(n int, gives kindSet, f func([]float64) Value) *builtin {
	return &builtin{n, n, known(func(_ *run, e *expr, args []Value) Value {
		x := make([]float64, n)
		for i, a := range args {
			if !a.isNumber() {
				return unsupported(e, e.name, a)
			}
			x[i] = a.number()
		}
		return f(x)
	}), gives, false}
}

// hashingFunctions are those of https://firebase.google.com/docs/reference/rules/rules.hashing. They take bytes or a
// string and give bytes.
var hashingFunctions = map[string]*builtin{
	"crc32":  hashing(func(b []byte) []byte { return binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(b)) }),
	"crc32c": hashing(func(b []byte) []byte { return binary.BigEndian.AppendUint32(nil, crc32.Checksum(b, castagnoli)) }),
	"md5":    hashing(func(b []byte) []byte { s := md5.Sum(b); return s[:] }),
	"sha256": hashing(func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }),
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func hashing(sum func([]byte) []byte) *builtin {
	return &builtin{1, 1, known(func(_ *run, e *expr, args []Value) Value {
		if v := args[0]; v.kind == KindBytes || v.kind == KindString {
			return BytesValue(string(sum([]byte(v.text()))))
		}
		return unsupported(e, e.name, args[0])
	}), setOf(KindBytes), false}
}

// latlngFunctions are those of https://firebase.google.com/docs/reference/rules/rules.latlng_.
var latlngFunctions = map[string]*builtin{
	"value": {2, 2, known(func(_ *run, e *expr, args []Value) Value {
		lat, lng := args[0], args[1]
		switch {
		case !lat.isNumber() || !lng.isNumber():
			return unsupported(e, "latlng.value", lat, lng)
		case !(math.Abs(lat.number()) <= 90 && math.Abs(lng.number()) <= 180):
			return fail(e, "The point #, # is not on the globe.", lat, lng)
		}
		return LatLngValue(lat.number(), lng.number())
	}), setOf(KindLatLng), false},
}

// latlngMethods are those of https://firebase.google.com/docs/reference/rules/rules.LatLng.
var latlngMethods = methodsOf{
	kind: KindLatLng,
	forms: map[string]form{
		"latitude":  plain(func(v Value) Value { return FloatValue(v.point().latitude) }),
		"longitude": plain(func(v Value) Value { return FloatValue(v.point().longitude) }),
		"distance": {1, 1, func(_ *run, e *expr, self Value, args []Value) Value {
			if args[0].kind != KindLatLng {
				return unsupported(e, "distance", args[0])
			}
			return FloatValue(distance(self.point(), args[0].point()))
		}},
	},
	gives: map[string]kindSet{"latitude": setOf(KindFloat), "longitude": setOf(KindFloat), "distance": setOf(KindFloat)},
}

// earthRadius is the mean radius of the earth in metres.
const earthRadius = 6_371_010

// distance is the way between two points in metres, along a great circle.
func distance(a, b point) float64 {
	const degree = math.Pi / 180
	sinLat := math.Sin((b.latitude - a.latitude) * degree / 2)
	sinLng := math.Sin((b.longitude - a.longitude) * degree / 2)
	h := sinLat*sinLat + math.Cos(a.latitude*degree)*math.Cos(b.latitude*degree)*sinLng*sinLng
	return 2 * earthRadius * math.Asin(math.Min(1, math.Sqrt(h)))
}
