package firebase

import (
	"path/filepath"
	"strings"
	"testing"
)

// The project's own file names rules, and ports for our services as for the emulators.
func TestProject(t *testing.T) {
	c, err := Find("") // this package's folder has none; the project's has
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"firestore": "127.0.0.1:8080", "tasks": "127.0.0.1:9499", "courses": "127.0.0.1:8101"} {
		if got := c.Address(name); got != want {
			t.Errorf("Address(%s) = %s, want %s", name, got, want)
		}
	}
	for name, read := range map[string]func() ([]byte, error){"cloud.firestore": c.ReadRules, "firebase.storage": c.ReadStorageRules} {
		if text, err := read(); err != nil || !strings.Contains(string(text), "service "+name) {
			t.Errorf("rules for %s: %v, %.100q", name, err, text)
		}
	}
	if c.Hosting == nil || c.Hosting.Public != filepath.Join(filepath.Dir(c.Path), "web", "dist") {
		t.Errorf("hosting %+v", c.Hosting)
	}
}
