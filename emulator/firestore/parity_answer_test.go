package firestore_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// abridge returns the short form of an answer. Documents are shown by their path below root, and those of
// queries with their fields if fields is set.
func abridge(r reply, root string, fields bool) string {
	text := strings.TrimSpace(string(r.body))
	if text == "" {
		return fmt.Sprint(r.status)
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return fmt.Sprintf("%d %s", r.status, text)
	}
	a := abridger{root + "/", fields}
	if code := errorCode(v); code != "" {
		return code
	}
	if r.status != http.StatusOK {
		return fmt.Sprintf("%d %s", r.status, text)
	}
	return orNothing(a.answer(v))
}

// errorCode returns the code of an error, alone or in an array.
func errorCode(v any) string {
	if list, ok := v.([]any); ok && len(list) > 0 {
		return errorCode(list[len(list)-1])
	}
	m, _ := v.(map[string]any)
	e, _ := m["error"].(map[string]any)
	code, _ := e["status"].(string)
	return code
}

type abridger struct {
	root   string
	fields bool
}

// answer abridges a response, or the responses of a stream.
func (a abridger) answer(v any) string {
	if list, ok := v.([]any); ok {
		var parts []string
		for _, e := range list {
			if s := a.answer(e); s != "" {
				parts = append(parts, s)
			}
		}
		return strings.Join(parts, " ")
	}
	m := v.(map[string]any)
	delete(m, "readTime")
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if n, ok := m["skippedResults"]; ok {
		add("(%v skipped)", n)
	}
	if _, ok := m["transaction"]; ok {
		add("transaction")
	}
	if name, ok := m["missing"].(string); ok {
		add("missing:%s", a.path(name))
	}
	for _, key := range []string{"document", "found"} {
		if d, ok := m[key].(map[string]any); ok {
			add("%s", a.document(d, a.fields))
		}
	}
	if list, ok := m["documents"].([]any); ok {
		for _, d := range list {
			add("%s", a.document(d.(map[string]any), a.fields))
		}
	}
	if list, ok := m["collectionIds"].([]any); ok {
		for _, id := range list {
			add("%s", id)
		}
	}
	if _, ok := m["name"]; ok {
		add("%s", a.document(m, true))
	}
	if result, ok := m["result"].(map[string]any); ok {
		add("%s", a.entries(result["aggregateFields"]))
	}
	parts = append(parts, a.written(m)...)
	if _, ok := m["nextPageToken"]; ok {
		add("…")
	}
	if len(parts) == 0 && len(m) > 0 {
		text, _ := json.Marshal(m)
		return string(text)
	}
	return strings.Join(parts, " ")
}

// written abridges the results of writes.
func (a abridger) written(m map[string]any) (parts []string) {
	results, _ := m["writeResults"].([]any)
	codes, _ := m["status"].([]any)
	for i, r := range results {
		text := "no time"
		result := r.(map[string]any)
		if _, ok := result["updateTime"]; ok {
			text = "time"
		}
		if list, ok := result["transformResults"].([]any); ok {
			text += " " + a.list(list)
		}
		if i < len(codes) {
			if code, ok := codes[i].(map[string]any)["code"]; ok {
				text = fmt.Sprint("code ", code)
			}
		}
		parts = append(parts, text)
	}
	if len(parts) > 0 {
		parts = []string{strings.Join(parts, ", ")}
	}
	if _, ok := m["commitTime"]; ok {
		parts = append([]string{"committed:"}, parts...)
	}
	return parts
}

var randomID = regexp.MustCompile(`^[A-Za-z0-9]{20}$`)

func (a abridger) path(name string) string {
	ids := strings.Split(strings.TrimPrefix(name, a.root), "/")
	for i, id := range ids {
		if randomID.MatchString(id) {
			ids[i] = "(random)"
		}
	}
	return strings.Join(ids, "/")
}

func (a abridger) document(d map[string]any, fields bool) string {
	path := a.path(d["name"].(string))
	if !fields || d["fields"] == nil {
		return path
	}
	return path + " " + a.entries(d["fields"])
}

func (a abridger) entries(v any) string {
	m, _ := v.(map[string]any)
	var parts []string
	for k, e := range m {
		parts = append(parts, k+": "+a.value(e))
	}
	slices.Sort(parts)
	return "{" + strings.Join(parts, ", ") + "}"
}

func (a abridger) list(list []any) string {
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = a.value(e)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// value abridges a value: integers have no fraction, doubles have.
func (a abridger) value(v any) string {
	for kind, x := range v.(map[string]any) {
		switch kind {
		case "integerValue", "booleanValue":
			return fmt.Sprint(x)
		case "doubleValue":
			if n, ok := x.(json.Number); ok {
				f, _ := n.Float64()
				if f == math.Trunc(f) && math.Abs(f) < 1e15 {
					return fmt.Sprintf("%.1f", f)
				}
				return fmt.Sprintf("%.6g", f)
			}
			return fmt.Sprint(x)
		case "stringValue":
			return fmt.Sprintf("%q", x)
		case "timestampValue":
			if t, err := time.Parse(time.RFC3339Nano, x.(string)); err == nil && t.Nanosecond()%1e6 == 0 {
				return "time (ms)"
			}
			return "time"
		case "mapValue":
			return a.entries(x.(map[string]any)["fields"])
		case "arrayValue":
			list, _ := x.(map[string]any)["values"].([]any)
			return a.list(list)
		case "nullValue":
			return "null"
		}
		return kind
	}
	return "?"
}

func orNothing(s string) string {
	if s == "" {
		return "{}"
	}
	return s
}
