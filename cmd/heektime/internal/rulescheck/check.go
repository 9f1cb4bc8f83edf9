// Package rulescheck is what people who edit security rules want to know: whether a file is in order, and what its tests
// say of it.
package rulescheck

import (
	"errors"
	"fmt"
	"io"
	"os"

	"heek.kr/heektime/emulator/rules"
)

// File reads a rules file and writes what is wrong with it: place, message, the line and a caret under the place, and a
// line with the counts. It returns how many errors there are; warnings keep no rules from being used.
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
	}
	for _, i := range issues {
		fmt.Fprintln(w, i)
	}
	fmt.Fprintf(w, "%s: %s, %s\n", name, count(failures, "error"), count(len(issues)-failures, "warning"))
	return failures, nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
