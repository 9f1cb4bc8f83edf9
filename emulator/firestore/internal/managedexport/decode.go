package managedexport

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/genproto/googleapis/type/latlng"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Document is a document of an export.
type Document struct {
	Database string // its ID
	Path     string // relative to the root: users/u1
	Fields   map[string]*pb.Value
}

// errFormat says that bytes are not an EntityProto.
var errFormat = errors.New("an entity is malformed")

// field is one field of a message: x for numbers, data for everything else.
type field struct {
	number protowire.Number
	x      uint64
	data   []byte
}

// eachField calls f with every field of a message.
func eachField(b []byte, f func(field) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errFormat
		}
		b = b[n:]
		at := field{number: number}
		switch kind {
		case protowire.VarintType:
			at.x, n = protowire.ConsumeVarint(b)
		case protowire.Fixed64Type:
			at.x, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			at.data, n = protowire.ConsumeBytes(b)
		case protowire.StartGroupType:
			at.data, n = protowire.ConsumeGroup(number, b)
		default:
			n = protowire.ConsumeFieldValue(number, kind, b)
		}
		if n < 0 {
			return errFormat
		}
		if err := f(at); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// decodeEntity decodes a document. References in indexed properties are those of production, to documents of the
// exported project: they lead into the project that imports them.
func decodeEntity(b []byte, project string) (Document, error) {
	d := Document{Database: defaultDatabase}
	var key []byte
	err := eachField(b, func(f field) error {
		if f.number == entityKey {
			key = f.data
		}
		return nil
	})
	if err != nil {
		return d, err
	}
	var path []string
	err = eachField(key, func(f field) (err error) {
		switch f.number {
		case keyDatabase:
			d.Database = string(f.data)
		case keyPath:
			err = eachField(f.data, func(f field) error {
				if f.number != pathElement.group {
					return nil
				}
				path, err = decodeElement(path, f.data, pathElement)
				return err
			})
		}
		return err
	})
	if err == nil && len(path) == 0 {
		err = errFormat
	}
	if err != nil {
		return d, err
	}
	d.Path = strings.Join(path, "/")
	d.Fields, err = decodeProperties(b, project, 0)
	if err != nil {
		err = fmt.Errorf("%s: %w", d.Path, err)
	}
	return d, err
}

// decodeElement appends the collection and the document of a path element.
func decodeElement(path []string, b []byte, numbers elementNumbers) ([]string, error) {
	var collection, id string
	err := eachField(b, func(f field) error {
		switch f.number {
		case numbers.kind:
			collection = string(f.data)
		case numbers.id:
			id = "__id" + strconv.FormatInt(int64(f.x), 10) + "__"
		case numbers.name:
			id = string(f.data)
		}
		return nil
	})
	if err == nil && (collection == "" || id == "") {
		err = errFormat
	}
	return append(path, collection, id), err
}

// maxDepth bounds how deep entities are nested. Firestore checks its own, lower limit.
const maxDepth = 100

// property is a decoded property.
type property struct {
	name     string
	meaning  uint64
	multiple bool
	indexed  bool
	value    []byte
}

// decodeProperties decodes the fields of a document or a map.
func decodeProperties(b []byte, project string, depth int) (map[string]*pb.Value, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("maps are nested more than %d deep", maxDepth)
	}
	fields := map[string]*pb.Value{}
	return fields, eachField(b, func(f field) error {
		if f.number != entityProperty && f.number != entityRawProperty {
			return nil
		}
		p := property{indexed: depth == 0 && f.number == entityProperty}
		if err := p.decode(f.data); err != nil {
			return err
		}
		if p.meaning == meaningEmptyList {
			fields[p.name] = &pb.Value{ValueType: &pb.Value_ArrayValue{ArrayValue: &pb.ArrayValue{}}}
			return nil
		}
		v, err := p.decodeValue(project, depth)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		if !p.multiple {
			fields[p.name] = v
			return nil
		}
		list := fields[p.name].GetArrayValue()
		if list == nil {
			list = &pb.ArrayValue{}
			fields[p.name] = &pb.Value{ValueType: &pb.Value_ArrayValue{ArrayValue: list}}
		}
		list.Values = append(list.Values, v)
		return nil
	})
}

