package firebase

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

func TestHostingOfTheProject(t *testing.T) {
	c, err := Find("")
	if err != nil {
		t.Fatal(err)
	}
	if c.Hosting == nil || c.Hosting.Public != filepath.Join(filepath.Dir(c.Path), "web", "dist") {
		t.Errorf("hosting %+v", c.Hosting)
	}
}

func TestFindLooksInFoldersAbove(t *testing.T) {
	c, err := Find("") // this package's folder has none; the project's has
	if err != nil {
		t.Fatal(err)
	}
	if c.Path == "" || c.Address("firestore") != "127.0.0.1:8080" {
		t.Errorf("found %q with Firestore at %s", c.Path, c.Address("firestore"))
	}
}

func TestRulesOfTheProject(t *testing.T) {
	c, err := Find("")
	if err != nil {
		t.Fatal(err)
	}
	for name, read := range map[string]func() ([]byte, error){"cloud.firestore": c.ReadRules, "firebase.storage": c.ReadStorageRules} {
		if text, err := read(); err != nil || !strings.Contains(string(text), "service "+name) {
			t.Errorf("rules for %s: %v, %.100q", name, err, text)
		}
	}
}

func TestRulesForEachBucketAreLeftOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "firebase.json")
	if err := os.WriteFile(path, []byte(`{"storage": [{"bucket": "a", "rules": "a.rules"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Find(path); err != nil || c.StorageRules != "" {
		t.Errorf("storage rules %q, %v", c.StorageRules, err)
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
