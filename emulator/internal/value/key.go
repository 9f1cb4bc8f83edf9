package value

import (
	"encoding/binary"
	"math"
	"strings"
)

// Bytes that keys consist of, in addition to a value's kind. None equals a kind, and keyEnd is less
// than all kinds.
const (
	keyEnd     = 0x00
	keyNumeric = 0x01
	keyPlain   = 0x02
	keyEscape  = 0x01
	keyKind    = 0x10 // added to kinds
)

// AppendKey appends an encoding of v whose byte order is the order of [Compare]; equal values have
// equal keys. No key is a prefix of another, so the keys of several values can be concatenated.
func AppendKey(b []byte, v Value) []byte {
	order := v.Order()
	b = append(b, keyKind+byte(order))
	switch order {
	case Bool:
		return append(b, byte(v.num))
	case Int:
		return appendNumber(b, v)
	case Timestamp:
		return binary.BigEndian.AppendUint64(b, v.num^(1<<63))
	case String, Bytes:
		return appendKeyText(b, v.str)
	case Reference:
		return appendNameKey(b, v.str)
	case GeoPoint:
		lat, lng := v.GeoPoint()
		return appendDouble(appendDouble(b, lat), lng)
	case Array:
		for _, e := range v.Array() {
			b = AppendKey(b, e)
		}
		return append(b, keyEnd)
	case Vector:
		elements, _ := v.Vector()
		b = binary.BigEndian.AppendUint32(b, uint32(len(elements)))
		for _, e := range elements {
			b = AppendKey(b, e)
		}
		return b
	case Map:
		for _, f := range v.Map().All() {
			b = append(b, keyPlain)
			b = appendKeyText(b, f.Name)
			b = AppendKey(b, f.Value)
		}
		return append(b, keyEnd)
	}
	return b
}

// AppendKindKey appends the prefix that the keys of all values of v's type share with no other.
func AppendKindKey(b []byte, v Value) []byte { return append(b, keyKind+byte(v.Order())) }

// Invert makes a key, or a part of one, sort in descending order.
func Invert(b []byte) {
	for i := range b {
		b[i] = ^b[i]
	}
}

// appendNumber appends the number rounded down to a double, followed by the remainder, which is
// zero for doubles.
func appendNumber(b []byte, v Value) []byte {
	if v.kind == Double {
		return append(appendDouble(b, v.Double()), 0, 0)
	}
	i := v.Int()
	f := float64(i)
	if f >= -math.MinInt64 || int64(f) > i {
		f = math.Nextafter(f, math.Inf(-1))
	}
	return binary.BigEndian.AppendUint16(appendDouble(b, f), uint16(i-int64(f)))
}

func appendDouble(b []byte, f float64) []byte {
	bits := math.Float64bits(f)
	switch {
	case math.IsNaN(f):
		bits = 0
	case f == 0: // also −0
		bits = 1 << 63
	case bits>>63 != 0:
		bits = ^bits
	default:
		bits |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(b, bits)
}

func appendKeyText(b []byte, s string) []byte {
	if !strings.ContainsAny(s, "\x00\x01") {
		return append(append(b, s...), keyEnd)
	}
	for i := range len(s) {
		if c := s[i]; c <= keyEscape {
			b = append(b, keyEscape, c+1)
		} else {
			b = append(b, c)
		}
	}
	return append(b, keyEnd)
}

func appendNameKey(b []byte, name string) []byte {
	for rest, more := name, name != ""; more; {
		var id string
		id, rest, more = strings.Cut(rest, "/")
		if n, ok := NumericID(id); ok {
			b = append(b, keyNumeric)
			b = binary.BigEndian.AppendUint64(b, uint64(n)^(1<<63))
			continue
		}
		b = append(b, keyPlain)
		b = appendKeyText(b, id)
	}
	return append(b, keyEnd)
}
