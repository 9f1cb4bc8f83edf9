package firebasejson

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
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

// project writes a firebase.json and the files beside it, and returns the path of the firebase.json.
func project(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, Name)
}

// targets is a .firebaserc of two projects.
const targets = `{
	// comments are allowed here, too
	"projects": {"default": "demo-one", "staging": "demo-two"},
	"targets": {
		"demo-one": {"storage": {"main": ["one.appspot.com"], "images": ["one-images", "one-thumbs"]}, "firestore": {"log": ["log"]}},
		"demo-two": {"storage": {"main": ["two.appspot.com"]}}
	}
}`

func TestSections(t *testing.T) {
	type databases = map[string]Database
	type buckets = map[string]string
	for text, want := range map[string]File{
		`{}`: {},
		`{"firestore": null, "storage": null, "hosting": null}`:                                              {},
		`{"firestore": {"rules": "r", "indexes": "i"}, "storage": {"rules": "s"}}`:                           {Rules: "r", Indexes: "i", StorageRules: "s"},
		`{"firestore": {"database": "d", "location": "l", "rules": "r"}}`:                                    {Rules: "r"},
		`{"firestore": {"indexes": "i"}}`:                                                                    {Indexes: "i"},
		`{"firestore": [{"database": "(default)", "rules": "r", "indexes": "i"}]}`:                           {Rules: "r", Indexes: "i"},
		`{"firestore": [{"target": "unknown", "rules": "r"}]}`:                                               {Rules: "r"},
		`{"firestore": [{"database": "(default)", "rules": "r"}, {"database": "d", "rules": "r"}]}`:          {Rules: "r"},
		`{"firestore": [{"database": "d", "rules": "x", "indexes": "y"}, {"rules": "r", "indexes": "i"}]}`:   {Rules: "r", Indexes: "i", Databases: databases{"d": {"x", "y"}}},
		`{"firestore": [{"rules": "r"}, {"target": "log", "rules": "x"}, {"database": "e", "rules": "y"}]}`:  {Rules: "r", Databases: databases{"log": {"x", ""}, "e": {"y", ""}}},
		`{"firestore": [{"database": "d", "rules": "x"}, {"database": "e", "rules": "y"}]}`:                  {Rules: "x", Databases: databases{"e": {"y", ""}}},
		`{"storage": {"target": "unknown", "rules": "s"}}`:                                                   {StorageRules: "s"},
		`{"storage": [{"bucket": "a", "rules": "s"}]}`:                                                       {StorageRules: "s"},
		`{"storage": [{"rules": "s"}]}`:                                                                      {StorageRules: "s"},
		`{"storage": [{"bucket": "a", "rules": "s"}, {"target": "main", "rules": "s", "predeploy": ["x"]}]}`: {StorageRules: "s"},
		`{"storage": [{"target": "main", "rules": "s"}, {"target": "images", "rules": "x"}]}`:                {StorageRules: "s", BucketRules: buckets{"one-images": "x", "one-thumbs": "x"}},
		`{"storage": [{"target": "main", "rules": "s"}, {"rules": "x"}]}`:                                    {StorageRules: "x", BucketRules: buckets{"one.appspot.com": "s", "two.appspot.com": "s"}},
		`{"emulators": {"ui": {"enabled": false}, "singleProjectMode": false}}`:                              {NoConsole: true, SeveralProjects: true},
		`{"emulators": {"ui": {"enabled": true}, "singleProjectMode": true}}`:                                {},
	} {
		path := project(t, map[string]string{Name: text, RCName: targets})
		f, err := Find(path)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		want.Path, want.Emulators, want.projects, want.notices = path, f.Emulators, f.projects, f.notices
		want.resolve(filepath.Dir(path))
		if len(f.Databases) == 0 {
			f.Databases = nil
		}
		if len(f.BucketRules) == 0 {
			f.BucketRules = nil
		}
		if !reflect.DeepEqual(f, &want) {
			t.Errorf("%s: %+v, want %+v", text, f, want)
		}
		if f.ProjectID("default") != "demo-one" || f.ProjectID("staging") != "demo-two" || f.ProjectID("demo-three") != "demo-three" {
			t.Errorf("the projects of %s: %v", RCName, f.projects)
		}
	}
}

