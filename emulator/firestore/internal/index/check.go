package index

import (
	"encoding/json"

	"heek.kr/heektime/emulator/firestore/internal/query"
	"heek.kr/heektime/emulator/internal/fieldpath"
)

// Check returns FAILED_PRECONDITION with the entry to add if production would reject the query for
// lack of an index. sums are the fields that an aggregation sums up.
func (d *Definitions) Check(q *query.Query, sums []fieldpath.Path) error {
	if q.Group == "" {
		return nil
	}
	for _, disjunct := range q.Disjuncts() {
		r := requirementOf(q, disjunct, sums)
		if err := d.check(r); err != nil {
			return err
		}
		if q.Near != nil {
			if err := d.checkVector(r, q.Near.Path.String(), len(q.Near.Vector)); err != nil {
				return err
			}
		}
	}
	return nil
}

// check finds indexes that together satisfy a requirement.
func (d *Definitions) check(r requirement) error {
	switch {
	case r.onlyNameDescending():
		if d.composite(r) {
			return nil
		}
		return r.missingComposite()
	case len(r.sort)+len(r.sums) == 0:
		// Firestore can merge the single-field indexes of equalities.
		for _, f := range r.equal {
			if !d.covered(r, f) {
				return r.missingSingle(f)
			}
		}
		return nil
	case len(r.equal) == 0 && len(r.sort) == 0 && len(r.sums) == 1:
		f := r.sums[0]
		if d.single(r.group, f.FieldPath, r.scope, false, "") || d.composite(r) {
			return nil
		}
		return r.missingSingle(f)
	case len(r.equal) == 0 && len(r.sums) == 0 && len(r.sort) == 1 && r.name == r.sort[0].Order:
		f := r.sort[0]
		if d.single(r.group, f.FieldPath, r.scope, false, f.Order) || d.composite(r) {
			return nil
		}
		return r.missingSingle(f)
	case d.composite(r):
		return nil
	}
	return r.missingComposite()
}

// onlyNameDescending reports whether the query lists documents by name in descending order, for which
// production has no automatic index, nor for limitToLast by name, which the SDKs send this way
// (https://github.com/firebase/flutterfire/issues/4398).
func (r requirement) onlyNameDescending() bool {
	return len(r.equal)+len(r.sort)+len(r.sums) == 0 && r.name == Descending && !r.named
}

// covered reports whether an equality can use a single-field index, or a composite one that
// contains only equalities of the query.
func (d *Definitions) covered(r requirement, f Field) bool {
	if d.single(r.group, f.FieldPath, r.scope, f.ArrayConfig != "", "") {
		return true
	}
	for _, x := range d.composites {
		if x.CollectionGroup != r.group || x.QueryScope != r.scope {
			continue
		}
		all := true
		found := false
		for _, g := range x.Fields {
			found = found || same(f, g)
			all = all && contains(r.equal, g)
		}
		if all && found {
			return true
		}
	}
	return false
}

// composite reports whether composite indexes that end with the required sort order together
// contain all equalities
// (https://firebase.google.com/docs/firestore/query-data/index-overview#taking_advantage_of_index_merging).
func (d *Definitions) composite(r requirement) bool {
	got := map[string]bool{}
	found := false
	for _, x := range d.composites {
		before, ok := r.usable(x)
		if !ok {
			continue
		}
		found = true
		for _, f := range before {
			got[f.FieldPath+f.ArrayConfig] = true
		}
	}
	for _, f := range r.equal {
		if !got[f.FieldPath+f.ArrayConfig] {
			return false
		}
	}
	return found
}

// usable returns the fields of x before the required sort order, if they are all equalities of the
// query.
func (r requirement) usable(x Index) (before []Field, ok bool) {
	if x.CollectionGroup != r.group || x.QueryScope != r.scope {
		return nil, false
	}
	fields := x.Fields
	last := fields[len(fields)-1]
	name := last.Order
	if last.FieldPath == fieldpath.Name {
		fields = fields[:len(fields)-1]
	}
	k := len(fields) - len(r.sort) - len(r.sums)
	ordered := len(r.sort) > 0 || r.onlyNameDescending()
	if k < 0 || name != "" && name != r.name && ordered && len(r.sums) == 0 {
		return nil, false
	}
	// The order of the summed fields does not matter, since a sum has no order.
	for _, f := range r.sums {
		if !contains(fields[k+len(r.sort):], f) {
			return nil, false
		}
	}
	for i, f := range r.sort {
		if g := fields[k+i]; g.FieldPath != f.FieldPath || g.Order != f.Order {
			return nil, false
		}
	}
	for _, f := range fields[:k] {
		if !contains(r.equal, f) {
			return nil, false
		}
	}
	return fields[:k], true
}

// checkVector finds the vector index of a nearest-neighbor query.
func (d *Definitions) checkVector(r requirement, path string, dimension int) error {
	for _, x := range d.composites {
		if x.CollectionGroup != r.group || x.QueryScope != r.scope {
			continue
		}
		last := x.Fields[len(x.Fields)-1]
		all := last.FieldPath == path && len(last.VectorConfig) > 0
		for _, f := range r.equal {
			all = all && contains(x.Fields, f)
		}
		if all {
			return nil
		}
	}
	config, _ := json.Marshal(map[string]any{"dimension": dimension, "flat": struct{}{}})
	x := Index{CollectionGroup: r.group, QueryScope: r.scope, Fields: append(append([]Field(nil), r.equal...), Field{FieldPath: path, VectorConfig: config})}
	return failedPrecondition("Missing vector index configuration.", "indexes", x)
}

func contains(list []Field, f Field) bool {
	for _, g := range list {
		if same(f, g) {
			return true
		}
	}
	return false
}

// same compares fields of equalities, for which the direction does not matter.
func same(a, b Field) bool { return a.FieldPath == b.FieldPath && a.ArrayConfig == b.ArrayConfig }
