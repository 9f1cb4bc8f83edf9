package comparison

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// changedUsers returns the users with rows that changed since c.Since.
func (c *comparer) changedUsers(ctx context.Context) (uids []string, err error) {
	kinds := map[legacydb.Kind]string{} // the column that has the uid
	mapping := c.Old.Mapping
	if c.has(schema.MigrateAccounts) {
		kinds[legacydb.UserKind] = mapping.Rows[legacydb.UserKind].Key
	}
	if c.has(schema.MigrateTimetables) {
		kinds[legacydb.TimetableKind], kinds[legacydb.LectureKind] = "user_id", "user_id"
	}
	for kind, column := range kinds {
		changed, err := changedSince(ctx, c.Old, mapping.Rows[kind].Select, column, c.Since)
		if err != nil {
			return nil, fmt.Errorf("find the %ss that changed since %v: %w", kind, c.Since.Format(time.RFC3339), err)
		}
		uids = append(uids, changed...)
	}
	return uids, nil
}

// changedSince returns the values of a column in the rows of a SELECT whose updated_at is at or after a time.
func changedSince(ctx context.Context, db *legacydb.DB, query, column string, since time.Time) (values []string, err error) {
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
	rows, err = db.Pool.Query(ctx, fmt.Sprintf("SELECT DISTINCT %s::text %s WHERE updated_at >= $1 AND %[1]s IS NOT NULL",
		pgx.Identifier{column}.Sanitize(), from), legacydb.FormatTime(since, zone))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
