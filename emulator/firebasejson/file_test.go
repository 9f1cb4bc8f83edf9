package firebasejson

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAddress(t *testing.T) {
	path := filepath.Join(t.TempDir(), "firebase.json")
	const file = `{"hosting": {"public": "web"}, "emulators": {"firestore": {"port": 0}, "tasks": {"host": "0.0.0.0", "port": 1}, "singleProjectMode": true}}`
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Find(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"firestore": "127.0.0.1:0", "tasks": "0.0.0.0:1", "storage": "127.0.0.1:9199",
	} {
		if got := c.Address(name); got != want {
			t.Errorf("Address(%s) = %s, want %s", name, got, want)
		}
	}
}

func TestReach(t *testing.T) {
	for file, want := range map[string]string{
		`{}`: "this machine only",
		`{"emulators": {"firestore": {"host": "localhost"}, "auth": {"host": "127.0.0.1"}, "ui": {"host": "::1"}}}`:           "this machine only",
		`{"emulators": {"storage": {"host": "0.0.0.0"}, "auth": {"host": "192.168.0.2"}, "tasks": {"host": "::"}, "ui": {}}}`: "other machines, too: auth (192.168.0.2), storage (0.0.0.0), tasks (::)",
	} {
		path := filepath.Join(t.TempDir(), "firebase.json")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Find(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Reach(); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", file, got)
		}
	}
}

// A Firebase project is found from its folders, and read with what it names.
func TestNearestProject(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"firebase.json": `{"firestore": {"rules": "r", "indexes": "i"}, "storage": {"rules": "s"}, "hosting": {"public": "web"}}`,
		"r":             "rules of Firestore", "i": "// none\n{}", "s": "rules of Storage",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	below := filepath.Join(root, "a", "b")
	if err := os.MkdirAll(below, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(below)
	for _, path := range []string{"", root, filepath.Join(root, "firebase.json")} {
		f, err := Find(path)
		if err != nil {
			t.Fatal(err)
		}
		if f.Address("firestore") != "127.0.0.1:8080" || len(f.Hosting) != 1 || filepath.Base(f.Hosting[0].Public) != "web" {
			t.Errorf("Find(%q): Firestore at %s, hosting %+v", path, f.Address("firestore"), f.Hosting)
		}
		for want, named := range map[string]string{"rules of Firestore": f.Rules, "rules of Storage": f.StorageRules} {
			if text, err := f.ReadRules(named); err != nil || string(text) != want {
				t.Errorf("Find(%q): read %q, %v, want %q", path, text, err, want)
			}
		}
		if text, err := f.ReadIndexes(f.Indexes); err != nil || strings.TrimSpace(string(text)) != "{}" {
			t.Errorf("Find(%q): read %q, %v", path, text, err)
		}
	}
}

func TestNoProject(t *testing.T) {
	t.Chdir(t.TempDir())
	f, err := Find("")
	if err != nil || f.Path != "" || f.Address("auth") != "127.0.0.1:9099" || f.Emulators.Address("mine", 7) != "127.0.0.1:7" {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestErrorsNameTheFile(t *testing.T) {
	for _, text := range []string{`{"emulators": {"tasks": {"port": 70000}}}`, `{"emulators": {"tasks": {"port": "x"}}}`, `{`} {
		path := filepath.Join(t.TempDir(), "broken.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Find(path); err == nil || !strings.Contains(err.Error(), "broken.json") {
			t.Errorf("%s: error %v", text, err)
		}
	}
}
