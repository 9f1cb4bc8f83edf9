package value

import (
	"errors"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

var errWire = errors.New("invalid encoding of a value")

// ParseDocumentFields decodes the output of [Fields.AppendDocumentFields]. The result shares no
// memory with b.
func ParseDocumentFields(b []byte) (*Fields, error) { return parseEntries(b, numDocumentFields) }

// eachField calls f for every field of a message. x is the value of a varint or fixed64 field, data
// the contents of any other field.
func eachField(b []byte, f func(num protowire.Number, x uint64, data []byte) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errWire
		}
		b = b[n:]
		var x uint64
		var data []byte
		switch typ {
		case protowire.VarintType:
			x, n = protowire.ConsumeVarint(b)
		case protowire.Fixed64Type:
			x, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			data, n = protowire.ConsumeBytes(b)
		default:
			return errWire
		}
		if n < 0 {
			return errWire
		}
		if err := f(num, x, data); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

func parseEntries(b []byte, number protowire.Number) (*Fields, error) {
	list := []Field{}
	sorted := true
	err := eachField(b, func(num protowire.Number, _ uint64, entry []byte) error {
		if num != number {
			return errWire
		}
		var f Field
		err := eachField(entry, func(num protowire.Number, _ uint64, data []byte) (err error) {
			switch num {
			case 1:
				f.Name = string(data)
			case 2:
				f.Value, err = parseWire(data)
			}
			return err
		})
		sorted = sorted && (len(list) == 0 || list[len(list)-1].Name < f.Name)
		list = append(list, f)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !sorted {
		return NewFields(list), nil
	}
	return &Fields{list: list}, nil
}

func parseWire(b []byte) (v Value, err error) {
	err = eachField(b, func(num protowire.Number, x uint64, data []byte) (err error) {
		switch num {
		case numNull:
			v = NullValue
		case numBoolean:
			v = OfBool(x != 0)
		case numInteger:
			v = OfInt(int64(x))
		case numDouble:
			v = OfDouble(math.Float64frombits(x))
		case numTimestamp:
			v, err = parseTime(data)
		case numString:
			v = OfString(string(data))
		case numBytes:
			v = OfBytes(string(data))
		case numReference:
			v = OfReference(string(data))
		case numGeoPoint:
			v, err = parseGeoPoint(data)
		case numArray:
			v, err = parseArray(data)
		case numMap:
			var f *Fields
			f, err = parseEntries(data, numMapFields)
			v = OfMap(f)
		default:
			err = errWire
		}
		return err
	})
	return v, err
}

func parseTime(b []byte) (Value, error) {
	var s, n int64
	err := eachField(b, func(num protowire.Number, x uint64, _ []byte) error {
		switch num {
		case 1:
			s = int64(x)
		case 2:
			n = int64(x)
		}
		return nil
	})
	return OfTime(MicrosOfParts(s, n)), err
}

func parseGeoPoint(b []byte) (Value, error) {
	var at [3]float64
	err := eachField(b, func(num protowire.Number, x uint64, _ []byte) error {
		if num > 2 {
			return errWire
		}
		at[num] = math.Float64frombits(x)
		return nil
	})
	return OfGeoPoint(at[1], at[2]), err
}

func parseArray(b []byte) (Value, error) {
	vs := []Value{}
	err := eachField(b, func(_ protowire.Number, _ uint64, data []byte) error {
		v, err := parseWire(data)
		vs = append(vs, v)
		return err
	})
	return OfArray(vs), err
}
