package comparison

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// changedUsers returns the users with rows that changed since c.Since, the latest first.
func (c *comparer) changedUsers(ctx context.Context) (uids []string, err error) {
	kinds := map[legacydb.Kind]string{} // the column that has the uid
	mapping := c.Old.Mapping
	if c.has(schema.MigrateAccounts) {
		kinds[legacydb.UserKind] = mapping.Rows[legacydb.UserKind].Key
	}
	if c.has(schema.MigrateTimetables) {
		kinds[legacydb.TimetableKind], kinds[legacydb.LectureKind] = "user_id", "user_id"
	}
	latest := map[string]string{} // ISO 8601 sorts by time
	for kind, column := range kinds {
		changed, err := changedSince(ctx, c.Old, mapping.Rows[kind].Select, column, c.Since, c.MaxChanged)
		if err != nil {
			return nil, fmt.Errorf("find the %ss that changed since %v: %w", kind, c.Since.Format(time.RFC3339), err)
		}
		for _, row := range changed {
			latest[row.Value] = max(latest[row.Value], row.At)
		}
	}
	uids = slices.SortedFunc(maps.Keys(latest), func(a, b string) int {
		return cmp.Or(cmp.Compare(latest[b], latest[a]), cmp.Compare(a, b))
	})
	if c.MaxChanged > 0 {
		uids = uids[:min(len(uids), c.MaxChanged)]
	}
	return uids, nil
}

// changedRow is a value of a column and the latest updated_at of its rows.
type changedRow struct{ Value, At string }

// changedSince returns the values of a column in the rows of a SELECT whose updated_at is at or after a time, at most
// a number of them if that is not 0, the latest first.
func changedSince(ctx context.Context, db *legacydb.DB, query, column string, since time.Time, most int) (changed []changedRow, err error) {
	from := "FROM (" + query + ") AS changed"
	zone := time.UTC // that of the session
	rows, err := db.Pool.Query(ctx, "SELECT updated_at "+from+" LIMIT 0")
	if err != nil {
		return nil, err
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if rows.FieldDescriptions()[0].DataTypeOID == pgtype.TimestampOID {
		zone = db.Mapping.TimeZone
	}
	rows, err = db.Pool.Query(ctx, fmt.Sprintf(`SELECT %s::text, max(updated_at)::text %s WHERE updated_at >= $1 AND %[1]s IS NOT NULL
		GROUP BY 1 ORDER BY max(updated_at) DESC LIMIT nullif($2::bigint, 0)`, pgx.Identifier{column}.Sanitize(), from),
		legacydb.FormatTime(since, zone), most)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[changedRow])
}
