package reverse

import (
	"context"
	"fmt"
	"strings"
	"time"

	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// After an interruption Firestore may not know which documents were deleted. Then it says how many a target has, and
// clients compare that with how many they know. A client that knows more than there are has missed deletions, and
// has to read the target again: only that one.
//
// Source: https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#existencefilter

// compareCounts compares how many documents there were at a point with what the old database knows of them, and reads
// those again that do not agree.
func (r *runner) compareCounts(ctx context.Context, counts map[string]counted, at time.Time) error {
	for path, c := range counts {
		known, err := r.known(ctx, c.document)
		if err != nil {
			return err
		}
		// Until a backfill is complete, documents that it has not brought back could make up for lost deletions.
		if known >= 0 && c.n-known == r.surplus[path] && len(r.backfill.left) == 0 {
			continue
		}
		if known >= 0 {
			r.cfg.Log.WarnContext(ctx, "Firestore has not reported all deletions; reading documents again",
				"collection", c.document.Collection(), "documents", c.n, "known", known)
		}
		if err := r.compareAll(ctx, c.document, at); err != nil {
			return err
		}
		// What still differs has no place in the old database, so it must not be read again the next time.
		if known, err = r.known(ctx, c.document); err != nil {
			return err
		}
		r.surplus[path] = c.n - known
	}
	return nil
}

// known counts the documents of a sort of which the old database has the row, or which it keeps aside. It returns -1
// for documents of which the old database knows only some.
func (r *runner) known(ctx context.Context, d schema.Document) (n int, err error) {
	switch d.Path {
	case schema.UserDocument.Path:
		n, err = countDocuments[legacydb.User](ctx, r)
	case schema.TimetableDocument.Path:
		n, err = countDocuments[legacydb.Timetable](ctx, r)
	case schema.LectureDocument.Path:
		n, err = countDocuments[legacydb.Lecture](ctx, r)
	default:
		return -1, nil
	}
	if err != nil {
		return 0, err
	}
	var aside int
	err = r.conn.QueryRow(ctx, "SELECT count(*) FROM heektime_migration.aside WHERE whole AND array_length(string_to_array(path, '/'), 1) = $1",
		strings.Count(d.Path, "/")+1).Scan(&aside)
	if err != nil {
		return 0, fmt.Errorf("count the documents that are kept aside: %w", err)
	}
	return n + aside, nil
}

// countDocuments counts the rows that have a document.
func countDocuments[T legacydb.Row](ctx context.Context, r *runner) (n int, err error) {
	reader, err := r.cfg.DB.Reader(ctx, "")
	if err != nil {
		return 0, err
	}
	defer reader.Close()
	for row, err := range legacydb.Rows[T](ctx, reader, "") {
		if err != nil {
			return 0, err
		}
		if _, path := r.documentPath(row); path != "" {
			n++
		}
	}
	return n, nil
}
