package spreadsheet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// readJSON reads an array of objects as a table. Its first row, number 0, has the names of those
// o.Fields that occur; the rows are the objects, counting from 1.
//
// A field is a name or a path such as room.building. A path through an array gives one line for each of
// its elements.
func readJSON(data []byte, o Options) iter.Seq2[Row, error] {
	text, err := decode(data, o.Charset)
	if err != nil {
		return fail(err)
	}
	return func(yield func(Row, error) bool) {
		rows, err := jsonRows(text.data, o.Rows)
		if err != nil {
			yield(Row{}, err)
			return
		}
		if err := checkJSONFields(rows, o.Fields); err != nil {
			yield(Row{}, err)
			return
		}
		if !yield(Row{Number: 0, Table: 1, Cells: slices.Clone(o.Fields)}, nil) {
			return
		}
		for i, raw := range rows {
			row := Row{Number: i + 1, Table: 1}
			object := decodeValue(raw)
			if _, ok := object.(map[string]any); !ok {
				row.Problem = fmt.Sprintf("not a JSON object of up to %d bytes", maxJSONRow)
			}
			for column, field := range o.Fields {
				cell, problem := jsonCell(object, strings.Split(field, "."), field)
				setCell(&row, column, cell, "", problem)
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// checkJSONFields requires each field to be in at least one row: many programs omit fields without a
// value. A file without rows is fine.
func checkJSONFields(rows []json.RawMessage, fields []string) error {
	missing := slices.Clone(fields)
	for _, raw := range rows {
		if len(missing) == 0 {
			return nil
		}
		row := decodeValue(raw)
		missing = slices.DeleteFunc(missing, func(f string) bool { return hasJSONField(row, strings.Split(f, "."), f) })
	}
	if len(missing) == 0 || len(rows) == 0 {
		return nil
	}
	return fmt.Errorf("json: no row has the field %s; the first row has %s: %w",
		strings.Join(missing, ", "), jsonFields(decodeValue(rows[0]), 20), ErrUnsupported)
}

// Bounds on a JSON file. A row takes about fifteen times its size when decoded, and an element at least
// 40 bytes.
const (
	maxJSONRow  = 1 << 20
	maxJSONRows = 200_000
)

// decodeValue decodes a valid JSON value, nil if it is too long for a row. Numbers keep their digits.
func decodeValue(raw json.RawMessage) any {
	if len(raw) > maxJSONRow {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return nil
	}
	return value
}

// jsonError is the error for text that is not JSON.
func jsonError(err error, text []byte) error {
	var syntaxErr *json.SyntaxError
	if errors.As(err, &syntaxErr) && !strings.Contains(err.Error(), "unexpected end") {
		return corrupt("json: %v at byte %d", err, syntaxErr.Offset)
	}
	return corrupt("json: cut off after %d bytes", len(text))
}

// jsonRows returns the elements of the array at a path, joined with the others if the path leads through
// arrays. It decodes only what is above the rows, so that they need not all be in memory decoded.
func jsonRows(text []byte, path string) ([]json.RawMessage, error) {
	var root json.RawMessage
	if err := json.Unmarshal(text, &root); err != nil {
		return nil, jsonError(err, text)
	}
	nodes := []json.RawMessage{root}
	for name := range strings.SplitSeq(path, ".") {
		if name == "" {
			continue // the path "."
		}
		var next []json.RawMessage
		for _, node := range nodes {
			elements, err := elementsOf(node)
			if err != nil {
				return nil, err
			}
			for _, element := range elements {
				var object map[string]json.RawMessage
				_ = json.Unmarshal(element, &object) // nil if it is not an object
				value, ok := object[name]
				if !ok {
					return nil, fmt.Errorf("json: no %s of the path %s; the arrays of the file are %s: %w",
						name, path, jsonArrays(root), ErrUnsupported)
				}
				if string(value) != "null" {
					next = append(next, value)
				}
			}
		}
		nodes = next
	}
	var rows []json.RawMessage
	for _, node := range nodes {
		if !isJSONArray(node) {
			return nil, fmt.Errorf("json: %q is not an array; the arrays of the file are %s: %w", path, jsonArrays(root), ErrUnsupported)
		}
		elements, err := elementsOf(node)
		if rows = append(rows, elements...); err != nil || len(rows) > maxJSONRows {
			return nil, fmt.Errorf("json: more than %d rows: %w", maxJSONRows, ErrTooLarge)
		}
	}
	return rows, nil
}

func isJSONArray(value json.RawMessage) bool {
	return bytes.HasPrefix(bytes.TrimLeft(value, " \t\r\n"), []byte("["))
}

// elementsOf returns the elements of an array, or the value itself.
func elementsOf(value json.RawMessage) ([]json.RawMessage, error) {
	if !isJSONArray(value) {
		return []json.RawMessage{value}, nil
	}
	var elements []json.RawMessage
	d := json.NewDecoder(bytes.NewReader(value))
	if _, err := d.Token(); err != nil {
		return nil, corrupt("json: %v", err)
	}
	for d.More() {
		var element json.RawMessage
		if err := d.Decode(&element); err != nil {
			return nil, corrupt("json: %v", err)
		}
		if elements = append(elements, element); len(elements) > maxJSONRows {
			return nil, fmt.Errorf("json: an array of more than %d elements: %w", maxJSONRows, ErrTooLarge)
		}
	}
	return elements, nil
}

// flatten returns the elements of an array, or the value itself.
func flatten(value any) []any {
	if array, ok := value.([]any); ok {
		return array
	}
	return []any{value}
}

// jsonArrays lists the paths to arrays for an error message.
func jsonArrays(root json.RawMessage) string {
	var found []string
	var walk func(value json.RawMessage, path string, depth int)
	walk = func(value json.RawMessage, path string, depth int) {
		if isJSONArray(value) {
			elements, _ := elementsOf(value)
			found = append(found, fmt.Sprintf("%q (%d elements)", strings.TrimPrefix(path, "."), len(elements)))
			return
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(value, &object) != nil {
			return
		}
		for _, name := range slices.Sorted(maps.Keys(object)) {
			if depth < 4 && len(found) < 10 {
				walk(object[name], path+"."+truncateName(name), depth+1)
			}
		}
	}
	if walk(root, "", 0); len(found) == 0 {
		return "none"
	}
	return strings.Join(found, ", ")
}

func truncateName(name string) string { return fmt.Sprintf("%.40s", name) }

// hasJSONField reports whether the object has the field, even if its value is null.
func hasJSONField(value any, path []string, name string) bool {
	if len(path) == 0 {
		return true
	}
	for _, one := range flatten(value) {
		fields, _ := one.(map[string]any)
		if _, ok := fields[name]; ok && name != "" {
			return true
		}
		next, ok := fields[path[0]]
		if ok && (len(path) == 1 || next == nil || hasJSONField(next, path[1:], "")) {
			return true
		}
		if array, isArray := next.([]any); isArray && len(array) == 0 {
			return true
		}
	}
	return false
}

// jsonCell returns the text at a path of an object. name is the whole path, which may be the name of a
// field with dots.
func jsonCell(value any, path []string, name string) (text, problem string) {
	if object, ok := value.(map[string]any); ok && len(path) > 0 {
		if v, ok := object[name]; ok && name != "" {
			return jsonCell(v, nil, "")
		}
		v, ok := object[path[0]]
		if !ok {
			return "", ""
		}
		return jsonCell(v, path[1:], "")
	}
	switch v := value.(type) {
	case nil:
		return "", ""
	case []any:
		lines := make([]string, len(v))
		for i, one := range v {
			line, problem := jsonCell(one, path, "")
			if problem != "" {
				return "", problem
			}
			if strings.Contains(line, "\n") && len(v) > 1 {
				return "", "an array of arrays, or of texts with several lines"
			}
			lines[i] = line
		}
		return strings.Join(lines, "\n"), ""
	case map[string]any:
		return "", "an object instead of a text; its fields are " + jsonFields(v, 10)
	}
	if len(path) > 0 {
		return "", "a text instead of an object with the field " + path[0]
	}
	switch v := value.(type) {
	case string:
		return v, ""
	case json.Number:
		return v.String(), ""
	}
	return fmt.Sprint(value), "" // a boolean
}

// jsonFields lists the fields of an object for an error message.
func jsonFields(value any, most int) string {
	object, ok := value.(map[string]any)
	if !ok {
		return "no fields: it is not an object"
	}
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, fmt.Sprintf("%.30q", name))
	}
	slices.Sort(names)
	return strings.Join(names[:min(len(names), most)], ", ")
}
