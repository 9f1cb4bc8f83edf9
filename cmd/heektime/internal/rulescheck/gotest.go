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

// ErrFailed is returned if tests failed, after they have reported what.
var ErrFailed = errors.New("a test failed")

// Package is where the rules' tests are, in this project.
const Package = "./internal/tests/securityrules"

// Run runs the tests of the project at dir whose names match pattern, and writes a summary of each as it
// ends. It needs the go command.
func Run(ctx context.Context, w io.Writer, dir, pattern string) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-json", "-run", pattern, Package)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("run the rules' tests: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run the rules' tests, which takes Go and the project's source: %w", err)
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

// event is a line of `go test -json`; go doc test2json describes it.
type event struct {
	Action, Test, Output string
	Elapsed              float64 // seconds
}

// place is where a test reports something, which does not concern people who edit rules.
var place = regexp.MustCompile(`^\s*\w+_test\.go:\d+: `)

// maxLines bounds what summarize prints of one test: the first lines say what is wrong, and the last few
// give the counts.
const (
	maxLines  = 40
	lastLines = 5
)

// summarize writes a line for each test, and below it the test's output, shortened if it is long.
func summarize(w io.Writer, events io.Reader) error {
	said := map[string][]string{} // by test, without its subtests
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				e = event{Action: "build-output", Output: string(line)}
			}
			e.write(w, said)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the output of the rules' tests: %w", err)
		}
	}
}

func (e *event) write(w io.Writer, said map[string][]string) {
	test, sub, _ := strings.Cut(e.Test, "/")
	switch {
	case e.Action == "build-output":
		fmt.Fprint(w, e.Output)
	case e.Action == "output" && test != "":
		text := strings.TrimRight(e.Output, "\n")
		if strings.HasPrefix(text, "=== ") || strings.HasPrefix(strings.TrimSpace(text), "--- ") {
			return
		}
		text = place.ReplaceAllString(text, "")
		if sub != "" {
			text = strings.ReplaceAll(sub, "_", " ") + ": " + text
		}
		said[test] = append(said[test], text)
	case test != "" && sub == "" && (e.Action == "pass" || e.Action == "fail"):
		fmt.Fprintf(w, "%s %s, %.1f s\n", e.Action, strings.TrimPrefix(test, "Test"), e.Elapsed)
		printShortened(w, said[test])
		delete(said, test)
	case e.Action == "output" && strings.HasPrefix(e.Output, "panic:"), e.Action == "output" && strings.HasPrefix(e.Output, "fatal error:"):
		fmt.Fprint(w, e.Output)
	}
}

func printShortened(w io.Writer, lines []string) {
	if omitted := len(lines) - maxLines - lastLines; omitted > 0 {
		printShortened(w, lines[:maxLines])
		fmt.Fprintf(w, "      … %d more lines\n", omitted)
		lines = lines[len(lines)-lastLines:]
	}
	for _, text := range lines {
		fmt.Fprintln(w, "    ", text)
	}
}
