package value

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Fixtures write values as JSON that people can read and edit: null, booleans, strings, arrays and objects are
// themselves; a number without point and exponent is an integer, any other a double. What JSON lacks is an object with
// one key:
//
//	{"$time": "2026-03-02T09:00:00Z"}   a timestamp
//	{"$ref": "users/u1"}                a reference to a document of the same database
//	{"$bytes": "aGVsbG8="}              bytes, in base64
//	{"$geo": [37.58, 127.02]}           a point: latitude, longitude
//	{"$double": "NaN"}                  a double that JSON cannot write: NaN, Infinity, -Infinity, -0
//	{"$map": {"$time": 1}}              a map whose only key begins with a dollar
const (
	jsonTime   = "$time"
	jsonRef    = "$ref"
	jsonBytes  = "$bytes"
	jsonGeo    = "$geo"
	jsonDouble = "$double"
	jsonMap    = "$map"
)

// AppendJSON appends the fixture form of fields. root is {database}/documents.
func (f *Fields) AppendJSON(b []byte, root string) []byte {
	b = append(b, '{')
	for i, e := range f.All() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendJSONText(b, e.Name), ':')
		b = e.Value.appendJSON(b, root)
	}
	return append(b, '}')
}

func appendJSONText(b []byte, s string) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string is always encoded
	return append(b, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
}

func (v Value) appendJSON(b []byte, root string) []byte {
	special := func(key string, s string) []byte {
		b = append(b, `{"`+key+`":`...)
		return append(appendJSONText(b, s), '}')
	}
	switch v.kind {
	case Bool:
		return strconv.AppendBool(b, v.Bool())
	case Int:
		return strconv.AppendInt(b, v.Int(), 10)
	case Double:
		f := v.Double()
		switch {
		case math.IsNaN(f):
			return special(jsonDouble, "NaN")
		case math.IsInf(f, 1):
			return special(jsonDouble, "Infinity")
		case math.IsInf(f, -1):
			return special(jsonDouble, "-Infinity")
		case f == 0 && math.Signbit(f):
			return special(jsonDouble, "-0")
		}
		n := len(b)
		b = strconv.AppendFloat(b, f, 'g', -1, 64)
		if !bytes.ContainsAny(b[n:], ".e") {
			b = append(b, ".0"...)
		}
		return b
	case Timestamp:
		return special(jsonTime, v.Time().Time().Format(time.RFC3339Nano))
	case String:
		return appendJSONText(b, v.str)
	case Bytes:
		return special(jsonBytes, base64.StdEncoding.EncodeToString([]byte(v.str)))
	case Reference:
		return special(jsonRef, strings.TrimPrefix(v.str, root+"/"))
	case GeoPoint:
		lat, lng := v.GeoPoint()
		b = append(b, `{"`+jsonGeo+`":[`...)
		b = append(strconv.AppendFloat(b, lat, 'g', -1, 64), ',')
		return append(strconv.AppendFloat(b, lng, 'g', -1, 64), "]}"...)
	case Array:
		b = append(b, '[')
		for i, e := range v.Array() {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.appendJSON(b, root)
		}
		return append(b, ']')
	case Map:
		f := v.Map()
		if f.Len() == 1 && strings.HasPrefix(f.All()[0].Name, "$") {
			b = append(b, `{"`+jsonMap+`":`...)
			return append(f.AppendJSON(b, root), '}')
		}
		return f.AppendJSON(b, root)
	}
	return append(b, "null"...)
}

