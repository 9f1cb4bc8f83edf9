package reverse

import (
	"context"
	"maps"
	"slices"
	"strings"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// Adjust changes what the other direction is about to write, for documents that have been on the new side:
//
//   - A row whose key is a digest gets its document at the path that it came from.
//   - A document keeps the fields that have no place in the old database.
//   - A document that is there only, such as one of a private timetable, is not deleted for lack of a row.
//   - A document that a new client has changed later than the old server its row stays: the last writer
//     wins. The transaction that writes it finds out.
//
// While nothing has ever been on the new side, it changes nothing. Afterwards a read is billed for each
// document that is written.
func Adjust(ctx context.Context, db Executor, client *firestore.Client, writes []documentwriter.Write) ([]documentwriter.Write, error) {
	active, err := isActive(ctx, db)
	if err != nil || !active || len(writes) == 0 {
		return writes, err
	}
	adjusted, err := translate(ctx, db, client, writes)
	if err != nil {
		return nil, err
	}
	paths := make([]string, len(adjusted))
	for i, w := range adjusted {
		paths[i] = schema.Path(w.Ref)
	}
	kept, err := Kept(ctx, db, paths)
	if err != nil {
		return nil, err
	}
	aside, err := Aside(ctx, db, client, paths)
	if err != nil {
		return nil, err
	}
	var result []documentwriter.Write
	for i, w := range adjusted {
		if w.Fields == nil && kept[paths[i]] {
			continue
		}
		w.UnlessLater = true
		if w.Fields != nil && len(aside[paths[i]]) > 0 {
			fields := maps.Clone(aside[paths[i]])
			maps.Copy(fields, w.Fields)
			w.Fields = fields
		}
		result = append(result, w)
	}
	return result, nil
}

// isActive reports whether some kind has been on the new side.
func isActive(ctx context.Context, db Executor) (active bool, err error) {
	if installed, err := isInstalled(ctx, db); err != nil || !installed {
		return false, err
	}
	err = db.QueryRow(ctx, "SELECT EXISTS (SELECT FROM heektime_migration.reverse_position)").Scan(&active)
	return active, err
}

// isInstalled reports whether the old database has the tables of this package.
func isInstalled(ctx context.Context, db Executor) (installed bool, err error) {
	err = db.QueryRow(ctx, "SELECT to_regclass('heektime_migration.reverse_position') IS NOT NULL").Scan(&installed)
	return installed, err
}

// translate replaces the keys in the paths of writes by the ids of the documents that they came from.
func translate(ctx context.Context, db Executor, client *firestore.Client, writes []documentwriter.Write) ([]documentwriter.Write, error) {
	keys := map[legacydb.Kind][]string{}
	for _, w := range writes {
		for path := schema.Path(w.Ref); strings.Count(path, "/")%2 == 1; path = parentOrNone(path) {
			kind, _ := keyOf(path)
			keys[kind] = append(keys[kind], path[strings.LastIndex(path, "/")+1:])
		}
	}
	real := map[legacydb.Kind]map[string]string{}
	for kind, list := range keys {
		var err error
		if real[kind], err = Paths(ctx, db, string(kind), list); err != nil {
			return nil, err
		}
	}
	var original func(path string) string
	original = func(path string) string {
		parent := parentOrNone(path)
		kind, _ := keyOf(path)
		if p := real[kind][path[strings.LastIndex(path, "/")+1:]]; p != "" {
			return p
		}
		if parent == "" {
			return path
		}
		return original(parent) + strings.TrimPrefix(path, parent)
	}
	result := slices.Clone(writes)
	for i, w := range result {
		if d := schema.DocumentAt(schema.Path(w.Ref)); d == nil || !strings.HasPrefix(d.Path, schema.UserPath) {
			continue
		}
		if path := original(schema.Path(w.Ref)); path != schema.Path(w.Ref) {
			result[i].Ref = client.Doc(path)
		}
	}
	return result, nil
}

func parentOrNone(path string) string {
	if strings.Count(path, "/") < 2 {
		return ""
	}
	return parentOf(path)
}
