package messaging

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Duration is a google.protobuf.Duration: a string such as "3.5s" in JSON.
type Duration time.Duration

// MarshalJSON implements [json.Marshaler].
func (d Duration) MarshalJSON() ([]byte, error) {
	return json.Marshal(strconv.FormatFloat(time.Duration(d).Seconds(), 'f', -1, 64) + "s")
}

// UnmarshalJSON implements [json.Unmarshaler].
func (d *Duration) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	parsed, problem := parseDuration(s)
	if problem != "" {
		return errors.New(problem)
	}
	*d = Duration(parsed)
	return nil
}

// Timestamp is a google.protobuf.Timestamp, "" when there is none.
type Timestamp string

// decodeJSON decodes a request's body as Google's front end does: the value is a struct whose tags are the
// fields' names, which clients may also write in camel case. Unknown names and wrong types are errors, all of
// which the response lists.
//
// Source: https://protobuf.dev/programming-guides/json, and for the texts
// https://firebase.google.com/docs/cloud-messaging/error-codes and the wire traffic of other Google APIs.
func decodeJSON(body []byte, into any) error {
	o, err := parseObject(body)
	if err != nil {
		return err
	}
	var d decoder
	d.message("", o, reflect.ValueOf(into).Elem())
	if len(d.violations) > 0 {
		return malformed(d.violations...)
	}
	return nil
}

// maxViolations bounds an error's length.
const maxViolations = 20

type decoder struct{ violations []violation }

func (d *decoder) fail(field, format string, args ...any) {
	if len(d.violations) < maxViolations {
		d.violations = append(d.violations, violation{field, fmt.Sprintf(format, args...)})
	}
}

// invalid reports a value of the wrong type.
func (d *decoder) invalid(at, typeName string, value any) {
	d.fail(at, "Invalid value at '%s' (%s), %s", at, typeName, text(value))
}

// unknown reports a name at which the value cannot be.
func (d *decoder) unknown(at, name, why string) {
	where := ""
	if at != "" {
		where = " at '" + at + "'"
	}
	d.fail(at, "Invalid JSON payload received. Unknown name \"%s\"%s: %s", name, where, why)
}

// text returns a value as the request has it.
func text(value any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(plain(value)); err != nil {
		return fmt.Sprint(value)
	}
	s := strings.TrimSuffix(b.String(), "\n")
	if n, ok := value.(json.Number); ok {
		s = n.String()
	}
	return s[:min(len(s), 100)]
}

// path returns the path of a field.
func path(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

// message decodes an object into a struct. Where a field is repeated, the last one counts.
//
// Source: the discovery document of version v1, method projects.messages.send.
func (d *decoder) message(at string, o object, into reflect.Value) {
	fields := fieldsOf(into.Type())
	for _, m := range o {
		f, ok := fields[m.name]
		if !ok {
			d.unknown(at, m.name, "Cannot find field.")
			continue
		}
		if m.value == nil { // the field's default
			into.FieldByIndex(f.index).SetZero()
			continue
		}
		d.field(at, m, f.name, into.FieldByIndex(f.index))
	}
}

// field decodes a member that is not null. name is the field's name in snake case.
func (d *decoder) field(at string, m member, name string, into reflect.Value) {
	list, isList := m.value.([]any)
	switch {
	case into.Kind() == reflect.Slice && !isList:
		list, isList = []any{m.value}, true // one value stands for a list of one
		fallthrough
	case into.Kind() == reflect.Slice:
		into.SetZero()
		for i, value := range list {
			element := reflect.New(into.Type().Elem()).Elem()
			d.value(fmt.Sprintf("%s[%d]", path(at, name), i), value, element)
			into.Set(reflect.Append(into, element))
		}
	case isList:
		d.unknown(at, m.name, "Proto field is not repeating, cannot start list.")
	default:
		d.value(path(at, name), m.value, into)
	}
}

// value decodes a value that is not a list.
func (d *decoder) value(at string, value any, into reflect.Value) {
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		into = into.Elem()
	}
	if o, ok := value.(object); ok && (into.Kind() == reflect.Map || into.Kind() == reflect.Struct) {
		d.object(at, o, into)
		return
	}
	switch target := into.Addr().Interface().(type) {
	case enum:
		d.enum(at, value, target, into)
		return
	case *Duration:
		d.duration(at, value, target)
		return
	case *Timestamp:
		s, _ := value.(string)
		if _, err := time.Parse(time.RFC3339Nano, s); err != nil {
			d.fail(at, "Invalid value at '%s' (type.googleapis.com/google.protobuf.Timestamp), Field '%s', Invalid time format: %s", at, last(at), s)
		}
		*target = Timestamp(s)
		return
	}
	d.scalar(at, value, into)
}

