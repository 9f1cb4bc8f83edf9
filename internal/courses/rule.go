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

// tagRule marks lectures.
type tagRule struct {
	rule
	tag string
}

// newRules reads rules with " | " between them, one of which is to hold.
func newRules(s string) ([]rule, error) {
	var rules []rule
	for one := range strings.SplitSeq(s, " | ") {
		var r rule
		var ok bool
		if r.header, r.text, ok = strings.Cut(one, " contains "); !ok {
			r.header, r.text, ok = strings.Cut(one, " is ")
			r.exact = true
		}
		r.header, r.text = clean(r.header), clean(r.text)
		if !ok || r.header == "" || r.text == "" {
			return nil, errors.New("a rule is written HEADER contains TEXT or HEADER is TEXT")
		}
		rules = append(rules, r)
	}
	return rules, nil
}

func (r rule) key() string { return "rule." + r.header }

func (r rule) holds(rec record) bool {
	cell := rec.text(r.key())
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
