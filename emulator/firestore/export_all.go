package firestore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"heek.kr/heektime/emulator/internal/resource"
)

// databasesKey is the only key of an export of several databases. It is not the path of a document,
// which has an even number of segments.
const databasesKey = "databases"

// Export writes the documents of all databases as JSON. If only the project's default database has
// documents, the result is that of [Database.Export]. Otherwise it is
//
//	{"databases": {"projects/p/databases/(default)": {"users/u1": {…}}, "projects/p/databases/archive": {…}}}
func (s *Server) Export(w io.Writer, project string) error {
	only, err := s.Database(project, "(default)")
	if err != nil {
		return err
	}
	out := []byte(`{"` + databasesKey + `":{`)
	several, comma := false, ""
	for _, name := range s.engine.Names() {
		d, err := s.engine.Database(resource.Database(name))
		if err != nil {
			return fmt.Errorf("firestore: export: %w", err)
		}
		docs, err := (&Database{d}).appendJSON(nil)
		if err != nil {
			return err
		}
		if string(docs) == "{}" {
			continue
		}
		several = several || d.Name != only.d.Name
		out = fmt.Appendf(out, "%s%q:", comma, name)
		out = append(out, docs...)
		comma = ","
	}
	if !several {
		return only.Export(w)
	}
	return writeJSON(w, append(out, "}}"...))
}

// Import sets the documents that [Server.Export] or [Database.Export] wrote, in one commit for each
// database. Documents without a database go to the project's default database. Other documents stay.
// Nothing is set if the JSON or the name of a database is invalid.
func (s *Server) Import(r io.Reader, project string) error {
	var file map[string]json.RawMessage
	if err := readJSON(r, &file); err != nil {
		return fmt.Errorf("firestore: import: %w", err)
	}
	databases := map[string]map[string]map[string]any{}
	decode := func(text []byte, to any) error {
		if err := readJSON(bytes.NewReader(text), to); err != nil {
			return fmt.Errorf("firestore: import: %w", err)
		}
		return nil
	}
	if text, ok := file[databasesKey]; ok {
		if len(file) > 1 {
			return fmt.Errorf("firestore: import: %q must be the only key", databasesKey)
		}
		if err := decode(text, &databases); err != nil {
			return err
		}
	} else {
		docs := map[string]map[string]any{}
		for path, text := range file {
			var data map[string]any
			if err := decode(text, &data); err != nil {
				return fmt.Errorf("%w in %s", err, path)
			}
			docs[path] = data
		}
		databases["projects/"+project+"/databases/(default)"] = docs
	}
	names := slices.Sorted(maps.Keys(databases))
	for _, name := range names {
		if _, err := resource.ParseDatabase(name); err != nil {
			return fmt.Errorf("firestore: import: %w", err)
		}
	}
	for _, name := range names {
		project, id, _ := strings.Cut(strings.TrimPrefix(name, "projects/"), "/databases/")
		db, err := s.Database(project, id)
		if err != nil {
			return err
		}
		if err := db.Seed(databases[name]); err != nil {
			return fmt.Errorf("firestore: import %s: %w", name, err)
		}
	}
	return nil
}
