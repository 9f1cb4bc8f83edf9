package value

import (
	"math"
	"math/bits"

	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers of google.firestore.v1.Value and of the map entries in Document and MapValue
// (google/firestore/v1/document.proto).
const (
	numBoolean   = 1
	numInteger   = 2
	numDouble    = 3
	numReference = 5
	numMap       = 6
	numGeoPoint  = 8
	numArray     = 9
	numTimestamp = 10
	numNull      = 11
	numString    = 17
	numBytes     = 18

	numDocumentFields = 2
	numMapFields      = 1
)

// AppendDocumentFields appends the encoding of the fields of a google.firestore.v1.Document, in the
// order of their names or of the encoding that they were decoded from. Documents are encoded once and the
// result is spliced into responses, which makes reads cheap.
func (f *Fields) AppendDocumentFields(b []byte) []byte {
	if f != nil && f.wire != "" {
		return append(b, f.wire...)
	}
	return f.appendEntries(b, numDocumentFields)
}

// DocumentFieldsSize returns the number of bytes that AppendDocumentFields appends.
func (f *Fields) DocumentFieldsSize() int {
	if f != nil && f.wire != "" {
		return len(f.wire)
	}
	return f.entriesSize()
}

func (f *Fields) appendEntries(b []byte, number protowire.Number) []byte {
	for _, e := range f.All() {
		size := e.Value.wireSize()
		entry := 1 + protowire.SizeBytes(len(e.Name)) + 1 + protowire.SizeBytes(size)
		b = protowire.AppendTag(b, number, protowire.BytesType)
		b = protowire.AppendVarint(b, uint64(entry))
		b = protowire.AppendTag(b, 1, protowire.BytesType)
		b = protowire.AppendString(b, e.Name)
		b = protowire.AppendTag(b, 2, protowire.BytesType)
		b = protowire.AppendVarint(b, uint64(size))
		b = e.Value.appendWire(b)
	}
	return b
}

func (f *Fields) entriesSize() int {
	n := 0
	for _, e := range f.All() {
		entry := 1 + protowire.SizeBytes(len(e.Name)) + 1 + protowire.SizeBytes(e.Value.wireSize())
		n += 1 + protowire.SizeBytes(entry)
	}
	return n
}

// AppendWire appends v as a google.firestore.v1.Value.
func (v Value) AppendWire(b []byte) []byte { return v.appendWire(b) }

func (v Value) appendWire(b []byte) []byte {
	switch v.kind {
	case Null:
		b = protowire.AppendTag(b, numNull, protowire.VarintType)
		return append(b, 0)
	case Bool:
		b = protowire.AppendTag(b, numBoolean, protowire.VarintType)
		return protowire.AppendVarint(b, v.num)
	case Int:
		b = protowire.AppendTag(b, numInteger, protowire.VarintType)
		return protowire.AppendVarint(b, v.num)
	case Double:
		b = protowire.AppendTag(b, numDouble, protowire.Fixed64Type)
		return protowire.AppendFixed64(b, v.num)
	case Timestamp:
		b = protowire.AppendTag(b, numTimestamp, protowire.BytesType)
		b = protowire.AppendVarint(b, uint64(timeSize(v.Time())))
		return AppendTime(b, v.Time())
	case String:
		b = protowire.AppendTag(b, numString, protowire.BytesType)
		return protowire.AppendString(b, v.str)
	case Bytes:
		b = protowire.AppendTag(b, numBytes, protowire.BytesType)
		return protowire.AppendString(b, v.str)
	case Reference:
		b = protowire.AppendTag(b, numReference, protowire.BytesType)
		return protowire.AppendString(b, v.str)
	case GeoPoint:
		lat, lng := v.GeoPoint()
		b = protowire.AppendTag(b, numGeoPoint, protowire.BytesType)
		b = append(b, 18)
		b = protowire.AppendTag(b, 1, protowire.Fixed64Type)
		b = protowire.AppendFixed64(b, math.Float64bits(lat))
		b = protowire.AppendTag(b, 2, protowire.Fixed64Type)
		return protowire.AppendFixed64(b, math.Float64bits(lng))
	case Array:
		b = protowire.AppendTag(b, numArray, protowire.BytesType)
		b = protowire.AppendVarint(b, uint64(arraySize(v.Array())))
		for _, e := range v.Array() {
			b = protowire.AppendTag(b, 1, protowire.BytesType)
			b = protowire.AppendVarint(b, uint64(e.wireSize()))
			b = e.appendWire(b)
		}
		return b
	case Map:
		b = protowire.AppendTag(b, numMap, protowire.BytesType)
		b = protowire.AppendVarint(b, uint64(v.Map().entriesSize()))
		return v.Map().appendEntries(b, numMapFields)
	}
	return b
}

// wireSize returns the length of v's encoding. A nested value is measured again at every level
// above it, which is cheap because documents are shallow.
func (v Value) wireSize() int {
	switch v.kind {
	case Null:
		return 2
	case Bool:
		return 2
	case Int:
		return 1 + protowire.SizeVarint(v.num)
	case Double:
		return 9
	case Timestamp:
		return 1 + protowire.SizeBytes(timeSize(v.Time()))
	case String, Bytes:
		return 2 + protowire.SizeBytes(len(v.str))
	case Reference:
		return 1 + protowire.SizeBytes(len(v.str))
	case GeoPoint:
		return 20
	case Array:
		return 1 + protowire.SizeBytes(arraySize(v.Array()))
	case Map:
		return 1 + protowire.SizeBytes(v.Map().entriesSize())
	}
	return 0
}

func arraySize(vs []Value) int {
	n := 0
	for _, e := range vs {
		n += 1 + protowire.SizeBytes(e.wireSize())
	}
	return n
}

// AppendTime appends m as a google.protobuf.Timestamp.
func AppendTime(b []byte, m Micros) []byte {
	s, n := m.Parts()
	if s != 0 {
		b = append(b, 1<<3)
		b = protowire.AppendVarint(b, uint64(s))
	}
	if n != 0 {
		b = append(b, 2<<3)
		b = protowire.AppendVarint(b, uint64(n))
	}
	return b
}

func timeSize(m Micros) int {
	s, n := m.Parts()
	size := 0
	if s != 0 {
		size += 1 + varintSize(uint64(s))
	}
	if n != 0 {
		size += 1 + varintSize(uint64(n))
	}
	return size
}

func varintSize(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }
