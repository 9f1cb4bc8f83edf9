package replication

import (
	"maps"
	"slices"
	"time"

	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/walstream"
)

// maxBatch is how many affected rows are collected before they are applied, which bounds memory.
const maxBatch = 4000

// batch is what has been received and not yet applied.
type batch struct {
	rows map[legacydb.Kind]map[string]*affectedRow
	// size counts the rows, changes the changes.
	size, changes int
	// transactions are those of the changes.
	transactions []uint32
	// truncated are tables that were emptied.
	truncated []string
	// end is up to where everything is in this batch or an earlier one, 0 if unknown.
	end walstream.LSN
	// committedAt is when the last complete transaction committed, oldest when the first did.
	committedAt, oldest time.Time
}

// affectedRow is a row to read again.
type affectedRow struct {
	// parents are keys of the rows above it before the changes.
	parents map[string]bool
	// children says that the rows below have to be read again.
	children bool
	// early means that a change was already in the names that were read when the session began.
	early bool
	// changedAt is when the last of the changes was committed.
	changedAt time.Time
}

func (b *batch) add(a legacydb.Affected, early bool, at time.Time) {
	if b.rows == nil {
		b.rows = map[legacydb.Kind]map[string]*affectedRow{}
	}
	if b.rows[a.Kind] == nil {
		b.rows[a.Kind] = map[string]*affectedRow{}
	}
	row := b.rows[a.Kind][a.Key]
	if row == nil {
		row = &affectedRow{}
		b.rows[a.Kind][a.Key] = row
		b.size++
	}
	if a.OldParent != "" {
		if row.parents == nil {
			row.parents = map[string]bool{}
		}
		row.parents[a.OldParent] = true
	}
	row.children = row.children || a.Children
	row.early = row.early || early
	if at.After(row.changedAt) {
		row.changedAt = at
	}
}

// keys returns the keys of a kind's rows, sorted.
func (b *batch) keys(kind legacydb.Kind) []string { return slices.Sorted(maps.Keys(b.rows[kind])) }

// withChildren returns the keys of a kind's rows whose children have to be read again, sorted.
func (b *batch) withChildren(kind legacydb.Kind) (keys []string) {
	for key, row := range b.rows[kind] {
		if row.children {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}
