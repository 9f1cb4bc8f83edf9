package main

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"

	"heek.kr/heektime/emulator/rules"
)

// expression is a value of a variable of the rules, as the official Storage emulator sends it. One field is set, none
// for null.
type expression struct {
	String *string      `json:"string_value"`
	Bool   *bool        `json:"bool_value"`
	Int    *json.Number `json:"int_value"`
	Float  *float64     `json:"float_value"`
	Time   *string      `json:"timestamp_value"`
	List   *struct {
		Values []expression `json:"values"`
	} `json:"list_value"`
	Set *struct {
		Values []expression `json:"values"`
	} `json:"set_value"`
	Map *struct {
		Fields map[string]expression `json:"fields"`
	} `json:"map_value"`
}

func (e expression) value() rules.Value {
	switch {
	case e.String != nil:
		return rules.StringValue(*e.String)
	case e.Bool != nil:
		return rules.BoolValue(*e.Bool)
	case e.Int != nil:
		if i, err := e.Int.Int64(); err == nil {
			return rules.IntValue(i)
		}
		f, _ := e.Int.Float64()
		return rules.FloatValue(f)
	case e.Float != nil:
		return rules.FloatValue(*e.Float)
	case e.Time != nil:
		return rules.TimeValue(parseTime(*e.Time))
	case e.List != nil:
		return listOf(e.List.Values)
	case e.Set != nil:
		return listOf(e.Set.Values)
	case e.Map != nil:
		return rules.MapValue(e.fields())
	}
	return rules.Value{}
}

func listOf(values []expression) rules.Value {
	list := make([]rules.Value, len(values))
	for i, v := range values {
		list[i] = v.value()
	}
	return rules.ListOf(list...)
}

// fields returns the fields of a map, nil for anything else.
func (e expression) fields() rules.Fields {
	if e.Map == nil {
		return nil
	}
	fields := exprFields{}
	for name, v := range e.Map.Fields {
		fields[name] = v.value()
	}
	return fields
}

func (e expression) text() string {
	if e.String == nil {
		return ""
	}
	return *e.String
}

func (e expression) time() time.Time {
	if e.Time == nil {
		return time.Now()
	}
	return parseTime(*e.Time)
}

// exprFields are [rules.Fields].
type exprFields map[string]rules.Value

func (f exprFields) Len() int { return len(f) }

func (f exprFields) Get(name string) (rules.Value, bool) {
	v, ok := f[name]
	return v, ok
}

func (f exprFields) Names(yield func(string) bool) {
	for name := range f {
		if !yield(name) {
			return
		}
	}
}

// firestoreDocument is a document in the JSON of Firestore's REST API.
type firestoreDocument struct {
	Fields map[string]firestoreValue `json:"fields"`
}

func (d firestoreDocument) fields() rules.Fields { return firestoreFields(d.Fields) }

func firestoreFields(in map[string]firestoreValue) exprFields {
	fields := exprFields{}
	for name, v := range in {
		fields[name] = v.value()
	}
	return fields
}

// firestoreValue is a value of a document. One field is set, none for null.
type firestoreValue struct {
	String    *string                                     `json:"stringValue"`
	Bool      *bool                                       `json:"booleanValue"`
	Int       *string                                     `json:"integerValue"`
	Double    *json.RawMessage                            `json:"doubleValue"`
	Time      *string                                     `json:"timestampValue"`
	Bytes     *string                                     `json:"bytesValue"`
	Reference *string                                     `json:"referenceValue"`
	Geo       *struct{ Latitude, Longitude float64 }      `json:"geoPointValue"`
	Array     *struct{ Values []firestoreValue }          `json:"arrayValue"`
	Map       *struct{ Fields map[string]firestoreValue } `json:"mapValue"`
}

func (v firestoreValue) value() rules.Value {
	switch {
	case v.String != nil:
		return rules.StringValue(*v.String)
	case v.Bool != nil:
		return rules.BoolValue(*v.Bool)
	case v.Int != nil:
		i, _ := strconv.ParseInt(*v.Int, 10, 64)
		return rules.IntValue(i)
	case v.Double != nil:
		var text string
		if json.Unmarshal(*v.Double, &text) != nil { // "NaN" and "Infinity" are texts
			text = string(*v.Double)
		}
		f, _ := strconv.ParseFloat(text, 64)
		return rules.FloatValue(f)
	case v.Time != nil:
		return rules.TimeValue(parseTime(*v.Time))
	case v.Bytes != nil:
		b, _ := base64.StdEncoding.DecodeString(*v.Bytes)
		return rules.BytesValue(string(b))
	case v.Reference != nil:
		return rules.PathValue(rules.ReferencePath(*v.Reference))
	case v.Geo != nil:
		return rules.LatLngValue(v.Geo.Latitude, v.Geo.Longitude)
	case v.Array != nil:
		list := make([]rules.Value, len(v.Array.Values))
		for i, e := range v.Array.Values {
			list[i] = e.value()
		}
		return rules.ListOf(list...)
	case v.Map != nil:
		return rules.MapValue(firestoreFields(v.Map.Fields))
	}
	return rules.Value{}
}
