package value

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// Fixtures hold values as JSON that people can read and edit. Null, booleans, strings, arrays and
// maps are written as such. A number without a point and an exponent is an integer, any other
// number a double. Values that JSON cannot represent are objects with a single key:
//
//	{"$time": "2026-03-02T09:00:00Z"}   a timestamp
//	{"$ref": "users/u1"}                a reference to a document of the same database
//	{"$bytes": "aGVsbG8="}              bytes, in base64
//	{"$geo": [37.58, 127.02]}           a point: latitude, longitude
//	{"$double": "NaN"}                  a double that JSON lacks: NaN, Infinity, -Infinity, -0
//	{"$map": {"$time": 1}}              a map whose only key begins with a dollar sign
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
	_ = enc.Encode(s) // cannot fail for a string
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
