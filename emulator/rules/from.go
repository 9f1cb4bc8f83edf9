package rules

import (
	"encoding/json"
	"strings"
	"time"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
)

// Claims makes Fields of what encoding/json reads into a map, such as the claims of an ID token. They are converted
// when they are looked at. Whole numbers become integers, as in Google's rules.
type Claims map[string]any

// Len is the number of claims.
func (c Claims) Len() int { return len(c) }

// Get returns a claim.
func (c Claims) Get(name string) (Value, bool) {
	v, ok := c[name]
	if !ok {
		return Value{}, false
	}
	return fromJSON(v), true
}

// Names calls yield with the claims' names.
func (c Claims) Names(yield func(string) bool) {
	for name := range c {
		if !yield(name) {
			return
		}
	}
}

type jsonList []any

func (l jsonList) Len() int       { return len(l) }
func (l jsonList) At(i int) Value { return fromJSON(l[i]) }

func fromJSON(v any) Value {
	switch v := v.(type) {
	case bool:
		return BoolValue(v)
	case string:
		return StringValue(v)
	case int:
		return IntValue(int64(v))
	case int64:
		return IntValue(v)
	case float64:
		if i := int64(v); v >= -(1<<53) && v <= 1<<53 && float64(i) == v {
			return IntValue(i)
		}
		return FloatValue(v)
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return IntValue(i)
		}
		f, _ := v.Float64()
		return FloatValue(f)
	case time.Time:
		return TimeValue(v)
	case []any:
		return ListValue(jsonList(v))
	case []string:
		list := make(array, len(v))
		for i, s := range v {
			list[i] = StringValue(s)
		}
		return ListValue(list)
	case map[string]any:
		return MapValue(Claims(v))
	case map[string]string:
		m := make(table, len(v))
		for k, s := range v {
			m[k] = StringValue(s)
		}
		return MapValue(m)
	case Value:
		return v
	}
	return Value{}
}

// ProtoFields makes Fields of a document as Firestore's API has it. They are converted when they are looked at.
type ProtoFields map[string]*firestorepb.Value

// Len is the number of fields.
func (f ProtoFields) Len() int { return len(f) }

// Get returns a field.
func (f ProtoFields) Get(name string) (Value, bool) {
	v, ok := f[name]
	if !ok {
		return Value{}, false
	}
	return FromProto(v), true
}

// Names calls yield with the fields' names.
func (f ProtoFields) Names(yield func(string) bool) {
	for name := range f {
		if !yield(name) {
			return
		}
	}
}

type protoList []*firestorepb.Value

func (l protoList) Len() int       { return len(l) }
func (l protoList) At(i int) Value { return FromProto(l[i]) }

// FromProto is a value of Firestore's API as rules see it. A reference becomes a path without its project,
// /databases/(default)/documents/…, as exists() and get() take it.
func FromProto(v *firestorepb.Value) Value {
	switch v := v.GetValueType().(type) {
	case *firestorepb.Value_BooleanValue:
		return BoolValue(v.BooleanValue)
	case *firestorepb.Value_IntegerValue:
		return IntValue(v.IntegerValue)
	case *firestorepb.Value_DoubleValue:
		return FloatValue(v.DoubleValue)
	case *firestorepb.Value_TimestampValue:
		return Value{kind: KindTimestamp, num: v.TimestampValue.GetSeconds(), nano: v.TimestampValue.GetNanos()}
	case *firestorepb.Value_StringValue:
		return StringValue(v.StringValue)
	case *firestorepb.Value_BytesValue:
		return BytesValue(string(v.BytesValue))
	case *firestorepb.Value_ReferenceValue:
		return PathValue(ReferencePath(v.ReferenceValue))
	case *firestorepb.Value_GeoPointValue:
		return LatLngValue(v.GeoPointValue.GetLatitude(), v.GeoPointValue.GetLongitude())
	case *firestorepb.Value_ArrayValue:
		return ListValue(protoList(v.ArrayValue.GetValues()))
	case *firestorepb.Value_MapValue:
		return MapValue(ProtoFields(v.MapValue.GetFields()))
	}
	return Value{}
}

// ReferencePath is the path by which rules know a resource: projects/p/databases/d/documents/users/alice becomes
// /databases/d/documents/users/alice. What does not start with a project only gets its slash.
func ReferencePath(name string) string {
	if rest, ok := strings.CutPrefix(name, "projects/"); ok {
		if _, after, ok := strings.Cut(rest, "/"); ok {
			name = after
		}
	}
	return "/" + strings.TrimPrefix(name, "/")
}

// Object is an object of Cloud Storage as `resource` and `request.resource` of its rules have it
// (https://firebase.google.com/docs/storage/security/rules-conditions#evaluating_metadata). Empty strings and zero
// numbers are left out where the real resource would not have the field.
type Object struct {
	Name, Bucket                 string
	Generation, Metageneration   int64
	Size                         int64
	TimeCreated, Updated         time.Time
	MD5Hash, CRC32C, ETag        string
	ContentDisposition           string
	ContentEncoding              string
	ContentLanguage, ContentType string
	Metadata                     map[string]string
}

// Fields are the object's attributes.
func (o Object) Fields() Fields {
	m := table{"name": StringValue(o.Name), "bucket": StringValue(o.Bucket), "size": IntValue(o.Size),
		"metadata": fromJSON(o.Metadata)}
	for name, n := range map[string]int64{"generation": o.Generation, "metageneration": o.Metageneration} {
		if n != 0 {
			m[name] = IntValue(n)
		}
	}
	for name, t := range map[string]time.Time{"timeCreated": o.TimeCreated, "updated": o.Updated} {
		if !t.IsZero() {
			m[name] = TimeValue(t)
		}
	}
	for name, s := range map[string]string{"md5Hash": o.MD5Hash, "crc32c": o.CRC32C, "etag": o.ETag,
		"contentDisposition": o.ContentDisposition, "contentEncoding": o.ContentEncoding,
		"contentLanguage": o.ContentLanguage, "contentType": o.ContentType} {
		if s != "" {
			m[name] = StringValue(s)
		}
	}
	return m
}
