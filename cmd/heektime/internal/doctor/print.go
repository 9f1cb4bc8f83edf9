package doctor

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"heek.kr/heektime/cmd/heektime/internal/table"
)

// The marks of a group's line.
const (
	good    = "✓"
	bad     = "✗"
	unknown = "–"
)

// Write prints a line for each group of checks, and details for findings only.
func (r *Report) Write(w io.Writer) {
	r.writeUnread(w)
	for i, result := range r.Results {
		if i == 0 || result.Group != r.Results[i-1].Group {
			r.writeGroup(w, result.Group)
		}
	}
	total := map[Status]int{}
	for _, result := range r.Results {
		total[result.Status]++
	}
	fmt.Fprintf(w, "\n%s; %s\n", table.Counted(r.count(Error), "error")+", "+table.Counted(r.count(Warning), "warning"), describeStatuses(total))
}

// writeUnread prints what could not be read, which concerns checks of several groups.
func (r *Report) writeUnread(w io.Writer) {
	ids := map[string]bool{}
	for _, result := range r.Results {
		ids[result.Check] = true
	}
	first := true
	for _, f := range r.Findings {
		if ids[f.Check] {
			continue
		}
		if first {
			fmt.Fprintf(w, "%s %-18s\n", bad, "reading")
			first = false
		}
		WriteFinding(w, f)
	}
}

func (r *Report) writeGroup(w io.Writer, group string) {
	count, mark := map[Status]int{}, good
	var ids, reasons []string
	for _, result := range r.Results {
		if result.Group != group {
			continue
		}
		ids = append(ids, result.Check)
		count[result.Status]++
		if result.Reason != "" && !slices.Contains(reasons, result.Reason) {
			reasons = append(reasons, result.Reason)
		}
	}
	switch {
	case count[Found] > 0:
		mark = bad
	case count[NotRun] > 0, count[Passed] == 0:
		mark = unknown
	}
	line := describeStatuses(count)
	if len(reasons) > 0 {
		line += ": " + strings.Join(reasons, "; ")
	}
	fmt.Fprintf(w, "%s %-18s %s\n", mark, group, line)
	for _, f := range r.Findings {
		if slices.Contains(ids, f.Check) {
			WriteFinding(w, f)
		}
	}
}

// describeStatuses counts checks by status, the good ones first.
func describeStatuses(count map[Status]int) string {
	var parts []string
	for _, s := range []Status{Passed, Found, NotRun, GoogleOnly} {
		if count[s] > 0 {
			text := string(s)
			if s == Found {
				text = "with findings"
			}
			parts = append(parts, fmt.Sprintf("%d %s", count[s], text))
		}
	}
	return strings.Join(parts, ", ")
}

// WriteFinding prints a finding with its reason and remedy.
func WriteFinding(w io.Writer, f Finding) {
	fmt.Fprintf(w, "    %s: %s: %s\n      why: %s\n      fix: %s\n", f.Severity, f.Subject, f.What, f.Why, f.Remedy)
}
