package firebasejson

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/sdktest"
)

// A typical file of another project: everything that has no effect is named, and nothing else.
func TestNotices(t *testing.T) {
	f, err := Find(writeFile(t, `{
		// made by firebase init
		"$schema": "https://example.com/schema.json", "flutter": {"platforms": {}},
		"firestore": {"location": "nam5", "rules": "r", "edition": "enterprise", /* later */ "predeploy": "make"},
		"functions": [{"source": "functions", "codebase": "default"}],
		"database": {"rules": "d"}, "remoteconfig": {"template": "t"}, "extensions": {"resize": "firebase/resize@1"}, "mine": 1,
		"hosting": [{"public": "p"}, {"public": "q", "i18n": {"root": "x"}, "rewrites": [
			{"source": "a", "function": {"functionId": "f", "pinTag": true}}, {"source": "b", "dynamicLinks": true}]}],
		"emulators": {"singleProjectMode": true, "pubsub": {"port": 8085}, "logging": {"port": 4500}, "firestore": {"websocketPort": 9150}}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, notice := range f.Notices() {
		key, _, _ := strings.Cut(notice, " has no effect: ")
		named = append(named, key)
	}
	want := []string{"database", "emulators.firestore.websocketPort", "emulators.logging", "emulators.pubsub", "extensions", "firestore.edition",
		"functions", "hosting[1].i18n", "hosting[1].rewrites[1].dynamicLinks", "mine", "remoteconfig"}
	if !slices.Equal(named, want) {
		t.Errorf("named %q\nwant  %q", named, want)
	}
	f, err = Find(writeFile(t, `{"firestore": {"indexes": "i"}}`))
	if err != nil || len(f.Notices()) != 1 || !strings.Contains(f.Notices()[0], "firestore.rules is missing: everyone may read and write") {
		t.Errorf("without rules: %q, %v", f.Notices(), err)
	}
}

// Every key of the schema that the Firebase CLI publishes is done here, or named at start.
func TestKeysAreTheSchemas(t *testing.T) {
	packages := sdktest.Packages(t, os.DirFS(filepath.Join("..", "..", "internal", "tests", "firebasedeploy", "npm")))
	text, err := os.ReadFile(filepath.Join(packages, "node_modules", "firebase-tools", "schema", "firebase-config.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	s.walk(&s, "", found)
	if len(found) < 60 {
		t.Errorf("the schema has only %d keys: it has another form", len(found))
	}
	for key := range found {
		if _, ok := keys[key]; !ok {
			t.Errorf("%s is in the schema, and neither done nor named", key)
		}
	}
	ours := []string{"flutter", "emulators.messaging", "emulators.messaging.host", "emulators.messaging.port"}
	for key := range keys {
		if !found[key] && !slices.Contains(ours, key) {
			t.Errorf("%s is not in the schema", key)
		}
	}
}

// schema is a part of a JSON schema.
type schema struct {
	Ref         string             `json:"$ref"`
	Definitions map[string]*schema `json:"definitions"`
	Properties  map[string]*schema `json:"properties"`
	Items       json.RawMessage    `json:"items"`
	AnyOf       []*schema          `json:"anyOf"`
	AllOf       []*schema          `json:"allOf"`
}

// walk collects the keys that the part of a schema at a path allows, as far as [keys] looks at them.
func (s *schema) walk(root *schema, path string, found map[string]bool) {
	if name, ok := strings.CutPrefix(s.Ref, "#/definitions/"); ok {
		root.Definitions[name].walk(root, path, found)
	}
	for name, part := range s.Properties {
		at := strings.TrimPrefix(path+"."+name, ".")
		found[at] = true
		if keys[at] == used {
			part.walk(root, at, found)
		}
	}
	var items schema
	if json.Unmarshal(s.Items, &items) == nil {
		items.walk(root, path, found)
	}
	for _, part := range slices.Concat(s.AnyOf, s.AllOf) {
		part.walk(root, path, found)
	}
}
