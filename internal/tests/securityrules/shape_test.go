package securityrules

import (
	"strings"
	"unicode/utf8"

	"heek.kr/heektime/internal/schema"
)

// This file makes values of fields from the schema, so that a new field is tested without an edit here.

// sampleOf returns a value that a field may have.
func sampleOf(f schema.Field) any {
	switch f.Type {
	case schema.Text:
		if len(f.OneOf) > 0 {
			return f.OneOf[0]
		}
		return strings.Repeat("s", max(1, f.Min))
	case schema.Number, schema.Integer:
		return f.Min
	case schema.Bool:
		return true
	case schema.Timestamp:
		return earlier
	case schema.Reference:
		return reference(semester1)
	case schema.List:
		if f.Name == "times" { // entries must end after they begin
			return []any{meeting(1)}
		}
		return []any{sampleOf(*f.Entry)}
	}
	m := fields{}
	for _, inner := range f.Fields {
		m[inner.Name] = sampleOf(inner)
	}
	return m
}

// largest returns the largest value that a field may have.
func largest(f schema.Field) any {
	switch {
	case f.Name == "times":
		return repeat(latest(), f.Max)
	case f.Type == schema.Text && len(f.OneOf) == 0:
		return strings.Repeat("호", f.Max)
	case f.Type == schema.Number, f.Type == schema.Integer:
		return f.Max
	case f.Type == schema.List:
		return repeat(largest(*f.Entry), f.Max)
	case f.Type == schema.Map:
		m := fields{}
		for _, inner := range f.Fields {
			m[inner.Name] = largest(inner)
		}
		return m
	}
	return sampleOf(f)
}

// smallest returns the smallest value that a field may have.
func smallest(f schema.Field) any {
	switch f.Type {
	case schema.Text:
		if len(f.OneOf) == 0 {
			return strings.Repeat("s", f.Min)
		}
	case schema.List:
		return []any{}
	}
	return sampleOf(f)
}

// outside returns values just outside a field's bounds, keyed by what is wrong with them.
func outside(f schema.Field) map[string]any {
	values := map[string]any{}
	switch f.Type {
	case schema.Text:
		if f.Max > 0 {
			values["one character too long"] = strings.Repeat("호", f.Max+1)
		}
		if f.Min > 0 {
			values["one character too short"] = strings.Repeat("호", f.Min-1)
		}
	case schema.Number, schema.Integer:
		values["one too small"], values["one too large"] = f.Min-1, f.Max+1
		if f.Type == schema.Number {
			values["slightly too small"], values["slightly too large"] = float64(f.Min)-0.5, float64(f.Max)+0.5
		}
	case schema.List:
		values["one entry too long"] = repeat(sampleOf(f).([]any)[0], f.Max+1)
	}
	return values
}

// fits reports whether a field may have a value of [samples].
func fits(f schema.Field, value any) bool {
	switch f.Type {
	case schema.Text:
		text, ok := value.(string)
		length := utf8.RuneCountInString(text)
		// A changed username would need another index document, and a uid must be the user's own.
		isFree := len(f.OneOf) == 0 && f.Name != schema.FieldUsername && f.Name != schema.FieldValue
		return ok && isFree && length >= f.Min && length <= f.Max
	case schema.Bool:
		_, ok := value.(bool)
		return ok
	case schema.Number:
		n, ok := value.(float64)
		if whole, is := value.(int); is {
			n, ok = float64(whole), true
		}
		return ok && n >= float64(f.Min) && n <= float64(f.Max)
	case schema.Integer:
		n, ok := value.(int)
		return ok && n >= f.Min && (f.Max == 0 || n <= f.Max)
	case schema.List:
		list, ok := value.([]any)
		if !ok {
			return false
		}
		for _, entry := range list {
			if !fits(*f.Entry, entry) {
				return false
			}
		}
		return true
	}
	return false
}

// lectureFields returns the fields of a lecture that its owner chooses.
func lectureFields() []schema.Field {
	var list []schema.Field
	for _, f := range schema.LectureDocument.OwnerFields() {
		if f.Type != schema.Timestamp {
			list = append(list, f)
		}
	}
	return list
}

// lectureOf returns a new lecture whose field values come from make.
func lectureOf(make func(schema.Field) any) fields {
	l := fields{}
	for _, f := range lectureFields() {
		l[f.Name] = make(f)
	}
	return stamped(l)
}
