package courses

import (
	"errors"
	"strings"
)

// rule is a condition on one cell of a row: "HEADER contains TEXT" or "HEADER is TEXT".
type rule struct {
	header string
	exact  bool
	text   string
}

// tagRule tags the lectures of the rows that it matches.
type tagRule struct {
	rule
	tag string
}

// parseRules parses rules separated by " | ". A row must match one of them.
func parseRules(s string) ([]rule, error) {
	var rules []rule
	for one := range strings.SplitSeq(s, " | ") {
		var r rule
		var ok bool
		if r.header, r.text, ok = strings.Cut(one, " contains "); !ok {
			r.header, r.text, ok = strings.Cut(one, " is ")
			r.exact = true
		}
		r.header, r.text = cleanText(r.header), cleanText(r.text)
		if !ok || r.header == "" || r.text == "" {
			return nil, errors.New("a rule is written HEADER contains TEXT or HEADER is TEXT")
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// columnKey is the key of the column that the rule reads.
func (r rule) columnKey() string { return columnKey(r.header) }

func (r rule) matches(row tableRow) bool {
	cell := row.text(r.columnKey())
	if r.exact {
		return cell == r.text
	}
	return strings.Contains(cell, r.text)
}

func (r rule) String() string {
	verb := " contains "
	if r.exact {
		verb = " is "
	}
	return r.header + verb + r.text
}
