// Package table prints tables whose columns line up in a terminal, also with Korean text.
package table

import (
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/width"
)

// Column is the title of a column, and whether its cells are aligned to the right.
type Column struct {
	Title string
	Right bool
}

// Write prints the titles and the rows. Each row must have one cell per column.
func Write(w io.Writer, columns []Column, rows [][]string) {
	widths := make([]int, len(columns))
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i], widths[i] = c.Title, Width(c.Title)
		for _, row := range rows {
			widths[i] = max(widths[i], Width(row[i]))
		}
	}
	for _, row := range append([][]string{titles}, rows...) {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-Width(cell))
			if columns[i].Right {
				line.WriteString(pad + cell)
			} else {
				line.WriteString(cell + pad)
			}
			line.WriteString("  ")
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// Width returns the width of s in a terminal, where wide characters such as Korean ones take two
// columns.
func Width(s string) int {
	n := 0
	for _, r := range s {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

// Cut shortens s to a width in columns of a terminal.
func Cut(s string, width int) string {
	if Width(s) <= width {
		return s
	}
	var b strings.Builder
	used := 0
	for _, r := range s {
		if used += Width(string(r)); used > width-1 {
			break
		}
		b.WriteRune(r)
	}
	return b.String() + "…"
}

// Bytes formats a size with a decimal unit.
func Bytes(n int64) string {
	switch {
	case n == 0:
		return "-"
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.2f MB", float64(n)/1e6)
}

// Count formats a number with commas between thousands.
func Count(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Counted formats a number with a noun, which takes an s in the plural.
func Counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return Count(n) + " " + noun
}
