package value

import (
	"errors"
	"math"
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
)

var errWire = errors.New("invalid encoding of a value")

// ParseDocumentFields decodes the output of [Fields.AppendDocumentFields]. The result shares no
// memory with b.
func ParseDocumentFields(b []byte) (*Fields, error) { return fieldsFromWire(b, place{stored: true}) }

// FieldsFromWire is [FieldsFromProto] for the encoding of the fields of a google.firestore.v1.Document. It takes
// a fraction of the time that protobuf needs to make a message of each value. The result shares no memory with b.
func FieldsFromWire(b []byte) (*Fields, error) {
	f, err := fieldsFromWire(b, place{})
	if errors.Is(err, errWire) {
		err = status.Error(codes.InvalidArgument, "The fields of the document are not encoded correctly.")
	}
	return f, err
}

// maxShared is the length of the longest encoding whose texts are not copied one by one: they share its memory.
// A value that outlives the others of its document, because those were overwritten, keeps all of it.
const maxShared = 4 << 10

func fieldsFromWire(b []byte, at place) (*Fields, error) {
	d := decoder{share: len(b) <= maxShared, exact: true}
	text := string(b)
	f, err := d.entries(text, numDocumentFields, at)
	if err == nil && d.share && d.exact {
		f.wire = text
	}
	return f, err
}

// decoder decodes values.
type decoder struct {
	share bool // texts share the memory of the encoding
	exact bool // the encoding has nothing that the values lack
}

// wireField is a field of a message.
type wireField struct {
	num  protowire.Number
	typ  protowire.Type
	x    uint64 // of a varint or fixed64 field
	data string // of any other field
}

// next returns the first field of a message and the rest of the message.
func next(s string) (f wireField, rest string, err error) {
	tag, s, err := uvarint(s)
	if err != nil || tag>>3 == 0 || tag>>3 > uint64(protowire.MaxValidNumber) {
		return f, "", errWire
	}
	f.num, f.typ = protowire.Number(tag>>3), protowire.Type(tag&7)
	switch f.typ {
	case protowire.VarintType:
		f.x, s, err = uvarint(s)
		return f, s, err
	case protowire.Fixed64Type:
		if len(s) < 8 {
			return f, "", errWire
		}
		for i := range 8 {
			f.x |= uint64(s[i]) << (8 * i)
		}
		return f, s[8:], nil
	case protowire.BytesType:
		n, s, err := uvarint(s)
		if err != nil || n > uint64(len(s)) {
			return f, "", errWire
		}
		f.data = s[:n]
		return f, s[n:], nil
	}
	return f, "", errWire
}

// uvarint returns the varint at the beginning of s and what follows it.
func uvarint(s string) (x uint64, rest string, err error) {
	for i := 0; i < len(s) && i < 10; i++ {
		c := s[i]
		x |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			if i == 9 && c > 1 {
				break
			}
			return x, s[i+1:], nil
		}
	}
	return 0, "", errWire
}

// count returns the number of fields of a message. Whoever decodes it finds its errors.
func count(s string) (n int) {
	for s != "" {
		var err error
		if _, s, err = next(s); err != nil {
			break
		}
		n++
	}
	return n
}

func (d *decoder) text(s string) string {
	if d.share {
		return s
	}
	return strings.Clone(s)
}

func (d *decoder) entries(s string, number protowire.Number, at place) (*Fields, error) {
	if err := at.checkDepth(); err != nil {
		return nil, err
	}
	list := make([]Field, 0, count(s))
	sorted := true
	for s != "" {
		var f wireField
		var err error
		if f, s, err = next(s); err != nil {
			return nil, err
		}
		if f.num != number || f.typ != protowire.BytesType {
			return nil, errWire
		}
		e, err := d.entry(f.data, at)
		if err != nil {
			return nil, err
		}
		sorted = sorted && (len(list) == 0 || list[len(list)-1].Name < e.Name)
		list = append(list, e)
	}
	if sorted {
		return ofSorted(list), nil
	}
	n := len(list)
	f := NewFields(list)
	d.exact = d.exact && f.Len() == n
	return f, nil
}

