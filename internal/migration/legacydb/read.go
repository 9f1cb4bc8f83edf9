package legacydb

import (
	"context"
	"iter"
)

// Rows reads all rows of a kind in the order of their keys, those after a key or, if it is "", all. It
// streams them: memory does not depend on how many there are. Rows without a key are skipped.
func Rows[T Row](ctx context.Context, r *Reader, after string) iter.Seq2[T, error] {
	panic("TODO")
}

// ByKey reads the rows with these keys, in the order of their keys. Keys that no row has are skipped.
func ByKey[T Row](ctx context.Context, r *Reader, keys []string) ([]T, error) {
	panic("TODO")
}

// ByParent reads the rows below these: the timetables of users, or the lectures of timetables.
func ByParent[T Timetable | Lecture](ctx context.Context, r *Reader, parents []string) ([]T, error) {
	panic("TODO")
}

// Count counts the rows of a kind, including those without a key.
func (r *Reader) Count(ctx context.Context, kind Kind) (int64, error) {
	panic("TODO")
}
