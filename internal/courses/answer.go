package courses

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"regexp"
	"slices"
	"strings"

	"heek.kr/heektime/internal/courses/spreadsheet"
)

// answer is what a school sent, unpacked.
type answer struct {
	// from is the host or the file, to name it in errors.
	from string
	data []byte
}

// layout is the table that an adapter expects in an answer.
type layout struct {
	formats   []spreadsheet.Format
	file      spreadsheet.Options
	columns   []column
	headerRow int // rows above it are not looked at
}

// table reads an answer as a table. An answer of another format is told apart: an error page from noise.
func (a answer) table(want layout) iter.Seq2[record, error] {
	format := spreadsheet.Detect(a.data)
	if !slices.Contains(want.formats, format) {
		err := a.unexpected(string(want.formats[0]))
		return func(yield func(record, error) bool) { yield(record{}, err) }
	}
	t := &table{layout: want, from: a.from}
	return t.records(spreadsheet.Rows(a.data, format, want.file))
}

var titleElement = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

// unexpected says what came instead of what was wanted.
func (a answer) unexpected(wanted string) error {
	head := spreadsheet.Text(a.data, 4096)
	switch format := spreadsheet.Detect(a.data); {
	case format == spreadsheet.HTML:
		title := "without a title"
		if m := titleElement.FindStringSubmatch(head); m != nil {
			title = "titled “" + clip(clean(m[1]), 100) + "”"
		}
		return unknownShape("%s answered a page %s instead of %s", a.from, title, wanted)
	case format == spreadsheet.CSV:
		return unknownShape("%s answered text instead of %s: %s", a.from, wanted, clip(clean(head), 150))
	case format != "":
		return unknownShape("%s answered %s instead of %s", a.from, format, wanted)
	}
	return damaged("%s answered %d bytes that are no %s; they begin with % x", a.from, len(a.data), wanted, a.data[:min(len(a.data), 16)])
}

// decodeJSON reads the whole answer into v.
func (a answer) decodeJSON(v any) error {
	body := bytes.TrimLeft(bytes.TrimPrefix(a.data, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(body) == 0 || body[0] != '{' && body[0] != '[' {
		return a.unexpected("JSON")
	}
	err := json.Unmarshal(body, v)
	var syntax *json.SyntaxError
	var typed *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &typed):
		return unknownShape("%s answered JSON of another shape: %s is %s", a.from, clip(typed.Field, 100), clip(typed.Value, 50))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &syntax) && syntax.Offset >= int64(len(body)):
		return damaged("%s answered JSON that breaks off after %d bytes", a.from, len(a.data))
	}
	return damaged("%s answered damaged JSON: %s", a.from, clip(err.Error(), 200))
}

// text is a JSON value that should be a string; numbers and true are taken as they are written, null is "".
type text string

// UnmarshalJSON never fails on a scalar.
func (t *text) UnmarshalJSON(data []byte) error {
	switch data[0] {
	case '"':
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		*t = text(s)
	case '{', '[':
		return &json.UnmarshalTypeError{Value: "an object or array where a text belongs"}
	case 'n':
		*t = ""
	default:
		*t = text(data)
	}
	return nil
}

// clean is the text as people read it.
func (t text) clean() string { return clean(string(t)) }

// keys are the names of an object's fields, to show what came.
func keys(object json.RawMessage) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(object, &fields) != nil {
		return clip(string(object), 100)
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, clip(name, 30))
	}
	slices.Sort(names)
	return clip(strings.Join(names, ", "), 500)
}

// has says whether an object has all those fields, whatever their case.
func has(object json.RawMessage, fields ...string) bool {
	var present map[string]json.RawMessage
	if json.Unmarshal(object, &present) != nil {
		return false
	}
	lower := map[string]bool{}
	for name := range present {
		lower[strings.ToLower(name)] = true
	}
	for _, f := range fields {
		if !lower[f] {
			return false
		}
	}
	return true
}