func (d *decoder) entry(s string, at place) (e Field, err error) {
	var name, v string
	for n := 1; s != ""; n++ {
		var f wireField
		if f, s, err = next(s); err != nil {
			return e, err
		}
		switch f.num {
		case 1:
			name = f.data
		case 2:
			v = f.data
		}
		d.exact = d.exact && int(f.num) == n && n <= 2
	}
	if err := at.checkFieldName(name); err != nil {
		return e, err
	}
	e.Name = d.text(name)
	e.Value, err = d.value(v, at.field(name))
	return e, err
}

// wireType returns the type of a field of google.firestore.v1.Value.
func wireType(num protowire.Number) protowire.Type {
	switch num {
	case numNull, numBoolean, numInteger:
		return protowire.VarintType
	case numDouble:
		return protowire.Fixed64Type
	}
	return protowire.BytesType
}

func (d *decoder) value(s string, at place) (v Value, err error) {
	for s != "" {
		var f wireField
		if f, s, err = next(s); err != nil {
			return v, err
		}
		if f.typ != wireType(f.num) {
			return v, errWire
		}
		d.exact = d.exact && !v.Exists()
		if v, err = d.field(f, at); err != nil {
			return v, err
		}
	}
	if !v.Exists() && !at.stored {
		return v, errNoType()
	}
	return v, nil
}

// field decodes a field of google.firestore.v1.Value.
func (d *decoder) field(f wireField, at place) (v Value, err error) {
	switch f.num {
	case numNull:
		return NullValue, nil
	case numBoolean:
		return OfBool(f.x != 0), nil
	case numInteger:
		return OfInt(int64(f.x)), nil
	case numDouble:
		v = ofAnyDouble(math.Float64frombits(f.x))
		d.exact = d.exact && v.num == f.x
		return v, nil
	case numTimestamp:
		return d.time(f.data, at)
	case numString:
		return OfString(d.text(f.data)), at.checkText(f.data)
	case numBytes:
		return OfBytes(d.text(f.data)), at.checkSize(len(f.data))
	case numReference:
		return OfReference(d.text(f.data)), at.checkReference(f.data)
	case numGeoPoint:
		return d.geoPoint(f.data, at)
	case numArray:
		return d.array(f.data, at.in())
	case numMap:
		m, err := d.entries(f.data, numMapFields, at.in())
		if err != nil {
			return v, err
		}
		v = OfMap(m)
		return v, at.checkVector(v)
	}
	return v, errUnstorable()
}

func (d *decoder) time(text string, at place) (v Value, err error) {
	var s, n int64
	for text != "" {
		var f wireField
		if f, text, err = next(text); err != nil {
			return v, err
		}
		switch f.num {
		case 1:
			s = int64(f.x)
		case 2:
			n = int64(int32(f.x))
		default:
			d.exact = false
		}
	}
	d.exact = d.exact && n%1000 == 0
	return OfTime(MicrosOfParts(s, n)), at.checkTime(s, n)
}

func (d *decoder) geoPoint(s string, at place) (v Value, err error) {
	var point [3]float64
	for s != "" {
		var f wireField
		if f, s, err = next(s); err != nil {
			return v, err
		}
		if f.num > 2 {
			return v, errWire
		}
		point[f.num] = math.Float64frombits(f.x)
	}
	return OfGeoPoint(point[1], point[2]), at.checkGeoPoint(point[1], point[2])
}

func (d *decoder) array(s string, at place) (v Value, err error) {
	if err := at.checkDepth(); err != nil {
		return v, err
	}
	vs := make([]Value, 0, count(s))
	for s != "" {
		var f wireField
		if f, s, err = next(s); err != nil {
			return v, err
		}
		if f.num != 1 || f.typ != protowire.BytesType {
			return v, errWire
		}
		e, err := d.value(f.data, at)
		if err == nil {
			err = at.checkElement(e)
		}
		if err != nil {
			return v, err
		}
		vs = append(vs, e)
	}
	return OfArray(vs), nil
}

// checkText rejects strings that are too long or, which protobuf rejects itself, not UTF-8.
func (p place) checkText(s string) error {
	if !p.stored && !utf8.ValidString(s) {
		return status.Error(codes.InvalidArgument, "A string is not valid UTF-8.")
	}
	return p.checkSize(len(s))
}