func (p *property) decode(b []byte) error {
	return eachField(b, func(f field) error {
		switch f.number {
		case propertyMeaning:
			p.meaning = f.x
		case propertyName:
			p.name = string(f.data)
		case propertyMultiple:
			p.multiple = f.x != 0
		case propertyValue:
			p.value = f.data
		}
		return nil
	})
}

// decodeValue decodes the value, which is null without any field.
func (p *property) decodeValue(project string, depth int) (*pb.Value, error) {
	v := &pb.Value{ValueType: &pb.Value_NullValue{}}
	return v, eachField(p.value, func(f field) (err error) {
		switch f.number {
		case valueInt:
			v.ValueType = &pb.Value_IntegerValue{IntegerValue: int64(f.x)}
			if p.meaning == meaningTime {
				v.ValueType = &pb.Value_TimestampValue{TimestampValue: timestamppb.New(time.UnixMicro(int64(f.x)))}
			}
		case valueBool:
			v.ValueType = &pb.Value_BooleanValue{BooleanValue: f.x != 0}
		case valueDouble:
			v.ValueType = &pb.Value_DoubleValue{DoubleValue: math.Float64frombits(f.x)}
		case valueString:
			err = p.decodeText(v, f.data, project, depth)
		case valuePoint:
			point := &latlng.LatLng{}
			v.ValueType = &pb.Value_GeoPointValue{GeoPointValue: point}
			err = eachField(f.data, func(f field) error {
				switch f.number {
				case pointX:
					point.Latitude = math.Float64frombits(f.x)
				case pointY:
					point.Longitude = math.Float64frombits(f.x)
				}
				return nil
			})
		case valueReference:
			var name string
			name, err = decodeReference(f.data, project, p.indexed)
			v.ValueType = &pb.Value_ReferenceValue{ReferenceValue: name}
		default:
			err = fmt.Errorf("a value of a kind that Firestore does not have (%d)", f.number)
		}
		return err
	})
}

// decodeText decodes a value of bytes, which may stand for a text, bytes, a map or a vector.
func (p *property) decodeText(v *pb.Value, data []byte, project string, depth int) error {
	switch p.meaning {
	case 0, meaningText:
		v.ValueType = &pb.Value_StringValue{StringValue: string(data)}
	case meaningBlob, meaningByteString:
		v.ValueType = &pb.Value_BytesValue{BytesValue: data}
	case meaningEntity:
		fields, err := decodeProperties(data, project, depth+1)
		if err != nil {
			return err
		}
		if elements := fields[vectorName].GetArrayValue(); elements != nil && len(fields) == 1 {
			fields = map[string]*pb.Value{
				"__type__": {ValueType: &pb.Value_StringValue{StringValue: vectorName}},
				"value":    fields[vectorName],
			}
		}
		v.ValueType = &pb.Value_MapValue{MapValue: &pb.MapValue{Fields: fields}}
	default:
		return fmt.Errorf("a text of a kind that Firestore does not have (%d)", p.meaning)
	}
	return nil
}

// decodeReference returns the full name of a document. project replaces its project if it is of the export's.
func decodeReference(b []byte, project string, own bool) (string, error) {
	database := defaultDatabase
	var app string
	var path []string
	err := eachField(b, func(f field) (err error) {
		switch f.number {
		case keyApp:
			app = string(f.data)
		case keyDatabase:
			database = string(f.data)
		case referenceElement.group:
			path, err = decodeElement(path, f.data, referenceElement)
		}
		return err
	})
	if _, id, ok := strings.Cut(app, "~"); ok {
		app = id
	}
	if own {
		app = project
	}
	return "projects/" + app + "/databases/" + database + "/documents/" + strings.Join(path, "/"), err
}
