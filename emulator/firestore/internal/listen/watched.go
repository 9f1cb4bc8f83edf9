package listen

import (
	"heek.kr/heektime/emulator/firestore/internal/query"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/fieldpath"
	"heek.kr/heektime/emulator/internal/value"
)

// watched is the query targets of one collection or collection group. Targets with the same query are looked at once;
// queries that ask for a field to have one value are found by that value.
type watched struct {
	queries map[string]*watchers              // by the query itself
	byValue map[string]map[string][]*watchers // by field path, then by the value's key
	paths   map[string]fieldpath.Path
	rest    []*watchers
}

// watchers are the targets of one query.
type watchers struct {
	query   *query.Query
	targets map[*target]bool
	path    fieldpath.Path // of the equality by which they are found; nil for none
	key     string
}

func addTo[K comparable](m map[K]*watched, k K, t *target) {
	w := m[k]
	if w == nil {
		w = &watched{queries: map[string]*watchers{}, byValue: map[string]map[string][]*watchers{}, paths: map[string]fieldpath.Path{}}
		m[k] = w
	}
	ws := w.queries[t.text]
	if ws == nil {
		ws = &watchers{query: t.query, targets: map[*target]bool{}}
		w.queries[t.text] = ws
		w.file(ws)
	}
	ws.targets[t] = true
}

func removeFrom[K comparable](m map[K]*watched, k K, t *target) {
	w := m[k]
	if w == nil || w.queries[t.text] == nil {
		return
	}
	ws := w.queries[t.text]
	if delete(ws.targets, t); len(ws.targets) > 0 {
		return
	}
	delete(w.queries, t.text)
	w.unfile(ws)
	if len(w.queries) == 0 {
		delete(m, k)
	}
}

// file puts a query where changes find it.
func (w *watched) file(ws *watchers) {
	c := ws.query.Equality()
	if c == nil {
		w.rest = append(w.rest, ws)
		return
	}
	ws.path, ws.key = c.Path, string(value.AppendKey(nil, c.Value))
	p := c.Path.String()
	if w.byValue[p] == nil {
		w.byValue[p] = map[string][]*watchers{}
		w.paths[p] = c.Path
	}
	w.byValue[p][ws.key] = append(w.byValue[p][ws.key], ws)
}

func (w *watched) unfile(ws *watchers) {
	if ws.path == nil {
		w.rest = without(w.rest, ws)
		return
	}
	p := ws.path.String()
	if w.byValue[p][ws.key] = without(w.byValue[p][ws.key], ws); len(w.byValue[p][ws.key]) > 0 {
		return
	}
	if delete(w.byValue[p], ws.key); len(w.byValue[p]) == 0 {
		delete(w.byValue, p)
		delete(w.paths, p)
	}
}

func without(list []*watchers, ws *watchers) []*watchers {
	for i := range list {
		if list[i] == ws {
			return append(list[:i:i], list[i+1:]...)
		}
	}
	return list
}

// concerned calls hit for the targets whose results a change touches, and near for others that were looked at.
func (w *watched) concerned(ch store.Change, hit, near func(*target)) {
	look := func(ws *watchers) {
		f := near
		if ws.query.Match(ch.Old) || ws.query.Match(ch.New) {
			f = hit
		}
		for t := range ws.targets {
			f(t)
		}
	}
	for _, ws := range w.rest {
		look(ws)
	}
	var buf [64]byte
	for p, byKey := range w.byValue {
		var last string
		for i, d := range [2]*store.Document{ch.Old, ch.New} {
			if !d.Exists() {
				continue
			}
			v := d.Fields.At(w.paths[p])
			if !v.Exists() {
				continue
			}
			key := string(value.AppendKey(buf[:0], v))
			if i == 1 && key == last {
				continue
			}
			last = key
			for _, ws := range byKey[key] {
				look(ws)
			}
		}
	}
}

func (w *watched) each(f func(*target)) {
	for _, ws := range w.queries {
		for t := range ws.targets {
			f(t)
		}
	}
}
