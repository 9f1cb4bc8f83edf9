package schema

import (
	"math"
	"reflect"
	"strings"
	"time"

	"cloud.google.com/go/firestore"
)

// column is a struct field that Firestore stores.
type column struct {
	name      string
	index     []int
	omitEmpty bool
	stamp     bool // Firestore sets it to the time of the write
}

// columns lists the stored fields of a struct in their order, those of embedded structs included.
func columns(t reflect.Type) []column {
	var list []column
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("firestore"), ",")
		if f.Anonymous || !f.IsExported() || name == "" || name == "-" {
			continue
		}
		list = append(list, column{name, f.Index, strings.Contains(options, "omitempty"), strings.Contains(options, "serverTimestamp")})
	}
	return list
}

// fieldsOf converts a struct to the map that Firestore's client writes. Unlike the client's own encoding
// of structs it can be merged, and it writes a nil slice as an empty list: clients in the field expect
// a list.
func fieldsOf(document any) map[string]any {
	v := reflect.ValueOf(document)
	fields := map[string]any{}
	for _, c := range columns(v.Type()) {
		value := v.FieldByIndex(c.index)
		switch {
		case c.stamp && value.IsZero():
			fields[c.name] = firestore.ServerTimestamp
		case c.omitEmpty && value.IsZero():
		default:
			fields[c.name] = encode(value)
		}
	}
	return fields
}

func encode(v reflect.Value) any {
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = encode(v.Index(i))
		}
		return list
	case reflect.Struct:
		if v.Type() != reflect.TypeFor[time.Time]() {
			return fieldsOf(v.Interface())
		}
	}
	return v.Interface()
}

// fill sets the fields of a struct from a document and reports whether the document had all of them.
// Rules check only the first entries of lists, and clients of many versions wrote these documents: a
// value of another type is skipped as if it were absent, so that no document makes a reader fail.
func fill(fields map[string]any, document any) (complete bool) {
	v := reflect.ValueOf(document).Elem()
	complete = true
	for _, c := range columns(v.Type()) {
		if !decode(fields[c.name], v.FieldByIndex(c.index)) {
			complete = false
		}
	}
	return complete
}

func decode(value any, into reflect.Value) bool {
	switch into.Kind() {
	case reflect.String:
		text, ok := value.(string)
		into.SetString(text)
		return ok
	case reflect.Int, reflect.Int64:
		n, ok := number(value)
		into.SetInt(int64(n))
		return ok
	case reflect.Float64:
		n, ok := number(value)
		into.SetFloat(n)
		return ok
	case reflect.Slice:
		return decodeList(value, into)
	case reflect.Struct:
		if fields, ok := value.(map[string]any); ok {
			return fill(fields, into.Addr().Interface())
		}
	}
	if value != nil && reflect.TypeOf(value).AssignableTo(into.Type()) {
		into.Set(reflect.ValueOf(value))
		return true
	}
	return false
}

// decodeList keeps the entries of a list that have its type. Entries that are maps may lack fields.
func decodeList(value any, into reflect.Value) bool {
	entries, ok := value.([]any)
	into.Set(reflect.MakeSlice(into.Type(), 0, len(entries)))
	for _, entry := range entries {
		e := reflect.New(into.Type().Elem()).Elem()
		_, isMap := entry.(map[string]any)
		if decode(entry, e) || isMap && e.Kind() == reflect.Struct {
			into.Set(reflect.Append(into, e))
		}
	}
	return ok
}

// number accepts both kinds of numbers, because JavaScript does not distinguish them, and those of encode, which are
// not read from Firestore. Infinities and NaN, which JSON cannot express, are not numbers.
func number(value any) (float64, bool) {
	switch n := value.(type) {
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case float64:
		if !math.IsNaN(n) && !math.IsInf(n, 0) {
			return n, true
		}
	}
	return 0, false
}
