package managedexport

import (
	"math"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"heek.kr/heektime/emulator/internal/value"
)

// appendEntity appends a document as an EntityProto.
func appendEntity(b []byte, project, database, path string, f *value.Fields) []byte {
	ids := strings.Split(path, "/")
	var key, elements []byte
	key = appendString(key, keyApp, appPrefix+project)
	for i := 0; i < len(ids); i += 2 {
		elements = appendElement(elements, ids[i], ids[i+1], pathElement)
	}
	key = appendBytes(key, keyPath, elements)
	if database != defaultDatabase {
		key = appendString(key, keyDatabase, database)
	}
	b = appendBytes(b, entityKey, key)
	b = appendProperties(b, f)
	return appendBytes(b, entityGroup, appendElement(nil, ids[0], ids[1], pathElement))
}

// elementNumbers are the numbers of the fields of a path element.
type elementNumbers struct{ group, kind, id, name protowire.Number }

var (
	pathElement      = elementNumbers{1, 2, 3, 4}
	referenceElement = elementNumbers{14, 15, 16, 17}
)

// appendElement appends an element of a path: a collection and a document in it.
func appendElement(b []byte, collection, id string, n elementNumbers) []byte {
	b = protowire.AppendTag(b, n.group, protowire.StartGroupType)
	b = appendString(b, n.kind, collection)
	if number, ok := value.NumericID(id); ok {
		b = appendVarint(b, n.id, uint64(number))
	} else {
		b = appendString(b, n.name, id)
	}
	return protowire.AppendTag(b, n.group, protowire.EndGroupType)
}

// appendProperties appends the fields of a document or a map, empty arrays first.
func appendProperties(b []byte, f *value.Fields) []byte {
	for _, field := range f.All() {
		if field.Value.Kind() == value.Array && len(field.Value.Array()) == 0 {
			b = appendProperty(b, entityProperty, field.Name, false, meaningEmptyList, nil)
		}
	}
	for _, field := range f.All() {
		if field.Value.Kind() != value.Array {
			b = appendValue(b, field.Name, false, field.Value)
			continue
		}
		for _, element := range field.Value.Array() {
			b = appendValue(b, field.Name, true, element)
		}
	}
	return b
}

func appendValue(b []byte, name string, multiple bool, v value.Value) []byte {
	meaning, encoded := encodeValue(v)
	return appendProperty(b, entityRawProperty, name, multiple, meaning, encoded)
}

func appendProperty(b []byte, number protowire.Number, name string, multiple bool, meaning uint64, encoded []byte) []byte {
	var p []byte
	if meaning != 0 {
		p = appendVarint(p, propertyMeaning, meaning)
	}
	p = appendString(p, propertyName, name)
	p = appendVarint(p, propertyMultiple, protowire.EncodeBool(multiple))
	return appendBytes(b, number, appendBytes(p, propertyValue, encoded))
}

// encodeValue returns a value that is no array as a PropertyValue, and its meaning.
func encodeValue(v value.Value) (meaning uint64, b []byte) {
	switch v.Kind() {
	case value.Bool:
		return 0, appendVarint(nil, valueBool, protowire.EncodeBool(v.Bool()))
	case value.Int:
		return 0, appendVarint(nil, valueInt, uint64(v.Int()))
	case value.Double:
		b = protowire.AppendTag(nil, valueDouble, protowire.Fixed64Type)
		if v.IsNaN() {
			return 0, protowire.AppendFixed64(b, 0x7ff8<<48) // the same for all, as in the official emulator
		}
		return 0, protowire.AppendFixed64(b, math.Float64bits(v.Double()))
	case value.Timestamp:
		return meaningTime, appendVarint(nil, valueInt, uint64(v.Time()))
	case value.String:
		return 0, appendString(nil, valueString, v.Text())
	case value.Bytes:
		return meaningBlob, appendString(nil, valueString, v.Text())
	case value.Reference:
		return 0, appendReference(nil, v.Text())
	case value.GeoPoint:
		latitude, longitude := v.GeoPoint()
		b = protowire.AppendTag(nil, valuePoint, protowire.StartGroupType)
		b = protowire.AppendFixed64(protowire.AppendTag(b, pointX, protowire.Fixed64Type), math.Float64bits(latitude))
		b = protowire.AppendFixed64(protowire.AppendTag(b, pointY, protowire.Fixed64Type), math.Float64bits(longitude))
		return meaningPoint, protowire.AppendTag(b, valuePoint, protowire.EndGroupType)
	case value.Map:
		return meaningEntity, appendBytes(nil, valueString, encodeMap(v))
	}
	return 0, nil // null
}

// encodeMap returns a map, or a vector, as an EntityProto with an empty key.
func encodeMap(v value.Value) []byte {
	b := appendBytes(nil, entityKey, appendBytes(appendString(nil, keyApp, ""), keyPath, nil))
	if elements, ok := v.Vector(); ok {
		for _, e := range elements {
			b = appendValue(b, vectorName, true, e)
		}
	} else {
		b = appendProperties(b, v.Map())
	}
	return appendBytes(b, entityGroup, nil)
}

// appendReference appends the full name of a document, projects/p/databases/d/documents/….
func appendReference(b []byte, name string) []byte {
	parts := strings.Split(name, "/")
	b = protowire.AppendTag(b, valueReference, protowire.StartGroupType)
	b = appendString(b, keyApp, appPrefix+parts[1])
	for ids := parts[5:]; len(ids) > 1; ids = ids[2:] {
		b = appendElement(b, ids[0], ids[1], referenceElement)
	}
	if parts[3] != defaultDatabase {
		b = appendString(b, keyDatabase, parts[3])
	}
	return protowire.AppendTag(b, valueReference, protowire.EndGroupType)
}

func appendString(b []byte, number protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, number, protowire.BytesType), s)
}

func appendBytes(b []byte, number protowire.Number, data []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, number, protowire.BytesType), data)
}

func appendVarint(b []byte, number protowire.Number, x uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), x)
}
