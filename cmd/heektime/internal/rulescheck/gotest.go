package rulescheck

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// ErrFailed is returned by [Run] after it has written which tests failed.
var ErrFailed = errors.New("a test failed")

// Package is the package of the rules' tests, relative to the root of the repository.
const Package = "./internal/tests/securityrules"

// Run runs the rules' tests whose names match pattern, in the repository at dir, and writes a summary
// of each when it ends. It needs the go command.
func Run(ctx context.Context, w io.Writer, dir, pattern string) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-json", "-run", pattern, Package)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("run the rules' tests: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run the rules' tests (needs Go and HeekTime's repository): %w", err)
	}
	summaryErr := summarize(w, out)
	var exit *exec.ExitError
	switch err := cmd.Wait(); {
	case errors.As(err, &exit):
		return ErrFailed
	case err != nil:
		return fmt.Errorf("run the rules' tests: %w", err)
	}
	return summaryErr
}

// event is a line of the output of go test -json, which go doc test2json describes.
type event struct {
	Action, Test, Output string
	Elapsed              float64 // seconds
}

// testPosition matches the position in the test's source, which means nothing to people who edit
// rules.
var testPosition = regexp.MustCompile(`^\s*\w+_test\.go:\d+: `)

// Limits of the output that summarize prints per test. The first lines show what is wrong, and the
// last few give the counts.
const (
	firstLines = 40
	lastLines  = 5
)

// summarize writes a line for each test, followed by the test's output, shortened if it is long.
func summarize(w io.Writer, events io.Reader) error {
	outputs := map[string][]string{} // lines by top-level test
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				e = event{Action: "build-output", Output: string(line)}
			}
			e.write(w, outputs)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the output of the rules' tests: %w", err)
		}
	}
}

// write processes one event: it collects output in outputs, and writes it when the test has ended.
func (e *event) write(w io.Writer, outputs map[string][]string) {
	test, sub, _ := strings.Cut(e.Test, "/")
	switch {
	case e.Action == "build-output":
		fmt.Fprint(w, e.Output)
	case e.Action == "output" && test != "":
		text := strings.TrimRight(e.Output, "\n")
		if strings.HasPrefix(text, "=== ") || strings.HasPrefix(strings.TrimSpace(text), "--- ") {
			return
		}
		text = testPosition.ReplaceAllString(text, "")
		if sub != "" {
			text = strings.ReplaceAll(sub, "_", " ") + ": " + text
		}
		outputs[test] = append(outputs[test], text)
	case test != "" && sub == "" && (e.Action == "pass" || e.Action == "fail"):
		fmt.Fprintf(w, "%s %s, %.1f s\n", e.Action, strings.TrimPrefix(test, "Test"), e.Elapsed)
		printShortened(w, outputs[test])
		delete(outputs, test)
	case e.Action == "output" && strings.HasPrefix(e.Output, "panic:"), e.Action == "output" && strings.HasPrefix(e.Output, "fatal error:"):
		fmt.Fprint(w, e.Output)
	}
}

func printShortened(w io.Writer, lines []string) {
	if omitted := len(lines) - firstLines - lastLines; omitted > 0 {
		printShortened(w, lines[:firstLines])
		fmt.Fprintf(w, "      … %d more lines\n", omitted)
		lines = lines[len(lines)-lastLines:]
	}
	for _, text := range lines {
		fmt.Fprintln(w, "    ", text)
	}
}
