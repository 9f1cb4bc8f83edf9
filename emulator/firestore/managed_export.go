package firestore

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"heek.kr/heektime/emulator/firestore/internal/managedexport"
	"heek.kr/heektime/emulator/internal/replacedir"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// ManagedSuffix is the end of the name of the file that describes a managed export.
const ManagedSuffix = managedexport.MetadataSuffix

// ExportManaged writes all documents as of now to a folder, in the format of Firestore's managed exports, which the
// official emulator reads as well. The file that describes the export is NAME.overall_export_metadata; name is that
// of the folder. What was in the folder is gone; if the export fails, or is cut short, it is still there.
func (db *Database) ExportManaged(dir string) error {
	v := db.d.Read()
	err := replacedir.Write(dir, func(beside string) error {
		return managedexport.Write(beside, filepath.Base(dir), db.d.Name, func(yield func(managedexport.Entry) bool) {
			for d := range v.All {
				if !yield(managedexport.Entry{Path: d.Key.Path(), Fields: d.Fields}) {
					return
				}
			}
		})
	})
	if err != nil {
		return fmt.Errorf("firestore: export %s: %w", db.d.Name, err)
	}
	return nil
}

// ImportManaged sets the documents of a managed export, of production or of an emulator, in one commit. Only those of
// a database with the same ID are set, whatever its project was. Other documents stay, and those that are the same
// are left alone. metadataFile is the .overall_export_metadata. When anything is wrong, nothing is set.
func (db *Database) ImportManaged(metadataFile string) error {
	if !strings.HasSuffix(metadataFile, ManagedSuffix) {
		return fmt.Errorf("firestore: import %s: the file's name does not end with %s", metadataFile, ManagedSuffix)
	}
	v, found, others, same := db.d.Read(), map[string]*value.Fields{}, map[string]bool{}, 0
	err := managedexport.Read(metadataFile, db.d.Name.Project(), func(d managedexport.Document) error {
		if d.Database != db.d.Name.ID() {
			others[d.Database] = true
			return nil
		}
		fields, err := value.FieldsFromProto(d.Fields)
		if err != nil {
			return fmt.Errorf("%s: %w", d.Path, err)
		}
		_, key, err := resource.ParseDocument(db.d.Name.Root() + "/" + d.Path)
		if err != nil {
			return err
		}
		if old := v.Get(key); old == nil || !value.IdenticalFields(old.Fields, fields) {
			found[d.Path] = fields
		} else {
			same++
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("firestore: import: %w", err)
	}
	if len(found) == 0 && same == 0 && len(others) > 0 {
		return fmt.Errorf("firestore: import %s: no document is of the database %s, but all of %s", metadataFile, db.d.Name.ID(),
			strings.Join(slices.Sorted(maps.Keys(others)), ", "))
	}
	if len(found) == 0 {
		return nil
	}
	return db.set(found)
}

// Empty reports whether the database has no documents.
func (db *Database) Empty() bool {
	for range db.d.Read().All {
		return false
	}
	return true
}
