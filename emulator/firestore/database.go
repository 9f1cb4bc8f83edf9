package firestore

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"heek.kr/heektime/emulator/firestore/internal/service"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/firestore/internal/write"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Database is one database of a server. It lets tests and tools inspect and prepare the data
// without a client; neither rules nor index definitions apply.
type Database struct {
	d *service.Database
}

// Document is one version of a document.
type Document struct {
	Path    string         // relative to the root: users/u1
	Fields  *value.Fields  // the exact values
	Data    map[string]any // the values as Go types; see [value.Value.Go]
	Created time.Time
	Updated time.Time
}

// Database returns a database of a project, creating it if it does not exist. id is usually
// "(default)".
func (s *Server) Database(project, id string) (*Database, error) {
	name, err := resource.ParseDatabase("projects/" + project + "/databases/" + id)
	if err != nil {
		return nil, fmt.Errorf("firestore: %w", err)
	}
	d, err := s.engine.Database(name)
	if err != nil {
		return nil, fmt.Errorf("firestore: %w", err)
	}
	return &Database{d}, nil
}

// Databases returns the sorted names of all databases, projects/p/databases/d.
func (s *Server) Databases() []string { return s.engine.Names() }

// Reset deletes every document of every database. Listeners are notified; open transactions end.
func (s *Server) Reset() error {
	for _, name := range s.engine.Names() {
		d, err := s.engine.Database(resource.Database(name))
		if err != nil {
			return fmt.Errorf("firestore: %w", err)
		}
		if err := d.Reset(); err != nil {
			return fmt.Errorf("firestore: reset %s: %w", name, err)
		}
	}
	return nil
}

// Reset deletes every document of the database. Listeners are notified; open transactions end.
func (db *Database) Reset() error {
	if err := db.d.Reset(); err != nil {
		return fmt.Errorf("firestore: reset %s: %w", db.d.Name, err)
	}
	return nil
}

// Seed sets documents in one commit. Keys are paths such as users/u1; [value.OfGo] lists the types
// of values.
func (db *Database) Seed(docs map[string]map[string]any) error {
	fields := make(map[string]*value.Fields, len(docs))
	for path, data := range docs {
		f, err := value.FieldsOfGo(data, db.d.Name.Root())
		if err != nil {
			return fmt.Errorf("firestore: seed %s: %w", path, err)
		}
		fields[path] = f
	}
	return db.set(fields)
}

func (db *Database) set(docs map[string]*value.Fields) error {
	var writes []*write.Write
	for path, f := range docs {
		_, key, err := resource.ParseDocument(db.d.Name.Root() + "/" + path)
		if err != nil {
			return fmt.Errorf("firestore: seed: %w", err)
		}
		writes = append(writes, write.Set(key, f))
	}
	slices.SortFunc(writes, func(a, b *write.Write) int { return strings.Compare(string(a.Key), string(b.Key)) })
	if err := db.d.Apply(context.Background(), writes); err != nil {
		return fmt.Errorf("firestore: seed: %w", err)
	}
	return nil
}

// Get returns the document at a path such as users/u1. ok is false when it does not exist.
func (db *Database) Get(path string) (doc Document, ok bool) {
	_, key, err := resource.ParseDocument(db.d.Name.Root() + "/" + path)
	if err != nil {
		return Document{}, false
	}
	d := db.d.Read().Get(key)
	if d == nil {
		return Document{}, false
	}
	return documentOf(d), true
}

// Documents returns all documents as of now, one collection id after another.
func (db *Database) Documents() iter.Seq[Document] {
	v := db.d.Read()
	return func(yield func(Document) bool) {
		v.All(func(d *store.Document) bool { return yield(documentOf(d)) })
	}
}

// List returns the documents of one collection, such as users or users/u1/timetables, ordered by
// id.
func (db *Database) List(collection string) iter.Seq[Document] {
	v := db.d.Read()
	return func(yield func(Document) bool) {
		key, err := resource.ParsePath(collection)
		if err != nil || key.Depth()%2 == 0 {
			return
		}
		v.Scan(key.ID(), key, key.After(), false, func(d *store.Document) bool {
			return !d.Key.In(key) || yield(documentOf(d))
		})
	}
}

func documentOf(d *store.Document) Document {
	return Document{
		Path: d.Key.Path(), Fields: d.Fields, Data: d.Fields.Go(),
		Created: d.Created.Time(), Updated: d.Updated.Time(),
	}
}
