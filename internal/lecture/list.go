package lecture

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// List is a semester's course list.
type List []Lecture

// Sort puts the list into its canonical order, by identifier, so that a school that answers in another order
// does not make another list.
func (list List) Sort() {
	slices.SortFunc(list, func(a, b Lecture) int { return strings.Compare(a.Identifier, b.Identifier) })
}

// Validate refuses a list that clients could not use: a lecture that is not valid or an identifier that stands twice.
// The list must be sorted. The error names the first lecture that is wrong.
func (list List) Validate() error {
	for i := range list {
		if err := list[i].Validate(); err != nil {
			return fmt.Errorf("lecture %d (%q): %w", i, list[i].Identifier, err)
		}
		if i > 0 {
			switch c := strings.Compare(list[i-1].Identifier, list[i].Identifier); {
			case c == 0:
				return fmt.Errorf("identifier %q stands twice", list[i].Identifier)
			case c > 0:
				return fmt.Errorf("the list is not sorted at %q", list[i].Identifier)
			}
		}
	}
	return nil
}

// Encode writes the list as clients load it: a JSON array, a lecture a line, keys in the order of the contract, no key
// missing and none null. The same list gives the same bytes.
func (list List) Encode(w io.Writer) error {
	buf := bufio.NewWriter(w)
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	buf.WriteByte('[')
	for i, l := range list {
		if i > 0 {
			buf.WriteByte(',')
		}
		buf.WriteByte('\n')
		line.Reset()
		if err := enc.Encode(l.complete()); err != nil {
			return fmt.Errorf("encode lecture %q: %w", l.Identifier, err)
		}
		buf.Write(bytes.TrimRight(line.Bytes(), "\n"))
	}
	buf.WriteString("\n]\n")
	if err := buf.Flush(); err != nil {
		return fmt.Errorf("write course list: %w", err)
	}
	return nil
}

// Decode reads what [List.Encode] wrote.
func Decode(r io.Reader) (List, error) {
	var list List
	if err := json.NewDecoder(r).Decode(&list); err != nil {
		return nil, fmt.Errorf("decode course list: %w", err)
	}
	return list, nil
}

// complete gives every list of l a value, because an absent one would be null in JSON.
func (l Lecture) complete() Lecture {
	if l.Times == nil {
		l.Times = []Time{}
	}
	if l.Category == nil {
		l.Category = []string{}
	}
	if l.Metas == nil {
		l.Metas = []Meta{}
	}
	return l
}
