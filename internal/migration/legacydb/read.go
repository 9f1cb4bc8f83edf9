package legacydb

import (
	"context"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"
)

// pageSize is how many rows a query of [Rows] returns.
const pageSize = 1000

// Rows reads all rows of a kind in the order of their keys, those after a key or, if it is "", all. It
// reads them in pages: memory does not depend on how many there are. Rows without a key are skipped.
// After an error it ends.
func Rows[T Row](ctx context.Context, r *Reader, after string) iter.Seq2[T, error] {
	kind := KindOf[T]()
	key := pgx.Identifier{r.db.Mapping.Rows[kind].Key}.Sanitize()
	return func(yield func(T, error) bool) {
		for begun := after != ""; ; begun = true {
			condition, args := "q."+key+" IS NOT NULL", []any{}
			if begun {
				condition, args = "q."+key+" > $1::text::"+r.db.selects[kind].keyType, []any{after}
			}
			page, err := read[T](ctx, r, fmt.Sprintf("WHERE %s ORDER BY q.%s LIMIT %d", condition, key, pageSize), args...)
			if err != nil {
				yield(*new(T), err)
				return
			}
			for i := range page {
				if !yield(page[i], nil) {
					return
				}
			}
			if len(page) < pageSize {
				return
			}
			last, _ := columns(&page[len(page)-1])
			after = *last
		}
	}
}

// ByKey reads the rows with these keys, in the order of their keys. Keys that no row has are skipped.
func ByKey[T Row](ctx context.Context, r *Reader, keys []string) ([]T, error) {
	kind := KindOf[T]()
	return among[T](ctx, r, r.db.Mapping.Rows[kind].Key, r.db.selects[kind].keyType, keys)
}

// ByParent reads the rows below these: the timetables of users, or the lectures of timetables.
func ByParent[T Timetable | Lecture](ctx context.Context, r *Reader, parents []string) ([]T, error) {
	kind := KindOf[T]()
	return among[T](ctx, r, columnsOf[kind][0].name, r.db.selects[kind].parentType, parents)
}

func among[T Row](ctx context.Context, r *Reader, column, typeName string, values []string) ([]T, error) {
	if len(values) == 0 {
		return nil, nil
	}
	rows := r.db.Mapping.Rows[KindOf[T]()]
	return read[T](ctx, r, fmt.Sprintf("WHERE q.%s = ANY ($1::text[]::%s[]) ORDER BY q.%s",
		pgx.Identifier{column}.Sanitize(), typeName, pgx.Identifier{rows.Key}.Sanitize()), values)
}

func read[T Row](ctx context.Context, r *Reader, condition string, args ...any) ([]T, error) {
	kind := KindOf[T]()
	result, err := r.tx.Query(ctx, r.query(kind, r.db.selects[kind].list, condition), args...)
	if err == nil {
		var rows []T
		rows, err = pgx.CollectRows(result, func(from pgx.CollectableRow) (row T, err error) {
			key, values := columns(&row)
			targets := make([]any, 1+len(values))
			targets[0] = key
			for i, v := range values {
				targets[1+i] = v
			}
			return row, from.Scan(targets...)
		})
		if err == nil {
			return rows, nil
		}
	}
	return nil, fmt.Errorf("read rows of kind %s from the old database: %w", kind, err)
}

func (r *Reader) query(kind Kind, list, condition string) string {
	return "SELECT " + list + " FROM (\n" + r.db.Mapping.Rows[kind].Select + "\n) AS q " + condition
}

// Counts is how many rows of a kind there are.
type Counts struct {
	Rows int64
	// WithoutKey are skipped. Duplicated is by how many rows with a key outnumber the keys: which of two
	// rows with one key is used is undefined.
	WithoutKey, Duplicated int64
}

// Count counts the rows of a kind.
func (r *Reader) Count(ctx context.Context, kind Kind) (c Counts, err error) {
	key := "q." + pgx.Identifier{r.db.Mapping.Rows[kind].Key}.Sanitize()
	list := fmt.Sprintf("count(*), count(*) - count(%[1]s), count(%[1]s) - count(DISTINCT %[1]s)", key)
	if err := r.tx.QueryRow(ctx, r.query(kind, list, "")).Scan(&c.Rows, &c.WithoutKey, &c.Duplicated); err != nil {
		return c, fmt.Errorf("count rows of kind %s in the old database: %w", kind, err)
	}
	return c, nil
}
