package guard

import (
	"context"
	"strings"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/rules"
)

// pathOf returns the path of a document or collection as rules write it.
func pathOf(db resource.Database, key resource.Key) string {
	return key.Name(db)[len("projects/")+len(db.Project()):]
}

// keyOf returns the document at a path that rules use. ok is false when the path is not that of a
// document or collection in the database.
func keyOf(db resource.Database, path string) (key resource.Key, ok bool) {
	below, ok := strings.CutPrefix(path, "/databases/"+db.ID()+"/documents/")
	if !ok {
		return "", false
	}
	key, err := resource.ParsePath(below)
	return key, err == nil
}

// reads gives rules access to documents while they authorize a read. Rules cannot reach another
// database: there, no document exists.
type reads struct {
	db   resource.Database
	view store.View
}

func (r reads) Get(_ context.Context, path string) (rules.Fields, error) {
	if key, ok := keyOf(r.db, path); ok {
		return fieldsOf(r.view.Get(key)), nil
	}
	return nil, nil
}

// GetAfter is Get: a read changes nothing.
func (r reads) GetAfter(ctx context.Context, path string) (rules.Fields, error) {
	return r.Get(ctx, path)
}

// writes gives rules access to documents while they authorize a commit.
type writes struct {
	reads
	tx *store.Tx
}

func (w writes) GetAfter(_ context.Context, path string) (rules.Fields, error) {
	if key, ok := keyOf(w.db, path); ok {
		return fieldsOf(w.tx.Get(key)), nil
	}
	return nil, nil
}

// Documents gives the rules of another service access to the current documents of a database.
type Documents struct{ DB *store.DB }

// Get implements [rules.Documents].
func (d Documents) Get(ctx context.Context, path string) (rules.Fields, error) {
	return reads{d.DB.Name, d.DB.Read()}.Get(ctx, path)
}

// GetAfter is Get: a request to another service writes no documents.
func (d Documents) GetAfter(ctx context.Context, path string) (rules.Fields, error) {
	return d.Get(ctx, path)
}
