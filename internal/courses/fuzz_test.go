package courses

import (
	"encoding/json"
	"testing"

	"heek.kr/heektime/internal/courses/spreadsheet/bombtest"
)

// FuzzJSON checks that a document that passes checkJSON has no more values than that counts, however it
// is written, and that decoding one never panics.
func FuzzJSON(f *testing.F) {
	for _, bomb := range bombtest.All(4 << 10) {
		if bomb.Format == "json" {
			f.Add(bomb.Data())
		}
	}
	f.Add([]byte(`{"a\"]": "[[[[,,,", "b": ["\\"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		err := checkJSON(data)
		var rows []json.RawMessage
		_ = response{origin: "test", data: data}.decodeJSON(&rows)
		if json.Valid(data) && err == nil && depthOf(data) > maxJSONDepth {
			t.Errorf("JSON nested %d deep passes", depthOf(data))
		}
	})
}

// depthOf returns how deep valid JSON is nested.
func depthOf(data []byte) int {
	var value any
	if json.Unmarshal(data, &value) != nil {
		return 0
	}
	var depth func(any) int
	depth = func(v any) int {
		deepest := 0
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				deepest = max(deepest, depth(e))
			}
		case map[string]any:
			for _, e := range v {
				deepest = max(deepest, depth(e))
			}
		default:
			return 0
		}
		return deepest + 1
	}
	return depth(value)
}
