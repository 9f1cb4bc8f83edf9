package index

import (
	"encoding/json"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/firestore/internal/query"
	"heek.kr/heektime/emulator/internal/fieldpath"
)

// need is what one alternative of a query asks of an index.
type need struct {
	group, scope string
	equal        []Field // equalities and array memberships, in any order, each once
	sort         []Field // then these, in this order
	name         string  // then the document's name, in this direction
}

// Check returns FAILED_PRECONDITION with the entry to add when production would not run the query for lack of an
// index. sums are the fields that an aggregation adds up.
func (d *Definitions) Check(q *query.Query, sums []fieldpath.Path) error {
	if q.Group == "" {
		return nil
	}
	for _, alternative := range q.Disjuncts() {
		n := needOf(q, alternative, sums)
		if err := d.check(n); err != nil {
			return err
		}
		if q.Near != nil {
			if err := d.checkVector(n, q.Near.Path.String(), len(q.Near.Vector)); err != nil {
				return err
			}
		}
	}
	return nil
}

func needOf(q *query.Query, alternative []*query.Comparison, sums []fieldpath.Path) need {
	n := need{group: q.Group, scope: Collection}
	if q.All {
		n.scope = CollectionGroup
	}
	seen := map[string]bool{}
	for _, c := range alternative {
		f := Field{FieldPath: c.Path.String()}
		switch c.Op {
		case query.Equal:
			f.Order = Ascending
		case query.ArrayContains:
			f.ArrayConfig = Contains
		default:
			continue
		}
		if !c.Path.IsName() && !seen[f.FieldPath+f.ArrayConfig] {
			seen[f.FieldPath+f.ArrayConfig] = true
			n.equal = append(n.equal, f)
		}
	}
	for _, o := range q.Orders {
		f := Field{FieldPath: o.Path.String(), Order: Ascending}
		if o.Desc {
			f.Order = Descending
		}
		if o.Path.IsName() {
			n.name = f.Order
			break
		}
		if !seen[f.FieldPath] { // an equality leaves nothing to sort
			seen[f.FieldPath] = true
			n.sort = append(n.sort, f)
		}
	}
	for _, p := range sums {
		if s := p.String(); !seen[s] && !p.IsName() {
			seen[s] = true
			n.sort = append(n.sort, Field{FieldPath: s, Order: Ascending})
		}
	}
	return n
}

// check finds the indexes that together serve a need.
func (d *Definitions) check(n need) error {
	switch {
	case len(n.sort) == 0:
		// Firestore merges the single-field indexes of equalities.
		for _, f := range n.equal {
			if !d.covered(n, f) {
				return n.missingSingle(f)
			}
		}
		return nil
	case len(n.equal) == 0 && len(n.sort) == 1 && n.name == n.sort[0].Order:
		f := n.sort[0]
		if d.single(n.group, f.FieldPath, n.scope, false, f.Order) || d.composite(n) {
			return nil
		}
		return n.missingSingle(f)
	case d.composite(n):
		return nil
	}
	return n.missing()
}

// covered reports whether an equality is served by a single-field index, or by a composite one that begins with it.
func (d *Definitions) covered(n need, f Field) bool {
	if d.single(n.group, f.FieldPath, n.scope, f.ArrayConfig != "", "") {
		return true
	}
	for _, x := range d.composites {
		if x.CollectionGroup != n.group || x.QueryScope != n.scope {
			continue
		}
		all := true
		found := false
		for _, g := range x.Fields {
			found = found || same(f, g)
			all = all && contains(n.equal, g)
		}
		if all && found {
			return true
		}
	}
	return false
}

// composite reports whether composite indexes that end with the need's sort order have, together, all its equalities
// before (https://firebase.google.com/docs/firestore/query-data/index-overview#taking_advantage_of_index_merging).
func (d *Definitions) composite(n need) bool {
	got := map[string]bool{}
	found := false
	for _, x := range d.composites {
		before, ok := n.served(x)
		if !ok {
			continue
		}
		found = true
		for _, f := range before {
			got[f.FieldPath+f.ArrayConfig] = true
		}
	}
	for _, f := range n.equal {
		if !got[f.FieldPath+f.ArrayConfig] {
			return false
		}
	}
	return found
}

