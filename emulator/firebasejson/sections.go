package firebasejson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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

// parseFirestore returns the files that the section "firestore" names, "" for those it does not. Like
// the Firebase CLI, it accepts a section without rules.
func parseFirestore(raw json.RawMessage) (rules, indexes string, err error) {
	entries, err := parseEntries("firestore", raw)
	if err != nil {
		return "", "", err
	}
	for i, e := range entries {
		r, err := e.file("rules", e.Rules)
		if err != nil {
			return "", "", err
		}
		x, err := e.file("indexes", e.Indexes)
		if err != nil {
			return "", "", err
		}
		switch {
		case i == 0:
			rules, indexes = r, x
		case r != rules:
			return "", "", e.differs("rules", "databases")
		case x != indexes:
			return "", "", e.differs("indexes", "databases")
		}
	}
	return rules, indexes, nil
}

// parseStorage returns the file with the rules that the section "storage" names, "" without a section.
// Like the Firebase CLI, it rejects an entry without rules: everyone could read and write everything.
func parseStorage(raw json.RawMessage) (rules string, err error) {
	entries, err := parseEntries("storage", raw)
	if err != nil {
		return "", err
	}
	for i, e := range entries {
		r, err := e.file("rules", e.Rules)
		switch {
		case err != nil:
			return "", err
		case r == "":
			return "", fmt.Errorf("%s.rules is missing: name the file with the security rules", e.key)
		case i == 0:
			rules = r
		case r != rules:
			return "", e.differs("rules", "buckets")
		}
	}
	return rules, nil
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

// differs is the error about an entry whose file is not that of the first one.
func (e keyed) differs(key, what string) error {
	return fmt.Errorf("%s.%s is not the same as in the first entry: the local cloud has the same %s in all %s; "+
		"start it with a copy of the file where all entries name the same", e.key, key, key, what)
}

func isAbsent(raw json.RawMessage) bool {
	return len(raw) == 0 || bytes.Equal(raw, []byte("null"))
}
