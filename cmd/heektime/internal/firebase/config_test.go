package firebase

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write writes both files to a new folder and returns the path of firebase.json.
func write(t *testing.T, firebase, services string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"firebase.json": firebase, "heektime.json": services} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "firebase.json")
}

func TestServices(t *testing.T) {
	path := write(t, `{"emulators": {"firestore": {"host": "::", "port": 1}}}`, `{"services": {"refresh": {"port": 0}, "courses": {"host": "0.0.0.0", "port": 2}}}`)
	c, err := Find(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"courses": "0.0.0.0:2", "refresh": "127.0.0.1:0", "cleanup": "127.0.0.1:8105", "auth": "127.0.0.1:8103",
	} {
		if got := c.ServiceAddress(name); got != want {
			t.Errorf("ServiceAddress(%s) = %s, want %s", name, got, want)
		}
	}
	ours := filepath.Join(filepath.Dir(path), "heektime.json")
	if got, want := c.Reach(), "other machines, too: courses (0.0.0.0), firestore (::) (set in "+path+" and "+ours+")"; got != want {
		t.Errorf("Reach() = %s, want %s", got, want)
	}
	if got, want := c.ServiceRemedy("courses"), "services.courses.port in "+ours+" to another port"; !strings.Contains(got, want) {
		t.Errorf("ServiceRemedy(courses) = %s, want %s", got, want)
	}
}

// TestServicesOfTheProject checks that the project's own heektime.json lists every service with its
// default port.
func TestServicesOfTheProject(t *testing.T) {
	c, err := Find("")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Services) != len(serviceDefaults) {
		t.Errorf("heektime.json has %d services, want %d", len(c.Services), len(serviceDefaults))
	}
	for name, port := range serviceDefaults {
		if got := c.Services[name].Port; got == nil || *got != port {
			t.Errorf("the port of %s in heektime.json is not the default, %d", name, port)
		}
	}
}

// TestUnknownKeys checks that errors name unknown keys in heektime.json, and services in the wrong
// file.
func TestUnknownKeys(t *testing.T) {
	for _, c := range []struct{ firebase, services, want string }{
		{`{}`, `{"service": {}}`, `heektime.json: json: unknown field "service"`},
		{`{}`, `{"services": {"refesh": {"port": 1}}}`, "heektime.json: services.refesh: unknown service; the services are auth, cleanup"},
		{`{}`, `{"services": {"firestore": {"port": 1}}}`, "services.firestore"},
		{`{}`, `{"services": {"refresh": {"prot": 1}}}`, `heektime.json: services.refresh: json: unknown field "prot"`},
		{`{}`, `{"services": {"refresh": {"port": -1}}}`, "heektime.json: services.refresh.port: -1 is not a port number"},
		{`{}`, `{"services": {}} {}`, "heektime.json: unexpected data after"},
		{`{}`, `[]`, "heektime.json: "},
		{`{"emulators": {"refresh": {"port": 1}}}`, `{}`, "firebase.json: emulators.refresh: the ports of our services are set in heektime.json"},
	} {
		if _, err := Find(write(t, c.firebase, c.services)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: got error %v, want %s", c.firebase, c.services, err, c.want)
		}
	}
}

// heektime.json has the ports of emulators that the Firebase CLI does not have, unless firebase.json has them.
func TestOwnEmulators(t *testing.T) {
	for _, c := range []struct{ firebase, own, want string }{
		{`{}`, `{}`, "127.0.0.1:9599"},
		{`{}`, `{"emulators": {"messaging": {"port": 1}}}`, "127.0.0.1:1"},
		{`{"emulators": {"messaging": {"port": 2}}}`, `{"emulators": {"messaging": {"port": 1}}}`, "127.0.0.1:2"},
	} {
		config, err := Find(write(t, c.firebase, c.own))
		if err != nil || config.Address("messaging") != c.want {
			t.Errorf("%s %s: %v, want %s", c.firebase, c.own, err, c.want)
		}
	}
	want := "heektime.json: emulators.firestore: unknown emulator; the emulators are messaging"
	if _, err := Find(write(t, `{}`, `{"emulators": {"firestore": {"port": 1}}}`)); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want %s", err, want)
	}
}

// The project's own file asks for nothing that the local cloud does not do.
func TestNothingIsLeftOut(t *testing.T) {
	c, err := Find("")
	if err != nil || len(c.Notices()) > 0 {
		t.Errorf("%q, %v", c.Notices(), err)
	}
}

func TestHostingOfTheProject(t *testing.T) {
	c, err := Find("")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Hosting) != 1 || c.Hosting[0].Public != filepath.Join(filepath.Dir(c.Path), "web", "dist") {
		t.Errorf("hosting %+v", c.Hosting)
	}
}

func TestFindSearchesParents(t *testing.T) {
	c, err := Find("") // firebase.json is in the root of the repository
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"firestore": "127.0.0.1:8080", "tasks": "127.0.0.1:9499"} {
		if got := c.Address(name); got != want {
			t.Errorf("Address(%s) = %s, want %s", name, got, want)
		}
	}
	for name, path := range map[string]string{"cloud.firestore": c.Rules, "firebase.storage": c.StorageRules} {
		if text, err := c.ReadRules(path); err != nil || !strings.Contains(string(text), "service "+name) {
			t.Errorf("rules for %s: %v, %.100q", name, err, text)
		}
	}
	if len(c.Hosting) != 1 || c.Hosting[0].Public != filepath.Join(filepath.Dir(c.Path), "web", "dist") {
		t.Errorf("hosting %+v", c.Hosting)
	}
}
