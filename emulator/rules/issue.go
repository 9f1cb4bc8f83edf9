package rules

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Severity tells an error, which keeps the rules from being used, from a warning.
type Severity uint8

// The severities.
const (
	SeverityError Severity = iota
	SeverityWarning
)

// Issue is one thing that is wrong with a rules file, and where.
type Issue struct {
	Severity Severity
	Code     string // a stable name of the kind of issue, for filters: "syntax", "unused-function", "allows-everyone", …
	File     string // as given to Compile
	Line     int    // from 1
	Column   int    // from 1, in characters
	Message  string // what is wrong, and what was expected
	Source   string // the line itself, without its line break
}

// String is the issue as a compiler prints it: place, message, the line and a caret under the place.
func (i Issue) String() string {
	kind := "error"
	if i.Severity == SeverityWarning {
		kind = "warning"
	}
	head := fmt.Sprintf("%s:%d:%d: %s: %s", i.File, i.Line, i.Column, kind, i.Message)
	if i.Source == "" {
		return head
	}
	// The caret's line repeats the tabs of the source's, so that both are indented alike whatever a tab is.
	var indent strings.Builder
	n := 1
	for _, c := range i.Source {
		if n >= i.Column {
			break
		}
		if c == '\t' {
			indent.WriteByte('\t')
		} else {
			indent.WriteByte(' ')
		}
		n++
	}
	return head + "\n    " + i.Source + "\n    " + indent.String() + "^"
}

// Error is what Compile returns for text that is not a rules file. It holds at least one issue.
type Error struct{ Issues []Issue }

// Error lists the issues, each with its line of source and a caret.
func (e *Error) Error() string {
	texts := make([]string, len(e.Issues))
	for n, i := range e.Issues {
		texts[n] = i.String()
	}
	return strings.Join(texts, "\n")
}

// source is a rules file's text and knows its lines.
type source struct {
	file string
	text string
}

// place is the line and column (both from 1, the column in characters) of a byte offset.
func (s *source) position(offset int) (line, column int) {
	offset = min(max(offset, 0), len(s.text))
	before := s.text[:offset]
	line = 1 + strings.Count(before, "\n")
	return line, 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
}

// line is the text of the line that holds offset.
func (s *source) line(offset int) string {
	offset = min(max(offset, 0), len(s.text))
	start := strings.LastIndexByte(s.text[:offset], '\n') + 1
	end := strings.IndexByte(s.text[offset:], '\n')
	if end < 0 {
		end = len(s.text)
	} else {
		end += offset
	}
	return strings.TrimSuffix(s.text[start:end], "\r")
}

// issue makes an Issue at a byte offset.
func (s *source) issue(severity Severity, code string, offset int, message string) Issue {
	line, column := s.position(offset)
	text := s.line(offset)
	const longest = 400 // a line longer than this is not worth printing
	if len(text) > longest {
		text = ""
	}
	return Issue{Severity: severity, Code: code, File: s.file, Line: line, Column: column, Message: message, Source: text}
}

// excerpt is the text between two offsets as one line of at most limit characters, for messages.
func (s *source) excerpt(pos, end, limit int) string {
	return truncate(strings.Join(strings.Fields(s.text[pos:end]), " "), limit)
}

// shorten cuts text to limit characters and shows that it did.
func truncate(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	runes := []rune(text)
	return string(runes[:limit-1]) + "…"
}
