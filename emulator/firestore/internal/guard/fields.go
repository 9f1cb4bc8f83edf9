package guard

import (
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/value"
	"heek.kr/heektime/emulator/rules"
)

// fields presents the fields of a document or map to rules. It converts a value when rules read it.
type fields value.Fields

// fieldsOf returns the fields of a document, nil when it does not exist.
func fieldsOf(d *store.Document) rules.Fields {
	if !d.Exists() {
		return nil
	}
	return (*fields)(d.Fields)
}

func (f *fields) Len() int { return (*value.Fields)(f).Len() }

func (f *fields) Get(name string) (rules.Value, bool) {
	v := (*value.Fields)(f).Get(name)
	return valueOf(v), v.Exists()
}

func (f *fields) Names(yield func(string) bool) {
	for _, e := range (*value.Fields)(f).All() {
		if !yield(e.Name) {
			return
		}
	}
}

// elements presents an array to rules.
type elements []value.Value

func (e elements) Len() int             { return len(e) }
func (e elements) At(i int) rules.Value { return valueOf(e[i]) }

// valueOf converts a value for rules.
func valueOf(v value.Value) rules.Value {
	switch v.Kind() {
	case value.Bool:
		return rules.BoolValue(v.Bool())
	case value.Int:
		return rules.IntValue(v.Int())
	case value.Double:
		return rules.FloatValue(v.Double())
	case value.Timestamp:
		return rules.TimeValue(v.Time().Time())
	case value.String:
		return rules.StringValue(v.Text())
	case value.Bytes:
		return rules.BytesValue(v.Text())
	case value.Reference:
		return rules.PathValue(rules.ReferencePath(v.Text()))
	case value.GeoPoint:
		return rules.LatLngValue(v.GeoPoint())
	case value.Array:
		return rules.ListValue(elements(v.Array()))
	case value.Map:
		return rules.MapValue((*fields)(v.Map()))
	}
	return rules.Value{}
}
