package plan

import (
	"cmp"
	"slices"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
)

// maxExamples is how many findings a group keeps.
const maxExamples = 5

// Group is findings of the same sort.
type Group struct {
	Kind legacydb.Kind
	// Column is "" if the findings are about whole rows.
	Column, Problem string
	Action          legacydb.Action
	Count           int64
	// WholeRow means that what is left out is the row, not an entry of it.
	WholeRow bool
	TellUser bool
	Examples []conversion.Finding
}

type groupKey struct {
	kind            legacydb.Kind
	column, problem string
	action          legacydb.Action
}

// group adds a finding to its group.
func group(groups map[groupKey]*Group, f conversion.Finding) {
	key := groupKey{f.Kind, f.Column(), f.Problem, f.Action}
	g := groups[key]
	if g == nil {
		g = &Group{Kind: f.Kind, Column: f.Column(), Problem: f.Problem, Action: f.Action, WholeRow: f.WholeRow(), TellUser: f.TellUser}
		groups[key] = g
	}
	g.Count++
	if len(g.Examples) < maxExamples {
		g.Examples = append(g.Examples, f)
	}
}

// sorted returns the groups: what is lost first, then what users notice, then the most frequent.
func sorted(groups map[groupKey]*Group) []Group {
	var list []Group
	for _, g := range groups {
		list = append(list, *g)
	}
	gravity := func(g Group) int {
		switch {
		case g.Action == legacydb.LeaveOut && g.WholeRow:
			return 0
		case g.TellUser:
			return 1
		case g.Action == legacydb.LeaveOut:
			return 2
		}
		return 3
	}
	order := legacydb.Kinds()
	slices.SortFunc(list, func(a, b Group) int {
		return cmp.Or(gravity(a)-gravity(b), slices.Index(order, a.Kind)-slices.Index(order, b.Kind), cmp.Compare(b.Count, a.Count),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Problem, b.Problem), cmp.Compare(a.Action, b.Action))
	})
	return list
}