// OfGo converts a Go value: nil, bool, any integer, float, string, []byte, time.Time, json.Number, a Value, slices
// of any and maps of string to any. Objects of the fixture form that stand for other types become those.
func OfGo(x any, root string) (Value, error) {
	switch x := x.(type) {
	case nil:
		return NullValue, nil
	case Value:
		return x, nil
	case bool:
		return OfBool(x), nil
	case int:
		return OfInt(int64(x)), nil
	case int32:
		return OfInt(int64(x)), nil
	case int64:
		return OfInt(x), nil
	case float32:
		return OfDouble(float64(x)), nil
	case float64:
		return OfDouble(x), nil
	case string:
		return OfString(x), nil
	case []byte:
		return OfBytes(string(x)), nil
	case time.Time:
		return OfTime(MicrosOf(x)), nil
	case json.Number:
		return ofNumber(string(x))
	case []any:
		return ofSlice(x, root)
	case []string:
		vs := make([]Value, len(x))
		for i, s := range x {
			vs[i] = OfString(s)
		}
		return OfArray(vs), nil
	case map[string]any:
		if len(x) == 1 {
			for k, arg := range x {
				if strings.HasPrefix(k, "$") {
					return ofSpecial(k, arg, root)
				}
			}
		}
		f, err := FieldsOfGo(x, root)
		return OfMap(f), err
	}
	return Value{}, fmt.Errorf("a %T is not a value of Firestore", x)
}

// FieldsOfGo converts the fields of a document; see [OfGo].
func FieldsOfGo(m map[string]any, root string) (*Fields, error) {
	list := make([]Field, 0, len(m))
	for k, x := range m {
		v, err := OfGo(x, root)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k, err)
		}
		list = append(list, Field{k, v})
	}
	return NewFields(list), nil
}

func ofSlice(list []any, root string) (Value, error) {
	vs := make([]Value, len(list))
	for i, x := range list {
		var err error
		if vs[i], err = OfGo(x, root); err != nil {
			return Value{}, fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return OfArray(vs), nil
}

func ofNumber(s string) (Value, error) {
	if !strings.ContainsAny(s, ".eE") {
		i, err := strconv.ParseInt(s, 10, 64)
		return OfInt(i), err
	}
	f, err := strconv.ParseFloat(s, 64)
	return OfDouble(f), err
}

func ofSpecial(key string, arg any, root string) (Value, error) {
	s, isText := arg.(string)
	switch key {
	case jsonMap:
		m, ok := arg.(map[string]any)
		if !ok {
			break
		}
		f, err := FieldsOfGo(m, root)
		return OfMap(f), err
	case jsonTime:
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return OfTime(MicrosOf(t)), nil
		}
	case jsonBytes:
		if b, err := base64.StdEncoding.DecodeString(s); err == nil && isText {
			return OfBytes(string(b)), nil
		}
	case jsonRef:
		if isText && s != "" {
			if !strings.HasPrefix(s, "projects/") {
				s = root + "/" + s
			}
			return OfReference(s), nil
		}
	case jsonDouble:
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return OfDouble(f), nil
		}
	case jsonGeo:
		if list, ok := arg.([]any); ok && len(list) == 2 {
			lat, err1 := OfGo(list[0], root)
			lng, err2 := OfGo(list[1], root)
			x, ok1 := lat.Number()
			y, ok2 := lng.Number()
			if err1 == nil && err2 == nil && ok1 && ok2 && math.Abs(x) <= 90 && math.Abs(y) <= 180 {
				return OfGeoPoint(x, y), nil
			}
		}
	default:
		return Value{}, fmt.Errorf("%s is no known kind of value; a map with such a key is written {%q: {%q: …}}", key, jsonMap, key)
	}
	return Value{}, fmt.Errorf("%v is not right for %s", arg, key)
}

// Go converts v for people who look at documents: the reverse of [OfGo], but that references are their full names as
// strings and points are maps with latitude and longitude.
func (v Value) Go() any {
	switch v.kind {
	case Bool:
		return v.Bool()
	case Int:
		return v.Int()
	case Double:
		return v.Double()
	case Timestamp:
		return v.Time().Time()
	case String, Reference:
		return v.str
	case Bytes:
		return []byte(v.str)
	case GeoPoint:
		lat, lng := v.GeoPoint()
		return map[string]any{"latitude": lat, "longitude": lng}
	case Array:
		out := make([]any, len(v.Array()))
		for i, e := range v.Array() {
			out[i] = e.Go()
		}
		return out
	case Map:
		return v.Map().Go()
	}
	return nil
}

// Go converts fields; see [Value.Go].
func (f *Fields) Go() map[string]any {
	out := make(map[string]any, f.Len())
	for _, e := range f.All() {
		out[e.Name] = e.Value.Go()
	}
	return out
}
