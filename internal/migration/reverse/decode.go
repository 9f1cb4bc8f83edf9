package reverse

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/internal/migration/conversion"
)

// refOf returns the reference of a document by its full name.
func refOf(client *firestore.Client, name string) *firestore.DocumentRef {
	_, path, _ := strings.Cut(name, "/documents/")
	return client.Doc(path)
}

// decode converts a document of the wire as Firestore's client would. The client has no function for it.
func decode(client *firestore.Client, doc *firestorepb.Document) *conversion.Document {
	return &conversion.Document{Ref: refOf(client, doc.Name), Fields: decodeMap(client, doc.Fields)}
}

func decodeMap(client *firestore.Client, fields map[string]*firestorepb.Value) map[string]any {
	m := make(map[string]any, len(fields))
	for name, value := range fields {
		m[name] = decodeValue(client, value)
	}
	return m
}

func decodeValue(client *firestore.Client, value *firestorepb.Value) any {
	switch v := value.GetValueType().(type) {
	case *firestorepb.Value_BooleanValue:
		return v.BooleanValue
	case *firestorepb.Value_IntegerValue:
		return v.IntegerValue
	case *firestorepb.Value_DoubleValue:
		return v.DoubleValue
	case *firestorepb.Value_TimestampValue:
		return v.TimestampValue.AsTime()
	case *firestorepb.Value_StringValue:
		return v.StringValue
	case *firestorepb.Value_BytesValue:
		return v.BytesValue
	case *firestorepb.Value_ReferenceValue:
		return refOf(client, v.ReferenceValue)
	case *firestorepb.Value_GeoPointValue:
		return v.GeoPointValue
	case *firestorepb.Value_ArrayValue:
		list := make([]any, len(v.ArrayValue.GetValues()))
		for i, entry := range v.ArrayValue.GetValues() {
			list[i] = decodeValue(client, entry)
		}
		return list
	case *firestorepb.Value_MapValue:
		return decodeMap(client, v.MapValue.GetFields())
	}
	return nil
}

// The keys of the JSON objects that stand for values that JSON does not have.
const (
	jsonTime      = "$time"
	jsonReference = "$reference"
	jsonInteger   = "$integer"
	jsonOther     = "$text"
)

// encodeJSON returns fields as JSON from which [decodeJSON] restores them.
func encodeJSON(fields map[string]any) ([]byte, error) { return json.Marshal(toJSON(fields)) }

func toJSON(value any) any {
	switch v := value.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for name, field := range v {
			m[name] = toJSON(field)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, entry := range v {
			list[i] = toJSON(entry)
		}
		return list
	case time.Time:
		return map[string]any{jsonTime: v.UTC().Format(time.RFC3339Nano)}
	case *firestore.DocumentRef:
		return map[string]any{jsonReference: v.Path}
	case int64:
		return map[string]any{jsonInteger: fmt.Sprint(v)}
	case string:
		// PostgreSQL's jsonb cannot hold it.
		return strings.ReplaceAll(v, "\x00", "\uFFFD")
	case nil, bool:
		return v
	case float64:
		if v-v == 0 { // finite
			return v
		}
	}
	return map[string]any{jsonOther: fmt.Sprint(value)}
}

// decodeJSON returns the fields that [encodeJSON] encoded.
func decodeJSON(client *firestore.Client, text []byte) (map[string]any, error) {
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	return fromJSON(client, fields).(map[string]any), nil
}

func fromJSON(client *firestore.Client, value any) any {
	switch v := value.(type) {
	case map[string]any:
		if len(v) == 1 {
			for key, text := range v {
				if special, ok := fromSpecial(client, key, text); ok {
					return special
				}
			}
		}
		for name, field := range v {
			v[name] = fromJSON(client, field)
		}
		return v
	case []any:
		for i, entry := range v {
			v[i] = fromJSON(client, entry)
		}
		return v
	}
	return value
}

func fromSpecial(client *firestore.Client, key string, value any) (any, bool) {
	text, ok := value.(string)
	if !ok {
		return nil, false
	}
	switch key {
	case jsonTime:
		t, err := time.Parse(time.RFC3339Nano, text)
		return t, err == nil
	case jsonReference:
		return refOf(client, text), true
	case jsonInteger:
		var n int64
		_, err := fmt.Sscan(text, &n)
		return n, err == nil
	case jsonOther:
		return text, true
	}
	return nil, false
}
