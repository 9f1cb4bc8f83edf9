package guard

import (
	"context"
	"strings"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/rules"
)

// pathOf is the path by which rules know a document or collection.
func pathOf(db resource.Database, key resource.Key) string {
	return key.Name(db)[len("projects/")+len(db.Project()):]
}

// keyOf is the document that rules call by path; ok is false when there can be none of that name in the database.
func keyOf(db resource.Database, path string) (key resource.Key, ok bool) {
	below, ok := strings.CutPrefix(path, "/databases/"+db.ID()+"/documents/")
	if !ok {
		return "", false
	}
	key, err := resource.ParsePath(below)
	return key, err == nil
}

// reads are the documents that rules may ask for while a read is judged. Rules know no other databases: there, nothing
// exists.
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

// GetAfter is Get: after a read everything is as before.
func (r reads) GetAfter(ctx context.Context, path string) (rules.Fields, error) {
	return r.Get(ctx, path)
}

// writes are the documents that rules may ask for while a commit is judged.
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

// Documents are the documents of a database as they are whenever they are asked for.
type Documents struct{ DB *store.DB }

// Get is as [rules.Documents] wants it.
func (d Documents) Get(ctx context.Context, path string) (rules.Fields, error) {
	return reads{d.DB.Name, d.DB.Read()}.Get(ctx, path)
}

// GetAfter is Get: nobody writes documents in the same step.
func (d Documents) GetAfter(ctx context.Context, path string) (rules.Fields, error) {
	return d.Get(ctx, path)
}
