package legacydb

// Op is what a change did to a table's row.
type Op int

// The operations.
const (
	Insert Op = iota + 1
	Update
	Delete
)

// Tuple has the columns of a table's row, nil for NULL. A column that the replication stream did not
// send, because its value is large and unchanged, is absent.
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
func (m *Mapping) Affected(c Change) ([]Affected, error) {
	panic("TODO")
}
