package emulator_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
)

// A page whose name was pointed to this machine, with DNS rebinding, is rejected at every port before
// it can do anything, such as fetch an identity token.
func TestForeignHosts(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"firebase.json": `{"hosting": {"public": "web"}}`, "web/index.html": "page",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cloud := emulatortest.Start(t, emulatortest.Project(t, dir), func(cfg *emulator.Config) {
		cfg.AllowedOrigins = []string{"https://dev.example.com"}
	})
	const token = "/computeMetadata/v1/instance/service-accounts/default/identity?audience=https://service"
	for name, door := range map[string]struct{ address, path string }{
		"firestore": {cloud.FirestoreAddress(), "/"}, "auth": {cloud.AuthAddress(), "/"}, "storage": {cloud.StorageAddress(), "/"},
		"tasks": {cloud.TasksAddress(), "/"}, "tasks REST": {cloud.TasksAddress(), "/v2/projects/p/locations/l/queues"},
		"tasks for Admin SDKs": {cloud.TasksAddress(), "/projects/p/locations/l/queues"},
		"scheduler REST":       {cloud.TasksAddress(), "/v1/projects/p/locations/l/jobs"}, "metadata": {cloud.TasksAddress(), token}, "hub": {cloud.HubAddress(), "/emulators"},
		"messaging": {cloud.MessagingAddress(), "/emulator/v1/projects/demo-test/messages"},
		"ui":        {strings.TrimPrefix(cloud.ConsoleURL(), "http://"), "/"}, "hosting": {cloud.HostingAddress(), "/"},
	} {
		_, port, err := net.SplitHostPort(door.address)
		if err != nil {
			t.Fatal(err)
		}
		for host, foreign := range map[string]bool{
			"127.0.0.1:" + port: false, "localhost:" + port: false, "[::1]:" + port: false, "LOCALHOST.": false,
			"evil.example:" + port: true, "evil.example": true, "127.0.0.1.evil.example": true, "localhost.evil.example:" + port: true,
			"metadata.google.internal": false, "dev.example.com:" + port: name == "ui", // the console is for its own page only
		} {
			if status := get(t, door.address, door.path, host, ""); (status == http.StatusForbidden) != foreign {
				t.Errorf("%s: Host %s has status %d", name, host, status)
			}
		}
	}
	for _, path := range []string{token, "/v2/projects/p/locations/l/queues", "/projects/p/locations/l/queues", "/v1/projects/p/locations/l/jobs"} {
		if status := get(t, cloud.TasksAddress(), path, cloud.TasksAddress(), "https://evil.example"); status != http.StatusForbidden {
			t.Errorf("%s: a page of the internet has status %d", path, status)
		}
	}
	if status := get(t, cloud.TasksAddress(), token, "metadata.google.internal", ""); status != http.StatusOK {
		t.Errorf("metadata: a Google client has status %d", status)
	}
}

// get sends a request with the headers of a metadata client and returns the response's status.
func get(t *testing.T, address, path, host, origin string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	r.Header.Set("Metadata-Flavor", "Google")
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

func TestInvalidOrigins(t *testing.T) {
	for origin, valid := range map[string]bool{
		"*": true, "null": true, "https://a.example.com": true, "http://a.example.com:8080": true, "capacitor://localhost": true,
		"https://a.example.com/": false, "a.example.com": false, "https://a.example.com/path": false, "a.example.com:8080": false, "https://": false,
	} {
		cloud, err := emulator.Open(emulator.Config{AllowedOrigins: []string{"https://b.example.com", origin}})
		if (err == nil) != valid {
			t.Errorf("%q: %v", origin, err)
		}
		if err == nil {
			cloud.Close()
		}
	}
}
