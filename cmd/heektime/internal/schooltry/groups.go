package schooltry

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/importreport"
)

// variable matches the part of a reason that differs from row to row.
var variable = regexp.MustCompile(`“[^”]*”|"(?:[^"\\]|\\.)*"|\d+(?:[.:]\d+)*`)

// group is rows that were left out for the same kind of reason.
type group struct {
	reason string // with … for what differs
	rows   []importreport.SkippedRow
}

// groups groups rows by reason, the most frequent first.
func groups(rows []importreport.SkippedRow) []group {
	var list []group
	index := map[string]int{}
	for _, row := range rows {
		kind := variable.ReplaceAllString(row.Reason, "…")
		i, ok := index[kind]
		if !ok {
			i, index[kind] = len(list), len(list)
			list = append(list, group{reason: row.Reason})
		}
		if list[i].reason != row.Reason {
			list[i].reason = kind
		}
		list[i].rows = append(list[i].rows, row)
	}
	slices.SortStableFunc(list, func(a, b group) int { return len(b.rows) - len(a.rows) })
	return list
}

// writeSkipped shows why rows were left out.
func writeSkipped(w io.Writer, p *courses.Preview) {
	if len(p.Skipped) == 0 {
		return
	}
	fmt.Fprintln(w, "\nleft out")
	list := groups(p.Skipped)
	for i, g := range list {
		if i == maxGroups {
			fmt.Fprintf(w, "  … and %d other reasons\n", len(list)-maxGroups)
			break
		}
		fmt.Fprintln(w, "  "+table.Cut(fmt.Sprintf("%d× %s", len(g.rows), g.reason), lineWidth-2))
		for i, row := range g.rows {
			if i == 3 {
				fmt.Fprintln(w, "      "+table.Cut("also "+rowNumbers(g.rows[3:]), lineWidth-6))
				break
			}
			line := row.Row + ": " + row.Text
			if g.reason != row.Reason {
				line = row.Row + ": " + row.Reason + ": " + row.Text
			}
			fmt.Fprintln(w, "      "+table.Cut(line, lineWidth-6))
		}
	}
}

// rowNumbers lists rows such as "row 7" and "row 9" as "rows 7, 9".
func rowNumbers(rows []importreport.SkippedRow) string {
	var names []string
	for i, row := range rows {
		if i == 15 {
			names = append(names, "…")
			break
		}
		names = append(names, strings.TrimPrefix(row.Row, "row "))
	}
	return "rows " + strings.Join(names, ", ")
}
