// Package markdown writes the tables of docs/deployment.md. The page's prose is written by hand; each
// table stands between two markers:
//
//	<!-- table: queues -->
//	…
//	<!-- end -->
package markdown

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"heek.kr/heektime/internal/deployment/spec"
)

// Page is the path of the page from the root of the repository.
const Page = "docs/deployment.md"

// sections are the tables by name.
var sections = map[string]func(*spec.Deployment) string{
	"services": services, "environment": environment, "accounts": accounts, "queues": queues, "jobs": jobs,
	"triggers": triggers, "backups": backups, "storage": storage,
}

const (
	begin = "<!-- table: "
	end   = "<!-- end -->"
)

// Update returns the page with the tables of d. It is an error if the page has an unknown table, or
// lacks one.
func Update(page string, d *spec.Deployment) (string, error) {
	var out strings.Builder
	missing := maps.Clone(sections)
	for {
		before, rest, ok := strings.Cut(page, begin)
		out.WriteString(before)
		if !ok {
			break
		}
		name, rest, ok1 := strings.Cut(rest, " -->")
		_, rest, ok2 := strings.Cut(rest, end)
		write := missing[name]
		if !ok1 || !ok2 || write == nil {
			return "", fmt.Errorf("%s: the table %q is unknown, stands twice or has no %s", Page, name, end)
		}
		delete(missing, name)
		out.WriteString(begin + name + " -->\n" + write(d) + end)
		page = rest
	}
	if len(missing) > 0 {
		return "", fmt.Errorf("%s lacks the tables %v: add %sNAME --> and %s", Page, slices.Sorted(maps.Keys(missing)), begin, end)
	}
	return out.String(), nil
}

// table is a table of Markdown.
func table(header []string, rows [][]string) string {
	var out strings.Builder
	line := func(cells []string) { out.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(header)
	out.WriteString(strings.Repeat("|---", len(header)) + "|\n")
	for _, row := range rows {
		for i, cell := range row {
			row[i] = strings.ReplaceAll(cell, "|", "\\|")
		}
		line(row)
	}
	return out.String()
}
