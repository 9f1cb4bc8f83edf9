package legacydb

import (
	"fmt"
	"slices"
	"strings"
)

// Op is what a change did to a table's row.
type Op int

// The operations.
const (
	Insert Op = iota + 1
	Update
	Delete
)

// Tuple has the columns of a table's row, nil for NULL. A column that the replication stream did not
// send, because its value is large and unchanged, is absent. So are, in an old tuple, columns outside of
// the replica identity: pgoutput sends NULL for them, and relation messages flag those that are in it.
type Tuple map[string]*string

// Change is a change of a row of a table, as logical replication describes it.
type Change struct {
	// Table has a schema: public.lectures.
	Table string
	Op    Op
	// Old is nil for an insert, and for an update that left the replica identity unchanged. New is nil
	// for a deletion.
	Old, New Tuple
}

// Affected is a row that has to be read again. If it is gone, its document has to be deleted.
type Affected struct {
	Kind Kind
	Key  string
	// OldParent is the key of the row above before the change, "" if it is unknown or the table has no
	// parent column. A document below another parent has to be deleted.
	OldParent string
	// Children says that the rows below have to be read again, too, with [ByParent].
	Children bool
}

// Affected returns the rows that a change affects, none if the mapping does not use the table. The error
// names the table and the command that mends it, if the replica identity lacks a column.
func (db *DB) Affected(c Change) ([]Affected, error) {
	var all []Affected
	for _, kind := range Kinds() {
		table, ok := db.Mapping.Rows[kind].Tables[c.Table]
		if !ok {
			continue
		}
		if err := table.check(c); err != nil {
			return nil, err
		}
		parent := db.key(parentOf[kind], c.Old[table.Parent])
		for _, value := range []*string{c.Old[table.Key], c.New[table.Key]} {
			key := db.key(kind, value)
			if key == "" || slices.ContainsFunc(all, func(a Affected) bool { return a.Kind == kind && a.Key == key }) {
				continue
			}
			all = append(all, Affected{Kind: kind, Key: key, OldParent: parent, Children: table.changesChildren(c)})
		}
	}
	return all, nil
}

// key returns a value as [Row] has it. char(n) is sent with the spaces that pad it, and cast without.
func (db *DB) key(kind Kind, value *string) string {
	if value == nil {
		return ""
	}
	if s := db.selects[kind]; s != nil && s.keyType == "bpchar" {
		return strings.TrimRight(*value, " ")
	}
	return *value
}

// check rejects a change without the columns that say which row it affects.
func (t Table) check(c Change) error {
	for _, name := range t.columns() {
		_, inNew := c.New[name]
		_, inOld := c.Old[name]
		switch {
		case c.Op != Delete && !inNew && !inOld:
			return fmt.Errorf("a change of table %s has no column %s: it was dropped or renamed, or the mapping is of another table", c.Table, name)
		case c.Op == Delete && !inOld, c.Op == Update && c.Old != nil && !inOld:
			return fmt.Errorf("the replica identity of table %s lacks column %s: ALTER TABLE %s REPLICA IDENTITY FULL", c.Table, name, QuoteTable(c.Table))
		}
	}
	return nil
}

// changesChildren reports whether a change affects the rows below. An update without an old tuple left
// the replica identity unchanged, which has all columns that count.
func (t Table) changesChildren(c Change) bool {
	if len(t.Children) == 0 || c.Op == Update && c.Old == nil {
		return false
	}
	return c.Op != Update || slices.ContainsFunc(t.Children, func(name string) bool {
		value, sent := c.New[name]
		return sent && !equal(c.Old[name], value)
	})
}

func equal(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }

// QuoteTable quotes the name of a table with a schema for SQL, like [QuoteName].
func QuoteTable(table string) string {
	schema, name, _ := strings.Cut(table, ".")
	return QuoteName(schema) + "." + QuoteName(name)
}

// QuoteName quotes a name for SQL only if it needs quotes, so that commands stay readable.
func QuoteName(name string) string {
	if name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == "" && (name[0] == '_' || name[0] > '9') {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
