package listen

import (
	"heek.kr/heektime/emulator/firestore/internal/query"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/fieldpath"
	"heek.kr/heektime/emulator/internal/value"
)

// queryIndex holds the query targets of one collection or collection group. Targets with the same
// query are evaluated together, and queries with an equality filter are found by its value.
type queryIndex struct {
	queries map[string]*queryTargets              // by query key
	byValue map[string]map[string][]*queryTargets // by field path, then by the value's key
	paths   map[string]fieldpath.Path             // the field paths in byValue
	others  []*queryTargets                       // queries without an equality filter
}

// queryTargets holds the targets of one query.
type queryTargets struct {
	query   *query.Query
	targets map[*target]bool
	path    fieldpath.Path // of the equality filter, nil for none
	key     string         // of the value in the equality filter
}

func addTo[K comparable](m map[K]*queryIndex, k K, t *target) {
	x := m[k]
	if x == nil {
		x = &queryIndex{queries: map[string]*queryTargets{}, byValue: map[string]map[string][]*queryTargets{}, paths: map[string]fieldpath.Path{}}
		m[k] = x
	}
	qt := x.queries[t.queryKey]
	if qt == nil {
		qt = &queryTargets{query: t.query, targets: map[*target]bool{}}
		x.queries[t.queryKey] = qt
		x.add(qt)
	}
	qt.targets[t] = true
}

func removeFrom[K comparable](m map[K]*queryIndex, k K, t *target) {
	x := m[k]
	if x == nil || x.queries[t.queryKey] == nil {
		return
	}
	qt := x.queries[t.queryKey]
	if delete(qt.targets, t); len(qt.targets) > 0 {
		return
	}
	delete(x.queries, t.queryKey)
	x.remove(qt)
	if len(x.queries) == 0 {
		delete(m, k)
	}
}

// add makes a query findable by changes.
func (x *queryIndex) add(qt *queryTargets) {
	c := qt.query.Equality()
	if c == nil {
		x.others = append(x.others, qt)
		return
	}
	qt.path, qt.key = c.Path, string(value.AppendKey(nil, c.Value))
	p := c.Path.String()
	if x.byValue[p] == nil {
		x.byValue[p] = map[string][]*queryTargets{}
		x.paths[p] = c.Path
	}
	x.byValue[p][qt.key] = append(x.byValue[p][qt.key], qt)
}

func (x *queryIndex) remove(qt *queryTargets) {
	if qt.path == nil {
		x.others = without(x.others, qt)
		return
	}
	p := qt.path.String()
	if x.byValue[p][qt.key] = without(x.byValue[p][qt.key], qt); len(x.byValue[p][qt.key]) > 0 {
		return
	}
	if delete(x.byValue[p], qt.key); len(x.byValue[p]) == 0 {
		delete(x.byValue, p)
		delete(x.paths, p)
	}
}

func without(list []*queryTargets, qt *queryTargets) []*queryTargets {
	for i := range list {
		if list[i] == qt {
			return append(list[:i:i], list[i+1:]...)
		}
	}
	return list
}

// match calls hit for the targets whose results a change affects, and miss for others that were
// checked.
func (x *queryIndex) match(ch store.Change, hit, miss func(*target)) {
	check := func(qt *queryTargets) {
		f := miss
		if qt.query.Match(ch.Old) || qt.query.Match(ch.New) {
			f = hit
		}
		for t := range qt.targets {
			f(t)
		}
	}
	for _, qt := range x.others {
		check(qt)
	}
	var buf [64]byte
	for p, byKey := range x.byValue {
		var last string
		for i, d := range [2]*store.Document{ch.Old, ch.New} {
			if !d.Exists() {
				continue
			}
			v := d.Fields.At(x.paths[p])
			if !v.Exists() {
				continue
			}
			key := string(value.AppendKey(buf[:0], v))
			if i == 1 && key == last {
				continue
			}
			last = key
			for _, qt := range byKey[key] {
				check(qt)
			}
		}
	}
}

func (x *queryIndex) each(f func(*target)) {
	for _, qt := range x.queries {
		for t := range qt.targets {
			f(t)
		}
	}
}
