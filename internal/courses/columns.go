package courses

import (
	"fmt"
	"strings"
)

// column is one column that an adapter looks for in a header.
type column struct {
	// key is the adapter's name for the column.
	key string
	// names are the texts by which schools head it, the most likely first.
	names []string
	// required columns identify the header: a row that lacks one is not it.
	required bool
	// option is the option of the adapter sheet that names the column, "" in other adapters.
	option string
}

// describe names the column in an error.
func (c column) describe() string {
	if c.option == "" {
		return c.names[0]
	}
	return c.names[0] + " (option " + c.option + ")"
}

// purpose names what the column is for: the part of a lecture if the adapter is sheet, else the key.
func (c column) purpose() string {
	if c.option == "" {
		return c.key
	}
	return strings.TrimPrefix(c.option, "column.")
}

// findColumns returns the positions of the columns in a header, by key. It first matches cells that
// equal one of the names, then, among the remaining cells, those that begin with one, and last those
// that contain one. Case and spaces are ignored. A name that matches several cells is not assigned
// to any of them, because a missing column is better than a wrong one; the error says so.
func findColumns(columns []column, header []string) (map[string]int, error) {
	cells := make([]string, len(header))
	for i, c := range header {
		cells[i] = normalizeHeader(c)
	}
	index, taken := map[string]int{}, make([]bool, len(header))
	var ambiguous error
	for _, matches := range []func(cell, name string) bool{
		func(cell, name string) bool { return cell == name },
		strings.HasPrefix,
		strings.Contains,
	} {
		for _, c := range columns {
			if _, found := index[c.key]; found {
				continue
			}
			if i, found := indexOfName(columns, index, c.names[0]); found {
				index[c.key] = i // two keys for the same column
				continue
			}
			for _, name := range c.names {
				name = normalizeHeader(name)
				var at []int
				for i, cell := range cells {
					if !taken[i] && matches(cell, name) {
						at = append(at, i)
					}
				}
				if len(at) > 1 && c.required {
					ambiguous = fmt.Errorf("column %s could be %q or %q", c.describe(),
						truncate(cleanText(header[at[0]]), 30), truncate(cleanText(header[at[1]]), 30))
				}
				if len(at) == 1 {
					index[c.key], taken[at[0]] = at[0], true
					break
				}
			}
		}
	}
	for _, c := range columns {
		if _, found := index[c.key]; c.required && !found {
			return index, ambiguous
		}
	}
	return index, nil
}

// indexOfName returns where a column with the same first name was found.
func indexOfName(columns []column, index map[string]int, name string) (int, bool) {
	for _, c := range columns {
		if i, found := index[c.key]; found && c.names[0] == name {
			return i, true
		}
	}
	return 0, false
}
