// Package rulescheck implements heektime rules: it checks rules files and runs the rules' tests.
package rulescheck

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/emulator/rules"
	"heek.kr/heektime/internal/schema/schemarules"
)

// File checks a rules file: whether it compiles, and whether it agrees with the schema. It writes each
// issue with its position, message, source line and a caret, and then the number of issues. It
// returns the number of errors; warnings do not prevent a deployment.
func File(w io.Writer, name string) (failures int, err error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, fmt.Errorf("check the rules: %w", err)
	}
	_, issues, err := rules.Compile(name, string(text))
	var invalid *rules.Error
	switch {
	case errors.As(err, &invalid):
		failures = len(invalid.Issues)
		issues = append(issues, invalid.Issues...)
	case err != nil:
		return 0, fmt.Errorf("check the rules: %w", err)
	default:
		mismatches, err := compareWithSchema(name, string(text))
		if err != nil {
			return 0, fmt.Errorf("compare %s with the schema: %w", name, err)
		}
		failures = len(mismatches)
		issues = append(issues, mismatches...)
	}
	for _, i := range issues {
		fmt.Fprintln(w, i)
	}
	fmt.Fprintf(w, "%s: %s, %s\n", name, table.Counted(failures, "error"), table.Counted(len(issues)-failures, "warning"))
	return failures, nil
}

// compareWithSchema returns an issue for each place where the rules disagree with the schema.
func compareWithSchema(name, text string) ([]rules.Issue, error) {
	found, err := schemarules.Check(text)
	var issues []rules.Issue
	for _, f := range found {
		before := text[:f.Offset]
		start := strings.LastIndexByte(before, '\n') + 1
		line, _, _ := strings.Cut(text[start:], "\n")
		issues = append(issues, rules.Issue{
			Severity: rules.SeverityError, Code: "schema", File: name, Line: 1 + strings.Count(before, "\n"),
			Column: 1 + utf8.RuneCountInString(before[start:]), Message: f.Message, Source: line,
		})
	}
	return issues, err
}
