package firebasejson

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "firebase.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSections(t *testing.T) {
	for text, want := range map[string][3]string{
		`{}`: {},
		`{"firestore": null, "storage": null, "hosting": null}`:                                           {},
		`{"firestore": {"rules": "r", "indexes": "i"}, "storage": {"rules": "s"}}`:                        {"r", "i", "s"},
		`{"firestore": {"database": "d", "location": "l", "rules": "r"}}`:                                 {"r"},
		`{"firestore": {"indexes": "i"}}`:                                                                 {"", "i"},
		`{"firestore": [{"database": "(default)", "rules": "r", "indexes": "i"}]}`:                        {"r", "i"},
		`{"firestore": [{"target": "main", "rules": "r"}]}`:                                               {"r"},
		`{"firestore": [{"database": "(default)", "rules": "r"}, {"database": "d", "rules": "r"}]}`:       {"r"},
		`{"storage": {"target": "main", "rules": "s"}}`:                                                   {"", "", "s"},
		`{"storage": [{"bucket": "a", "rules": "s"}]}`:                                                    {"", "", "s"},
		`{"storage": [{"target": "main", "rules": "s"}]}`:                                                 {"", "", "s"},
		`{"storage": [{"rules": "s"}]}`:                                                                   {"", "", "s"},
		`{"storage": [{"bucket": "a", "rules": "s"}, {"target": "b", "rules": "s", "predeploy": ["x"]}]}`: {"", "", "s"},
	} {
		path := writeFile(t, text)
		f, err := Find(path)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for i, got := range []string{f.Rules, f.Indexes, f.StorageRules} {
			wanted := want[i]
			if wanted != "" {
				wanted = filepath.Join(filepath.Dir(path), wanted)
			}
			if got != wanted {
				t.Errorf("%s: file %d is %q, want %q", text, i, got, wanted)
			}
		}
		if f.Hosting != nil {
			t.Errorf("%s: hosting %+v", text, f.Hosting)
		}
	}
}

// No form of a section leaves the rules out silently.
func TestSectionErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{"storage": []}`:                                               "storage: the list is empty",
		`{"storage": {}}`:                                               "storage.rules is missing",
		`{"storage": {"rule": "s"}}`:                                    "storage.rules is missing",
		`{"storage": {"rules": ""}}`:                                    "storage.rules is empty",
		`{"storage": {"rules": null}}`:                                  "storage.rules is missing",
		`{"storage": {"rules": ["s"]}}`:                                 "storage.rules: must be a text",
		`{"storage": "storage.rules"}`:                                  "storage: must be an object or a list",
		`{"storage": true}`:                                             "storage: must be an object or a list",
		`{"storage": ["storage.rules"]}`:                                "storage[0]: must be an object",
		`{"storage": [null]}`:                                           "storage[0]: must be an object",
		`{"storage": [[{"rules": "s"}]]}`:                               "storage[0]: must be an object",
		`{"storage": [{"bucket": "a"}]}`:                                "storage[0].rules is missing",
		`{"storage": [{"bucket": "a", "rules": "s"}, {"bucket": "b"}]}`: "storage[1].rules is missing",
		`{"storage": [{"bucket": "a", "rules": "s"}, {"bucket": "b", "rules": "other"}]}`: "storage[1].rules is not the same",
		`{"firestore": []}`:                "firestore: the list is empty",
		`{"firestore": "firestore.rules"}`: "firestore: must be an object or a list",
		`{"firestore": {"rules": ""}}`:     "firestore.rules is empty",
		`{"firestore": {"rules": 5}}`:      "firestore.rules: must be a text",
		`{"firestore": [{"database": "(default)", "rules": "r"}, {"database": "d"}]}`:                                                 "firestore[1].rules is not the same",
		`{"firestore": [{"database": "(default)", "rules": "r"}, {"database": "d", "rules": "other"}]}`:                               "firestore[1].rules is not the same",
		`{"firestore": [{"database": "(default)", "rules": "r", "indexes": "i"}, {"target": "d", "rules": "r", "indexes": "other"}]}`: "firestore[1].indexes is not the same",
		`{"hosting": []}`: "hosting: there is no site",
		`{"hosting": [{"site": "a", "public": "a"}, {"target": "b", "public": "b"}]}`: "hosting: the list has 2 sites",
	} {
		path := writeFile(t, text)
		if f, err := Find(path); err == nil || !strings.Contains(err.Error(), path+": "+want) {
			t.Errorf("%s: %+v, error %v, want %s", text, f, err, want)
		}
	}
}

func TestHostingList(t *testing.T) {
	for _, text := range []string{
		`{"hosting": {"site": "a", "public": "web"}}`, `{"hosting": [{"site": "a", "public": "web"}]}`, `{"hosting": [{"target": "a", "public": "web"}]}`,
	} {
		f, err := Find(writeFile(t, text))
		if err != nil || f.Hosting == nil || filepath.Base(f.Hosting.Public) != "web" {
			t.Errorf("%s: %+v, %v", text, f, err)
		}
	}
}

func TestMissingFilesAreErrors(t *testing.T) {
	path := writeFile(t, `{"firestore": {"rules": "r", "indexes": "i"}, "storage": [{"bucket": "a", "rules": "s"}]}`)
	f, err := Find(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, read := range map[string]func() ([]byte, error){"r": f.ReadRules, "i": f.ReadIndexes, "s": f.ReadStorageRules} {
		if _, err := read(); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), filepath.Join(filepath.Dir(path), name)) {
			t.Errorf("read %s: %v", name, err)
		}
	}
}
