// Package index checks whether a query has the composite indexes that production requires.
//
// [Parse] reads the indexes of a firestore.indexes.json, and [Definitions.Check] reports the entry
// that a query lacks. The package has nothing to do with how the emulator runs queries, which is up
// to package query.
package index

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"heek.kr/heektime/emulator/internal/fieldpath"
)

// The values of queryScope, order and arrayConfig in firestore.indexes.json
// (https://firebase.google.com/docs/reference/firestore/indexes).
const (
	Collection      = "COLLECTION"
	CollectionGroup = "COLLECTION_GROUP"
	Ascending       = "ASCENDING"
	Descending      = "DESCENDING"
	Contains        = "CONTAINS"
)

// Definitions holds the indexes of a database in addition to the automatic ones.
type Definitions struct {
	composites []Index
	overrides  map[fieldKey][]Single
	overridden map[string]bool // the collection groups that have overrides
	ttls       []TTL
}

// TTL is a field of a collection group whose time says when Firestore may delete the document.
type TTL struct {
	Group string
	Path  fieldpath.Path
}

// TTLs returns the TTL fields.
func (d *Definitions) TTLs() []TTL { return d.ttls }

type fieldKey struct{ group, path string }

// Index is a composite index: an entry of "indexes".
type Index struct {
	CollectionGroup string  `json:"collectionGroup"`
	QueryScope      string  `json:"queryScope"`
	Fields          []Field `json:"fields"`
}

// Field is a field of a composite index.
type Field struct {
	FieldPath    string          `json:"fieldPath"`
	Order        string          `json:"order,omitempty"`
	ArrayConfig  string          `json:"arrayConfig,omitempty"`
	VectorConfig json.RawMessage `json:"vectorConfig,omitempty"`
}

// Override is an entry of "fieldOverrides". It replaces the automatic single-field indexes of a
// field.
type Override struct {
	CollectionGroup string   `json:"collectionGroup"`
	FieldPath       string   `json:"fieldPath"`
	Indexes         []Single `json:"indexes"`
	TTL             bool     `json:"ttl"`
}

// Single is a single-field index.
type Single struct {
	QueryScope  string `json:"queryScope"`
	Order       string `json:"order,omitempty"`
	ArrayConfig string `json:"arrayConfig,omitempty"`
}

// Parse parses a firestore.indexes.json. Empty text defines no indexes. Errors name the invalid
// entry.
func Parse(text []byte) (*Definitions, error) {
	d := &Definitions{overrides: map[fieldKey][]Single{}, overridden: map[string]bool{}}
	if len(text) == 0 {
		return d, nil
	}
	var file struct {
		Indexes        []Index    `json:"indexes"`
		FieldOverrides []Override `json:"fieldOverrides"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("parse index definitions: %w", err)
	}
	if err := checkKeys(text); err != nil {
		return nil, err
	}
	for i, x := range file.Indexes {
		if err := x.normalize(); err != nil {
			return nil, fmt.Errorf("index definitions: indexes[%d]: %w", i, err)
		}
		d.composites = append(d.composites, x)
	}
	for i, o := range file.FieldOverrides {
		if o.CollectionGroup == "" {
			return nil, fmt.Errorf("index definitions: fieldOverrides[%d]: collectionGroup is required", i)
		}
		path := "*"
		if o.FieldPath != "*" {
			p, err := fieldpath.Parse(o.FieldPath)
			if err != nil {
				return nil, fmt.Errorf("index definitions: fieldOverrides[%d]: %w", i, err)
			}
			path = p.String()
			if o.TTL {
				d.ttls = append(d.ttls, TTL{o.CollectionGroup, p})
			}
		}
		for j := range o.Indexes {
			if err := scope(&o.Indexes[j].QueryScope); err != nil {
				return nil, fmt.Errorf("index definitions: fieldOverrides[%d].indexes[%d]: %w", i, j, err)
			}
		}
		d.overrides[fieldKey{o.CollectionGroup, path}] = o.Indexes
		d.overridden[o.CollectionGroup] = true
	}
	return d, nil
}

// checkKeys refuses lists that have another name: without its indexes, a project's queries fail.
func checkKeys(text []byte) error {
	var lists map[string]json.RawMessage
	if err := json.Unmarshal(text, &lists); err != nil {
		return fmt.Errorf("parse index definitions: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		if name != "indexes" && name != "fieldOverrides" && !strings.HasPrefix(name, "$") {
			return fmt.Errorf("index definitions: there is no key %q: the lists are \"indexes\" and \"fieldOverrides\"", name)
		}
	}
	return nil
}

func scope(s *string) error {
	switch *s {
	case "":
		*s = Collection
	case Collection, CollectionGroup:
	default:
		return fmt.Errorf("queryScope %q: want %s or %s", *s, Collection, CollectionGroup)
	}
	return nil
}

// normalize checks an index and rewrites its field paths in canonical form.
func (x *Index) normalize() error {
	if x.CollectionGroup == "" {
		return fmt.Errorf("collectionGroup is required")
	}
	if err := scope(&x.QueryScope); err != nil {
		return err
	}
	if len(x.Fields) == 0 {
		return fmt.Errorf("fields are required")
	}
	fields := append([]Field(nil), x.Fields...)
	for i, f := range fields {
		p, err := fieldpath.Parse(f.FieldPath)
		if err != nil {
			return fmt.Errorf("fields[%d]: %w", i, err)
		}
		fields[i].FieldPath = p.String()
		set := 0
		for _, ok := range []bool{f.Order == Ascending || f.Order == Descending, f.ArrayConfig == Contains, len(f.VectorConfig) > 0} {
			if ok {
				set++
			}
		}
		if set != 1 {
			return fmt.Errorf("fields[%d]: exactly one of order (%s or %s), arrayConfig (%s) and vectorConfig is required", i, Ascending, Descending, Contains)
		}
	}
	x.Fields = fields
	return nil
}

// override returns the single-field indexes of a field, if they differ from the automatic ones: its own,
// or those of the nearest map that contains it, or those of all fields.
func (d *Definitions) override(group, path string) (list []Single, ok bool) {
	if p, err := fieldpath.Parse(path); err == nil {
		for ; len(p) > 0; p = p[:len(p)-1] {
			if list, ok := d.overrides[fieldKey{group, p.String()}]; ok {
				return list, true
			}
		}
	}
	list, ok = d.overrides[fieldKey{group, "*"}]
	return list, ok
}

// single reports whether a field has a suitable single-field index. By default fields have all
// single-field indexes of collection scope and none of collection group scope.
func (d *Definitions) single(group, path, queryScope string, array bool, order string) bool {
	list, ok := d.override(group, path)
	if !ok {
		return queryScope == Collection
	}
	for _, s := range list {
		if s.QueryScope != queryScope {
			continue
		}
		if array && s.ArrayConfig == Contains || !array && s.Order != "" && (order == "" || s.Order == order) {
			return true
		}
	}
	return false
}
