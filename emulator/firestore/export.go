package firestore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/value"
)

// Export writes all documents as one JSON object, whose keys are paths such as users/u1. Package
// value describes the format of the fields. [Database.Import] reads it.
func (db *Database) Export(w io.Writer) error {
	b, err := db.appendJSON(nil)
	if err != nil {
		return err
	}
	return writeJSON(w, b)
}

// appendJSON appends all documents as of now as a JSON object.
func (db *Database) appendJSON(b []byte) ([]byte, error) {
	docs := map[string]*value.Fields{}
	db.d.Read().All(func(d *store.Document) bool {
		docs[d.Key.Path()] = d.Fields
		return true
	})
	b = append(b, '{')
	for i, p := range slices.Sorted(maps.Keys(docs)) {
		if i > 0 {
			b = append(b, ',')
		}
		name, err := json.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("firestore: export %s: %w", p, err)
		}
		b = append(append(b, name...), ':')
		b = docs[p].AppendJSON(b, db.d.Name.Root())
	}
	return append(b, '}'), nil
}

func writeJSON(w io.Writer, b []byte) error {
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return fmt.Errorf("firestore: export: %w", err)
	}
	out.WriteByte('\n')
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("firestore: export: %w", err)
	}
	return nil
}

// Import sets the documents that [Database.Export] wrote, in one commit. Other documents stay.
func (db *Database) Import(r io.Reader) error {
	var docs map[string]map[string]any
	if err := readJSON(r, &docs); err != nil {
		return fmt.Errorf("firestore: import: %w", err)
	}
	return db.Seed(docs)
}

func readJSON(r io.Reader, to any) error {
	dec := json.NewDecoder(r)
	dec.UseNumber()
	if err := dec.Decode(to); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("unexpected data after the first JSON value")
	}
	return nil
}

// ExportDir writes one file for each document: the fields of users/u1 go to users/u1.json. Ids are
// escaped as in a URL. It creates the directory if necessary and overwrites existing files of the
// same names.
func (db *Database) ExportDir(dir string) error {
	var err error
	db.d.Read().All(func(d *store.Document) bool {
		file := filepath.Join(dir, filepath.FromSlash(escapePath(d.Key.Path()))+".json")
		if err = os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return false
		}
		var b bytes.Buffer
		if err = writeJSON(&b, d.Fields.AppendJSON(nil, db.d.Name.Root())); err != nil {
			return false
		}
		err = os.WriteFile(file, b.Bytes(), 0o666)
		return err == nil
	})
	if err != nil {
		return fmt.Errorf("firestore: export to %s: %w", dir, err)
	}
	return nil
}

// escapePath makes a file name of a path.
func escapePath(p string) string {
	ids := strings.Split(p, "/")
	for i, id := range ids {
		id = url.PathEscape(id)
		if bare, ok := strings.CutSuffix(id, ".json"); ok {
			// Or the directory of its subcollections could have the name of another document's file.
			id = bare + "%2Ejson"
		}
		ids[i] = id
	}
	return path.Join(ids...)
}

// ImportDir sets the documents that [Database.ExportDir] wrote, in one commit. Other documents
// stay. fsys is usually os.DirFS or an embedded directory.
func (db *Database) ImportDir(fsys fs.FS) error {
	docs := map[string]map[string]any{}
	err := fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
		doc, isJSON := strings.CutSuffix(name, ".json")
		if err != nil || e.IsDir() || !isJSON {
			return err
		}
		ids := strings.Split(doc, "/")
		for i := range ids {
			if ids[i], err = url.PathUnescape(ids[i]); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		f, err := fsys.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		var data map[string]any
		if err := readJSON(f, &data); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		docs[strings.Join(ids, "/")] = data
		return nil
	})
	if err != nil {
		return fmt.Errorf("firestore: import: %w", err)
	}
	return db.Seed(docs)
}
