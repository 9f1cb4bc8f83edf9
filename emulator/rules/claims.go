package rules

import (
	"encoding/json"
	"time"
)

// Claims are Fields made of plain Go values as encoding/json decodes them, such as the claims of an
// ID token. Values are converted when rules read them. Whole numbers become integers, as in
// Google's rules.
type Claims map[string]any

// Len returns the number of claims.
func (c Claims) Len() int { return len(c) }

// Get returns a claim.
func (c Claims) Get(name string) (Value, bool) {
	v, ok := c[name]
	if !ok {
		return Value{}, false
	}
	return fromJSON(v), true
}

// Names calls yield with each claim's name.
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
		list := make(valueList, len(v))
		for i, s := range v {
			list[i] = StringValue(s)
		}
		return ListValue(list)
	case map[string]any:
		return MapValue(Claims(v))
	case map[string]string:
		m := make(valueMap, len(v))
		for k, s := range v {
			m[k] = StringValue(s)
		}
		return MapValue(m)
	case Value:
		return v
	}
	return Value{}
}
