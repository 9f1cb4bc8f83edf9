package courses

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// cellExpr says where a part of a lecture is in a row, as an option column.NAME does:
//
//	강의실              the column with this header
//	{건물} {호실}       the text of several columns, with the text between them
//	시간1 + 시간2       the text of each on a line of its own, for several meetings
//	강의실 | 장소       the first that is not empty
type cellExpr struct {
	option       string
	strict       bool // whether a template needs a value in all of its columns or in none
	alternatives [][]cellTemplate
}

// cellTemplate is a sequence of columns and texts.
type cellTemplate []templatePart

// templatePart is the text of a column, or a text of its own.
type templatePart struct {
	header  string // "" for a text of its own
	literal string
}

// parseCellExpr parses the value of an option.
func parseCellExpr(option, value string, strict bool) (*cellExpr, error) {
	e := &cellExpr{option: option, strict: strict}
	for _, alternative := range splitOutsideBraces(value, " | ") {
		var sum []cellTemplate
		for _, text := range splitOutsideBraces(alternative, " + ") {
			t, err := parseCellTemplate(strings.TrimSpace(text))
			if err != nil {
				return nil, invalid("option %s is %q: %v", option, truncate(value, 100), err)
			}
			sum = append(sum, t)
		}
		e.alternatives = append(e.alternatives, sum)
	}
	return e, nil
}

// splitOutsideBraces splits s at the separators that are not within {braces}.
func splitOutsideBraces(s, separator string) []string {
	var parts []string
	depth, begin := 0, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '{':
			depth++
		case s[i] == '}':
			depth--
		case depth == 0 && strings.HasPrefix(s[i:], separator):
			parts = append(parts, s[begin:i])
			begin = i + len(separator)
			i = begin - 1
		}
	}
	return append(parts, s[begin:])
}

func parseCellTemplate(text string) (cellTemplate, error) {
	if text == "" {
		return nil, errors.New("a column's name is missing")
	}
	if !strings.ContainsAny(text, "{}") {
		return cellTemplate{{header: text}}, nil
	}
	var t cellTemplate
	for text != "" {
		literal, rest, found := strings.Cut(text, "{")
		if strings.Contains(literal, "}") {
			return nil, errors.New("a } without a { before it")
		}
		if literal != "" {
			t = append(t, templatePart{literal: literal})
		}
		if !found {
			break
		}
		header, after, closed := strings.Cut(rest, "}")
		header = strings.TrimSpace(header)
		switch {
		case !closed:
			return nil, errors.New("a { without a } behind it")
		case header == "" || strings.Contains(header, "{"):
			return nil, errors.New("a column's name is missing between { and }")
		}
		t = append(t, templatePart{header: header})
		text = after
	}
	if !slices.ContainsFunc(t, func(p templatePart) bool { return p.header != "" }) {
		return nil, errors.New("it names no column")
	}
	return t, nil
}

// headers returns the headers of all columns that the expression reads.
func (e *cellExpr) headers() []string {
	var headers []string
	for _, sum := range e.alternatives {
		for _, t := range sum {
			for _, p := range t {
				headers = appendUnique(headers, p.header)
			}
		}
	}
	return headers
}

// isComposed reports whether the value may be composed of several cells.
func (e *cellExpr) isComposed() bool {
	return slices.ContainsFunc(e.alternatives, func(sum []cellTemplate) bool { return len(sum) > 1 || len(sum[0]) > 1 })
}

// eval returns the text of the first alternative that is not empty. cell returns the text of a column.
func (e *cellExpr) eval(cell func(header string) string) (string, error) {
	var incomplete error
	for _, sum := range e.alternatives {
		lines := make([]string, len(sum))
		empty := true
		var sumErr error
		for i, t := range sum {
			text, err := t.eval(cell, e.strict)
			if err != nil && sumErr == nil {
				sumErr = err
			}
			lines[i] = text
			empty = empty && text == ""
		}
		if sumErr != nil {
			if incomplete == nil {
				incomplete = sumErr
			}
			continue // another alternative may be complete
		}
		if !empty {
			return strings.Join(lines, "\n"), nil
		}
	}
	return "", incomplete
}

// eval returns the text of the template. If the cells have several lines, each gives one line: days,
// begins and ends of two meetings become two lines. A cell with one line counts for all of them.
func (t cellTemplate) eval(cell func(header string) string, strict bool) (string, error) {
	if len(t) == 1 {
		return cell(t[0].header), nil
	}
	texts := make([][]string, len(t))
	lines, widest := 1, 0
	for i, p := range t {
		if p.header != "" {
			if n := len(cellLines(cell(p.header), 0)); n > lines {
				lines, widest = n, i
			}
		}
	}
	for i, p := range t {
		if p.header != "" {
			texts[i] = cellLines(cell(p.header), lines)
		}
	}
	for i, p := range t {
		if n := len(texts[i]); p.header != "" && n > 1 && n < lines {
			return "", fmt.Errorf("column %s has %d lines, but %s has %d", p.header, n, t[widest].header, lines)
		}
	}
	result, filled := make([]string, lines), false
	for line := range lines {
		text, err := t.line(func(part int) string {
			if len(texts[part]) == 1 {
				return texts[part][0]
			}
			return texts[part][line]
		}, strict)
		if err != nil {
			return "", err
		}
		result[line] = text
		filled = filled || text != ""
	}
	if !filled {
		return "", nil
	}
	return strings.Join(result, "\n"), nil
}

// line returns one line. A text between two columns appears only if both have a value, any other only
// if the column next to it has.
func (t cellTemplate) line(value func(part int) string, strict bool) (string, error) {
	var b strings.Builder
	var empty, filled string // headers
	has := func(part int) bool {
		return part < 0 || part >= len(t) || t[part].header == "" || value(part) != ""
	}
	for i, p := range t {
		switch {
		case p.header == "":
			if has(i-1) && has(i+1) {
				b.WriteString(p.literal)
			}
		case value(i) == "":
			empty = p.header
		default:
			if filled == "" {
				filled = p.header
			}
			b.WriteString(value(i))
		}
	}
	switch {
	case filled == "":
		return "", nil
	case strict && empty != "":
		return "", fmt.Errorf("column %s is empty, but %s is not", empty, filled)
	}
	return b.String(), nil
}

// cellLines returns the clean lines of a cell. Unlike cleanLines it keeps blank lines, because the lines of
// several cells belong together. Blank lines at the begin and end count only if the cell has n lines with
// them.
func cellLines(s string, n int) []string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = cleanText(l)
	}
	if len(lines) == n {
		return lines
	}
	for len(lines) > 1 && lines[0] == "" {
		lines = lines[1:]
	}
	for len(lines) > 1 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}