// served returns the fields of x that come before the need's sort order, if they are all among its equalities.
func (n need) served(x Index) (before []Field, ok bool) {
	if x.CollectionGroup != n.group || x.QueryScope != n.scope {
		return nil, false
	}
	fields := x.Fields
	last := fields[len(fields)-1]
	name := last.Order
	if last.FieldPath == fieldpath.Name {
		fields = fields[:len(fields)-1]
	}
	k := len(fields) - len(n.sort)
	if k < 0 || name != "" && name != n.name && len(n.sort) > 0 {
		return nil, false
	}
	for i, f := range n.sort {
		if g := fields[k+i]; g.FieldPath != f.FieldPath || g.Order != f.Order {
			return nil, false
		}
	}
	for _, f := range fields[:k] {
		if !contains(n.equal, f) {
			return nil, false
		}
	}
	return fields[:k], true
}

func contains(list []Field, f Field) bool {
	for _, g := range list {
		if same(f, g) {
			return true
		}
	}
	return false
}

// same compares the fields of equalities, for which the direction makes no difference.
func same(a, b Field) bool { return a.FieldPath == b.FieldPath && a.ArrayConfig == b.ArrayConfig }

func (n need) missing() error {
	x := Index{CollectionGroup: n.group, QueryScope: n.scope, Fields: append(append([]Field(nil), n.equal...), n.sort...)}
	if len(n.sort) > 0 && n.sort[len(n.sort)-1].Order != n.name {
		x.Fields = append(x.Fields, Field{FieldPath: fieldpath.Name, Order: n.name})
	}
	return failed("The query requires an index.", "indexes", x)
}

func (n need) missingSingle(f Field) error {
	s := Single{QueryScope: n.scope, Order: f.Order, ArrayConfig: f.ArrayConfig}
	kind := map[string]string{Ascending: "ASC", Descending: "DESC", "": Contains}[f.Order]
	o := Override{CollectionGroup: n.group, FieldPath: f.FieldPath, Indexes: []Single{s}}
	if n.scope == CollectionGroup { // an override replaces the automatic ones, so it must name them too
		o.Indexes = []Single{
			{QueryScope: Collection, Order: Ascending}, {QueryScope: Collection, Order: Descending},
			{QueryScope: Collection, ArrayConfig: Contains}, s,
		}
	}
	return failed("The query requires a "+n.scope+"_"+kind+" index for collection "+n.group+" and field "+f.FieldPath+".", "fieldOverrides", o)
}

// checkVector looks for the vector index of a nearest-neighbour query.
func (d *Definitions) checkVector(n need, path string, dimension int) error {
	for _, x := range d.composites {
		if x.CollectionGroup != n.group || x.QueryScope != n.scope {
			continue
		}
		last := x.Fields[len(x.Fields)-1]
		all := last.FieldPath == path && len(last.VectorConfig) > 0
		for _, f := range n.equal {
			all = all && contains(x.Fields, f)
		}
		if all {
			return nil
		}
	}
	config, _ := json.Marshal(map[string]any{"dimension": dimension, "flat": struct{}{}})
	x := Index{CollectionGroup: n.group, QueryScope: n.scope, Fields: append(append([]Field(nil), n.equal...), Field{FieldPath: path, VectorConfig: config})}
	return failed("Missing vector index configuration.", "indexes", x)
}

func failed(what, where string, entry any) error {
	b, _ := json.MarshalIndent(entry, "", "  ")
	return status.Error(codes.FailedPrecondition, strings.Join([]string{
		what, "Add this entry to \"" + where + "\" of firestore.indexes.json:", string(b),
	}, "\n"))
}