// No form of a section leaves the rules out silently.
func TestSectionErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{"storage": []}`:                                                             "storage: the list is empty",
		`{"storage": {}}`:                                                             "storage.rules is missing",
		`{"storage": {"rule": "s"}}`:                                                  "storage.rule: there is no such key: did you mean \"rules\"",
		`{"fierstore": {"rules": "r"}}`:                                               "fierstore: there is no such key: did you mean \"firestore\"",
		`{"Storage": {"rules": "r"}}`:                                                 "Storage: there is no such key: did you mean \"storage\"",
		`{"firestore": [{"rules": "r"}, {"index": "r"}]}`:                             "firestore[1].index: there is no such key: did you mean \"indexes\"",
		`{"hosting": {"public": "p", "rewrite": []}}`:                                 "hosting.rewrite: there is no such key: did you mean \"rewrites\"",
		`{"emulators": {"firestor": {"port": 1}}}`:                                    "emulators.firestor: there is no such key: did you mean \"firestore\"",
		`{"storage": [{"rules": "r"}, {"target": "x", "rules": "s"}]}`:                "storage[1].target: ",
		`{"storage": [{"bucket": "b", "rules": "r"}, {"bucket": "b", "rules": "s"}]}`: "storage[1]: the bucket b has two entries",
		`{"firestore": [{"rules": "r"}, {"database": "(default)", "rules": "s"}]}`:    "firestore[1]: the database (default) has two entries",
		`{"emulators": {"ui": {"enabled": "no"}}}`:                                    "emulators.ui.enabled: must be true or false, not a JSON string",
		`{"emulators": {"auth": {"port": "1"}}}`:                                      "emulators.auth.port: must be a number, not a JSON string",
		`{"emulators": []}`:                                                           "emulators: must be an object, not a JSON array",
		`[]`:                                                                          "must be a JSON object",
		`{"storage": {"rules": ""}}`:                                                  "storage.rules is empty",
		`{"storage": {"rules": null}}`:                                                "storage.rules is missing",
		`{"storage": {"rules": ["s"]}}`:                                               "storage.rules: must be a text",
		`{"storage": "storage.rules"}`:                                                "storage: must be an object or a list",
		`{"storage": true}`:                                                           "storage: must be an object or a list",
		`{"storage": ["storage.rules"]}`:                                              "storage[0]: must be an object",
		`{"storage": [null]}`:                                                         "storage[0]: must be an object",
		`{"storage": [[{"rules": "s"}]]}`:                                             "storage[0]: must be an object",
		`{"storage": [{"bucket": "a"}]}`:                                              "storage[0].rules is missing",
		`{"storage": [{"bucket": "a", "rules": "s"}, {"bucket": "b"}]}`:               "storage[1].rules is missing",
		`{"firestore": []}`:                                                           "firestore: the list is empty",
		`{"firestore": "firestore.rules"}`:                                            "firestore: must be an object or a list",
		`{"firestore": {"rules": ""}}`:                                                "firestore.rules is empty",
		`{"firestore": {"rules": 5}}`:                                                 "firestore.rules: must be a text",
		`{"hosting": []}`:                                                             "hosting: there is no site",
	} {
		path := writeFile(t, text)
		if f, err := Find(path); err == nil || !strings.Contains(err.Error(), path+": "+want) {
			t.Errorf("%s: %+v, error %v, want %s", text, f, err, want)
		}
	}
}

func TestHostingList(t *testing.T) {
	for text, want := range map[string][]string{
		`{"hosting": {"site": "a", "public": "web"}}`:                                                 {"a web"},
		`{"hosting": [{"target": "a", "public": "web"}, {"public": "admin"}]}`:                        {"a web", " admin"},
		`{"hosting": [{"source": "next"}, {"public": "admin"}]}`:                                      {" admin"},
		`{"hosting": {"source": "next"}}`:                                                             nil,
		`{"hosting": {"public": "web", "rewrites": [{"source": "/links/**", "dynamicLinks": true}]}}`: {" web"},
	} {
		f, err := Find(writeFile(t, text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var got []string
		for _, site := range f.Hosting {
			got = append(got, site.Name+" "+filepath.Base(site.Public))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestMissingFilesAreErrors(t *testing.T) {
	path := writeFile(t, `{"firestore": {"rules": "r", "indexes": "i"}, "storage": [{"bucket": "a", "rules": "s"}]}`)
	f, err := Find(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"r": second(f.ReadRules(f.Rules)), "s": second(f.ReadRules(f.StorageRules))} {
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), filepath.Join(filepath.Dir(path), name)) {
			t.Errorf("read %s: %v", name, err)
		}
	}
}

func second(_ []byte, err error) error { return err }

// Without its indexes a project starts: nothing is open because of that, and queries fail as they would.
func TestMissingIndexesAreNamed(t *testing.T) {
	f, err := Find(writeFile(t, `{"firestore": {"rules": "r", "indexes": "i"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := f.ReadIndexes(f.Indexes); err != nil || text != nil {
		t.Errorf("%s, %v", text, err)
	}
	if got := f.Notices(); len(got) != 1 || !strings.Contains(got[0], f.Indexes+" does not exist") {
		t.Errorf("notices %q", got)
	}
}

// A section may be a file of its own.
func TestImportedSections(t *testing.T) {
	path := project(t, map[string]string{
		Name: `{"firestore": "f.json", "emulators": "e.json"}`, "f.json": "// rules\n{\"firestore\": {\"rules\": \"r\"}}", "e.json": `{"auth": {"port": 7}}`,
	})
	f, err := Find(path)
	if err != nil || f.Rules != filepath.Join(filepath.Dir(path), "r") || f.Address("auth") != "127.0.0.1:7" {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := Find(project(t, map[string]string{Name: `{"firestore": "f.json"}`})); err == nil || !strings.Contains(err.Error(), "firestore: ") || !strings.Contains(err.Error(), "f.json") {
		t.Errorf("a missing section: %v", err)
	}
	if _, err := Find(project(t, map[string]string{Name: `{"firestore": "f.json"}`, "f.json": `{"rulse": "r"}`})); err == nil || !strings.Contains(err.Error(), "did you mean") {
		t.Errorf("a misspelt key: %v", err)
	}
}

// An error in a file beside firebase.json names that file.
func TestOtherFilesAreNamed(t *testing.T) {
	path := project(t, map[string]string{Name: `{"firestore": {"indexes": "i"}}`, "i": "{\n  \"indexes\": [,]\n}"})
	f, err := Find(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.ReadIndexes(f.Indexes); err == nil || !strings.Contains(err.Error(), f.Indexes+": is not JSON") || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("indexes that are not JSON: %v", err)
	}
	for _, text := range []string{`{`, `{"projects": []}`, `{"targets": {"p": {"storage": {"main": "b"}}}}`} {
		path := project(t, map[string]string{Name: `{}`, RCName: text})
		if _, err := Find(path); err == nil || !strings.Contains(err.Error(), filepath.Join(filepath.Dir(path), RCName)) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
