package reverse

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"cloud.google.com/go/firestore"
	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// setAside keeps what of a document has no place in the old database, or forgets it if there is nothing.
func (t *transaction) setAside(ctx context.Context, path string, whole bool, fields map[string]any, problem error) error {
	if !whole && len(fields) == 0 {
		return t.write(ctx, "DELETE FROM heektime_migration.aside WHERE path = $1", path)
	}
	text, err := encodeJSON(fields)
	if err != nil {
		return err
	}
	var reason *string
	if problem != nil {
		text := problem.Error()
		reason = &text
	}
	return t.write(ctx, `INSERT INTO heektime_migration.aside (path, whole, document, problem) VALUES ($1, $2, $3, $4)
		ON CONFLICT (path) DO UPDATE SET whole = excluded.whole, document = excluded.document, problem = excluded.problem`,
		path, whole, text, reason)
}

// forget removes what is kept of a document that is gone and of those below it.
func (t *transaction) forget(ctx context.Context, path string) error {
	for _, table := range []string{"aside", "ids"} {
		if err := t.write(ctx, "DELETE FROM heektime_migration."+table+" WHERE path = $1 OR starts_with(path, $1 || '/')", path); err != nil {
			return err
		}
	}
	return nil
}

// Kept returns which of these documents are on the new side only: the old database has no row for them by
// intention, so they must not be deleted because there is none. They are private timetables and
// what is below them, and everything of accounts that are hidden until they are deleted or restored.
func Kept(ctx context.Context, db Executor, paths []string) (map[string]bool, error) {
	rows, err := db.Query(ctx, `SELECT p FROM unnest($1::text[]) AS p WHERE EXISTS (
		SELECT FROM heektime_migration.aside a WHERE a.whole AND (a.path = p OR starts_with(p, a.path || '/')))
		OR EXISTS (SELECT FROM heektime_migration.parked k WHERE k.path = p OR starts_with(p, k.path || '/'))`, paths)
	if err != nil {
		return nil, fmt.Errorf("read what is kept aside: %w", err)
	}
	defer rows.Close()
	kept := map[string]bool{}
	for rows.Next() {
		var path string
		if err := rows.Scan(&path); err != nil {
			return nil, err
		}
		kept[path] = true
	}
	return kept, rows.Err()
}

// Aside returns the fields of these documents that have no place in the old database, by path. A
// document that is written from its row keeps them.
func Aside(ctx context.Context, db Executor, client *firestore.Client, paths []string) (map[string]map[string]any, error) {
	return readAside(ctx, db, client, "SELECT path, document FROM heektime_migration.aside WHERE path = ANY ($1)", paths)
}

// Partial returns [Aside] of all documents of which the old database has a row.
func Partial(ctx context.Context, db Executor, client *firestore.Client) (map[string]map[string]any, error) {
	return readAside(ctx, db, client, "SELECT path, document FROM heektime_migration.aside WHERE NOT whole")
}

func readAside(ctx context.Context, db Executor, client *firestore.Client, sql string, args ...any) (map[string]map[string]any, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read what is kept aside: %w", err)
	}
	defer rows.Close()
	aside := map[string]map[string]any{}
	for rows.Next() {
		var path string
		var text []byte
		if err := rows.Scan(&path, &text); err != nil {
			return nil, err
		}
		if aside[path], err = decodeJSON(client, text); err != nil {
			return nil, fmt.Errorf("read what is kept aside of %s: %w", path, err)
		}
	}
	return aside, rows.Err()
}

// Paths returns the paths of documents whose rows have other keys than their ids, by key.
func Paths(ctx context.Context, db Executor, kind string, keys []string) (map[string]string, error) {
	rows, err := db.Query(ctx, "SELECT key, path FROM heektime_migration.ids WHERE kind = $1 AND key = ANY ($2)", kind, keys)
	if err != nil {
		return nil, fmt.Errorf("read ids: %w", err)
	}
	defer rows.Close()
	paths := map[string]string{}
	for rows.Next() {
		var key, path string
		if err := rows.Scan(&key, &path); err != nil {
			return nil, err
		}
		paths[key] = path
	}
	return paths, rows.Err()
}

// NewSide returns what package documentwriter has to know of accounts whose rows this package has written.
func NewSide(db Executor, client *firestore.Client) documentwriter.NewSide {
	return documentwriter.NewSide{
		UIDs: func(ctx context.Context, keys []string) (map[string]string, error) {
			if installed, err := isInstalled(ctx, db); err != nil || !installed {
				return nil, err
			}
			uids, err := Paths(ctx, db, string(legacydb.UserKind), keys)
			for key, path := range uids {
				uids[key] = client.Doc(path).ID
			}
			return uids, err
		},
		Parked: func(ctx context.Context, uids []string) (map[string]bool, error) {
			if installed, err := isInstalled(ctx, db); err != nil || !installed {
				return nil, err
			}
			return parkedOf(ctx, db, client, uids)
		},
	}
}

// parkedOf returns those of these users whose rows are parked.
func parkedOf(ctx context.Context, db Executor, client *firestore.Client, uids []string) (map[string]bool, error) {
	byPath := map[string]string{}
	for _, uid := range uids {
		if ref := schema.UserRef(client, uid); ref != nil {
			byPath[schema.Path(ref)] = uid
		}
	}
	rows, err := db.Query(ctx, "SELECT path FROM heektime_migration.parked WHERE path = ANY ($1)", slices.Collect(maps.Keys(byPath)))
	if err != nil {
		return nil, fmt.Errorf("read whose rows are parked: %w", err)
	}
	paths, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read whose rows are parked: %w", err)
	}
	parked := map[string]bool{}
	for _, path := range paths {
		parked[byPath[path]] = true
	}
	return parked, nil
}
