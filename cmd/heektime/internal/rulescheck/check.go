// Package rulescheck checks security rules for the people who edit them, and runs the rules' tests.
package rulescheck

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"heek.kr/heektime/emulator/rules"
	"heek.kr/heektime/internal/schema/schemarules"
)

// File checks a rules file: its syntax, and whether it agrees with the schema. It writes each issue with its
// place, message, line and a caret under the place, and at the end the number of issues. It returns the
// number of errors; warnings do not prevent a deployment.
func File(w io.Writer, name string) (failures int, err error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, fmt.Errorf("check rules: %w", err)
	}
	_, issues, err := rules.Compile(name, string(text))
	var broken *rules.Error
	switch {
	case errors.As(err, &broken):
		failures = len(broken.Issues)
		issues = append(issues, broken.Issues...)
	case err != nil:
		return 0, fmt.Errorf("check rules: %w", err)
	default:
		different, err := differences(name, string(text))
		if err != nil {
			return 0, fmt.Errorf("compare %s with the schema: %w", name, err)
		}
		failures = len(different)
		issues = append(issues, different...)
	}
	for _, i := range issues {
		fmt.Fprintln(w, i)
	}
	fmt.Fprintf(w, "%s: %s, %s\n", name, count(failures, "error"), count(len(issues)-failures, "warning"))
	return failures, nil
}

// differences lists where the rules disagree with the schema.
func differences(name, text string) ([]rules.Issue, error) {
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

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
