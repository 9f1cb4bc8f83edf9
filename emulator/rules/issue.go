package rules

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Severity distinguishes errors, which make a ruleset unusable, from warnings.
type Severity uint8

// The severities.
const (
	SeverityError Severity = iota
	SeverityWarning
)

// Issue is a problem in a rules file and its position.
type Issue struct {
	Severity Severity
	Code     string // a stable name for filtering: "syntax", "unused-function", "allows-everyone", …
	File     string // as given to Compile
	Line     int    // from 1
	Column   int    // from 1, in characters
	Message  string // what is wrong and what was expected
	Source   string // the source line without its line break
}

// String formats the issue like a compiler: position, message, source line and a caret.
func (i Issue) String() string {
	kind := "error"
	if i.Severity == SeverityWarning {
		kind = "warning"
	}
	head := fmt.Sprintf("%s:%d:%d: %s: %s", i.File, i.Line, i.Column, kind, i.Message)
	if i.Source == "" {
		return head
	}
	// The caret line repeats the source line's tabs so that both indent alike at any tab width.
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

// Error is the error of [Compile]. It has at least one issue.
type Error struct{ Issues []Issue }

// Error lists the issues, each with its source line and a caret.
func (e *Error) Error() string {
	texts := make([]string, len(e.Issues))
	for n, i := range e.Issues {
		texts[n] = i.String()
	}
	return strings.Join(texts, "\n")
}

// source is the text of a rules file.
type source struct {
	file    string
	text    string
	service Service // that must have rules, "" for any
}

// position returns the line and column of a byte offset, both from 1, the column in characters.
func (s *source) position(offset int) (line, column int) {
	offset = min(max(offset, 0), len(s.text))
	before := s.text[:offset]
	line = 1 + strings.Count(before, "\n")
	return line, 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
}

// line returns the text of the line that contains offset.
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

// issue returns an Issue at a byte offset.
func (s *source) issue(severity Severity, code string, offset int, message string) Issue {
	line, column := s.position(offset)
	text := s.line(offset)
	const longest = 400 // omit lines longer than this
	if len(text) > longest {
		text = ""
	}
	return Issue{Severity: severity, Code: code, File: s.file, Line: line, Column: column, Message: message, Source: text}
}

// excerpt returns the text between two offsets on one line of at most limit characters, for
// messages.
func (s *source) excerpt(pos, end, limit int) string {
	return truncate(strings.Join(strings.Fields(s.text[pos:end]), " "), limit)
}

// truncate shortens text to limit characters, ending in an ellipsis if it was longer.
func truncate(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	runes := []rune(text)
	return string(runes[:limit-1]) + "…"
}