// object decodes an object into a map or a struct.
func (d *decoder) object(at string, o object, into reflect.Value) {
	if into.Kind() == reflect.Struct {
		d.message(at, o, into)
		return
	}
	into.Set(reflect.MakeMap(into.Type()))
	for i, m := range o {
		element := reflect.New(into.Type().Elem()).Elem()
		if element.Kind() == reflect.Interface {
			if m.value != nil {
				element.Set(reflect.ValueOf(plain(m.value)))
			}
		} else {
			d.value(fmt.Sprintf("%s[%d].value", at, i), m.value, element)
		}
		into.SetMapIndex(reflect.ValueOf(m.name), element)
	}
}

// typeNames are the names of types in Google's errors.
var typeNames = map[reflect.Kind]string{
	reflect.String: "TYPE_STRING", reflect.Bool: "TYPE_BOOL", reflect.Int32: "TYPE_INT32", reflect.Float64: "TYPE_FLOAT",
	reflect.Struct: "TYPE_MESSAGE", reflect.Map: "type.googleapis.com/google.protobuf.Struct",
}

// scalar decodes a string, a boolean or a number. Numbers and booleans may be strings.
func (d *decoder) scalar(at string, value any, into reflect.Value) {
	ok := false
	s, isString := value.(string)
	if n, isNumber := value.(json.Number); isNumber && into.Kind() != reflect.String {
		s, isString = n.String(), true
	}
	switch into.Kind() {
	case reflect.String:
		if ok = isString; ok {
			into.SetString(s)
		}
	case reflect.Bool:
		b, isBool := value.(bool)
		if isString {
			b, isBool = s == "true", s == "true" || s == "false"
		}
		if ok = isBool; ok {
			into.SetBool(b)
		}
	case reflect.Int32, reflect.Float64:
		f, err := strconv.ParseFloat(s, 64)
		ok = isString && err == nil
		if ok && into.Kind() == reflect.Float64 {
			into.SetFloat(f)
		} else if ok = ok && f == math.Trunc(f) && math.Abs(f) <= math.MaxInt32; ok {
			into.SetInt(int64(f))
		}
	}
	if !ok {
		d.invalid(at, typeNames[into.Kind()], value)
	}
}

// enum decodes a value's name, in any case: the SDKs write "high" and "HIGH".
func (d *decoder) enum(at string, value any, e enum, into reflect.Value) {
	name, values := e.enumName()
	s, _ := value.(string)
	i := slices.IndexFunc(values, func(v string) bool { return strings.EqualFold(v, s) })
	if i < 0 {
		d.invalid(at, "type.googleapis.com/"+name, value)
		return
	}
	into.SetString(values[i])
}

func (d *decoder) duration(at string, value any, into *Duration) {
	s, _ := value.(string)
	parsed, problem := parseDuration(s)
	if problem != "" {
		d.fail(at, "Invalid value at '%s' (type.googleapis.com/google.protobuf.Duration), Field '%s', %s", at, last(at), problem)
		return
	}
	*into = Duration(parsed)
}

// parseDuration parses the JSON form of a google.protobuf.Duration: seconds with up to nine decimals. problem is
// Google's text for what is wrong, "" if nothing is.
func parseDuration(s string) (d time.Duration, problem string) {
	const format = "Invalid duration format"
	number, ok := strings.CutSuffix(s, "s")
	if !ok {
		return 0, "Illegal duration format; duration must end with 's'"
	}
	whole, decimals, _ := strings.Cut(strings.TrimPrefix(number, "-"), ".")
	if len(whole) == 0 || len(whole) > 9 || len(decimals) > 9 || strings.Trim(whole+decimals, "0123456789") != "" {
		return 0, format
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, format
	}
	return d, ""
}

// last returns a path's last name.
func last(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// fieldInfo is a field of a struct.
type fieldInfo struct {
	name  string // in snake case
	index []int
}

var fieldCache sync.Map // map[string]fieldInfo by reflect.Type

// fieldsOf returns the fields of a struct type, by both forms of their names.
func fieldsOf(t reflect.Type) map[string]fieldInfo {
	if cached, ok := fieldCache.Load(t); ok {
		return cached.(map[string]fieldInfo)
	}
	fields := map[string]fieldInfo{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			continue // an embedded struct, whose fields are visible on their own
		}
		info := fieldInfo{name, f.Index}
		fields[name], fields[camel(name)] = info, info
	}
	fieldCache.Store(t, fields)
	return fields
}

// camel returns a name in lower camel case.
func camel(name string) string {
	var b strings.Builder
	upper := false
	for _, r := range name {
		switch {
		case r == '_':
			upper = true
			continue
		case upper:
			b.WriteString(strings.ToUpper(string(r)))
		default:
			b.WriteRune(r)
		}
		upper = false
	}
	return b.String()
}
