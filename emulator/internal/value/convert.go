package value

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// OfGo converts a Go value: nil, bool, int, int32, int64, float32, float64, string, []byte,
// time.Time, json.Number, Value, []any, []string or map[string]any. A map that is one of the
// special objects of fixtures, such as {"$time": …}, becomes the value it represents.
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
	return Value{}, fmt.Errorf("cannot store a %T in Firestore", x)
}

// FieldsOfGo converts a document's fields; see [OfGo].
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
		return Value{}, fmt.Errorf("%s is not a known kind of value; write a map with that key as {%q: {%q: …}}", key, jsonMap, key)
	}
	return Value{}, fmt.Errorf("invalid value %v for %s", arg, key)
}

// Go converts v to a Go value for inspection. It is the reverse of [OfGo], except that a reference
// becomes a string with its full name, and a point a map with latitude and longitude.
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
