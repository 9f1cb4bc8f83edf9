package firebasejson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// entry is one object of the sections "firestore" and "storage".
//
// Either section may also be a list of entries, one for each database or bucket, which an entry names
// itself or by a target of .firebaserc. Source: schema/firebase-config.json of firebase-tools 15.34.
type entry struct {
	Rules    *string `json:"rules"`
	Indexes  *string `json:"indexes"`
	Database string  `json:"database"`
	Bucket   string  `json:"bucket"`
	Target   string  `json:"target"`
}

// Database is what firebase.json names for one database of Firestore.
type Database struct {
	// Rules and Indexes are the paths of files, "" for those that it does not name.
	Rules, Indexes string
}

// defaultDatabase is the ID of the database of an entry that names none.
const defaultDatabase = "(default)"

// useFirestore reads the section "firestore". Databases that no entry names have the rules and indexes of the
// default one, or else of the first entry: nothing is open because the file forgot it. Like the Firebase CLI,
// it accepts an entry without rules.
func (f *File) useFirestore(raw json.RawMessage, rc *firebaserc) error {
	entries, err := parseEntries("firestore", raw)
	if err != nil || len(entries) == 0 {
		return err
	}
	all := map[string]Database{}
	var first *Database
	for _, e := range entries {
		var d Database
		if d.Rules, err = e.file("rules", e.Rules); err != nil {
			return err
		}
		if d.Indexes, err = e.file("indexes", e.Indexes); err != nil {
			return err
		}
		if d.Rules == "" {
			f.notices = append(f.notices, e.key+".rules is missing: everyone may read and write every document")
		}
		if first == nil {
			first = &d
		}
		ids, err := e.resources(rc, "firestore", e.Database, len(entries) > 1)
		if err != nil {
			return err
		}
		if ids == nil {
			ids = []string{defaultDatabase}
		}
		for _, id := range ids {
			if other, ok := all[id]; ok && other != d {
				return fmt.Errorf("%s: the database %s has two entries", e.key, id)
			}
			all[id] = d
		}
	}
	rest, ok := all[defaultDatabase]
	if !ok {
		rest = *first
	}
	f.Rules, f.Indexes = rest.Rules, rest.Indexes
	maps.DeleteFunc(all, func(_ string, d Database) bool { return d == rest })
	f.Databases = all
	return nil
}

// useStorage reads the section "storage". Buckets that no entry names have the rules of an entry without
// bucket and target, or else of the first one. Like the Firebase CLI, it rejects an entry without rules:
// everyone could read and write everything.
func (f *File) useStorage(raw json.RawMessage, rc *firebaserc) error {
	entries, err := parseEntries("storage", raw)
	if err != nil {
		return err
	}
	all, rest := map[string]string{}, ""
	for i, e := range entries {
		path, err := e.file("rules", e.Rules)
		if err != nil {
			return err
		}
		if path == "" {
			return fmt.Errorf("%s.rules is missing: name the file with the security rules", e.key)
		}
		buckets, err := e.resources(rc, "storage", e.Bucket, len(entries) > 1)
		if err != nil {
			return err
		}
		if i == 0 || buckets == nil {
			rest = path
		}
		for _, bucket := range buckets {
			if other, ok := all[bucket]; ok && other != path {
				return fmt.Errorf("%s: the bucket %s has two entries", e.key, bucket)
			}
			all[bucket] = path
		}
	}
	f.StorageRules = rest
	maps.DeleteFunc(all, func(_ string, path string) bool { return path == rest })
	f.BucketRules = all
	return nil
}

// keyed is an entry and its key in the file, such as "storage" or "storage[1]".
type keyed struct {
	entry
	key string
}

// parseEntries returns the entries of a section, none when there is no section.
func parseEntries(section string, raw json.RawMessage) ([]keyed, error) {
	if isAbsent(raw) {
		return nil, nil
	}
	if raw[0] == '{' {
		e, err := parseEntry(section, raw)
		return []keyed{e}, err
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("%s: must be an object or a list of objects, each with rules", section)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: the list is empty: add an entry with rules, or remove %q", section, section)
	}
	var entries []keyed
	for i, raw := range list {
		e, err := parseEntry(fmt.Sprintf("%s[%d]", section, i), raw)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func parseEntry(key string, raw json.RawMessage) (keyed, error) {
	if raw[0] != '{' {
		return keyed{}, fmt.Errorf("%s: must be an object with rules", key)
	}
	e := keyed{key: key}
	err := json.Unmarshal(raw, &e.entry)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return e, fmt.Errorf("%s.%s: must be a text, not a JSON %s", key, wrong.Field, wrong.Value)
	}
	if err != nil {
		return e, fmt.Errorf("%s: %w", key, err)
	}
	return e, nil
}

// file returns the path that a key of the entry holds, "" without the key.
func (e keyed) file(key string, path *string) (string, error) {
	if path == nil {
		return "", nil
	}
	if *path == "" {
		return "", fmt.Errorf("%s.%s is empty: name a file, or remove the key", e.key, key)
	}
	return *path, nil
}

// resources returns the databases or buckets that the entry is about, nil when it names none. A target that
// .firebaserc does not know matters only beside other entries: a single one holds for everything.
func (e keyed) resources(rc *firebaserc, kind, name string, several bool) ([]string, error) {
	if name != "" {
		return []string{name}, nil
	}
	if e.Target == "" {
		return nil, nil
	}
	found := rc.resources(kind, e.Target)
	if len(found) == 0 && several {
		what := map[string]string{"firestore": "database", "storage": "bucket"}[kind]
		return nil, fmt.Errorf("%s.target: %s does not say what %q is: add it with firebase target:apply %s %s NAME, or replace \"target\" by %q",
			e.key, rc.path, e.Target, kind, e.Target, what)
	}
	return slices.Clip(found), nil
}

func isAbsent(raw json.RawMessage) bool {
	return len(raw) == 0 || bytes.Equal(raw, []byte("null"))
}
