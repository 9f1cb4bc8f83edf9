package emulator_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/firebasejson"
)

// writeProject writes the files of a Firebase project and returns its folder.
func writeProject(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	closedFirestore = "service cloud.firestore { match /databases/{d}/documents { match /{any=**} { allow read: if false; } } }"
	openFirestore   = "service cloud.firestore { match /databases/{d}/documents { match /{any=**} { allow read; } } }"
	closedStorage   = "service firebase.storage { match /b/{b}/o { match /{any=**} { allow read: if false; } } }"
	openStorage     = "service firebase.storage { match /b/{b}/o { match /{any=**} { allow read; } } }"
)

// Each database and bucket has the rules and indexes that firebase.json names for it, and those that it does not
// name have the rules of the first. Each site has a port.
func TestListsInFirebaseJSON(t *testing.T) {
	t.Parallel()
	dir := writeProject(t, map[string]string{
		"firebase.json": `{
			"firestore": [{"rules": "closed", "indexes": "none"}, {"database": "logs", "rules": "open", "indexes": "some"}],
			"storage": [{"target": "main", "rules": "closed.storage"}, {"target": "public", "rules": "open.storage"}],
			"hosting": [{"target": "app", "public": "."}, {"site": "admin", "public": "."}],
			"emulators": {"ui": {"enabled": false}}
		}`,
		".firebaserc": `{"targets": {"demo-test": {"storage": {"main": ["demo-main"], "public": ["demo-public"]}}}}`,
		"closed":      closedFirestore, "open": openFirestore, "closed.storage": closedStorage, "open.storage": openStorage,
		"none": "// none yet\n{}", "some": `{"indexes": [{"collectionGroup": "c", "queryScope": "COLLECTION", "fields": [
			{"fieldPath": "a", "order": "ASCENDING"}, {"fieldPath": "b", "order": "ASCENDING"}]}]}`,
	})
	cloud := emulatortest.Start(t, emulatortest.Project(t, dir))
	documents := "http://" + cloud.FirestoreAddress() + "/v1/projects/demo-test/databases/"
	objects := "http://" + cloud.StorageAddress() + "/v0/b/"
	for url, want := range map[string]int{
		documents + "(default)/documents/c/d": 403, documents + "logs/documents/c/d": 404, documents + "other/documents/c/d": 403,
		objects + "demo-main/o/x": 403, objects + "demo-public/o/x": 404, objects + "demo-other/o/x": 403,
	} {
		if response, body := send(t, "GET", url, ""); response.StatusCode != want {
			t.Errorf("GET %s: %d, want %d\n%s", url, response.StatusCode, want, body)
		}
	}
	const query = `{"structuredQuery": {"from": [{"collectionId": "c"}], "orderBy": [{"field": {"fieldPath": "a"}}, {"field": {"fieldPath": "b"}}]}}`
	for database, want := range map[string]int{"(default)": 400, "logs": 200} {
		response, body := send(t, "POST", documents+database+"/documents:runQuery", query, "Authorization", "Bearer owner")
		if response.StatusCode != want {
			t.Errorf("a query of %s that needs an index: %d, want %d\n%s", database, response.StatusCode, want, body)
		}
	}
	if denials := cloud.Firestore.Evaluations("demo-test"); len(denials) != 3 {
		t.Errorf("%d decisions of the rules are shown, want those of all databases, 3", len(denials))
	}
	if at := cloud.HostingAddresses(); len(at) != 2 || at[0] == at[1] || cloud.ConsoleURL() != "" {
		t.Errorf("web apps at %q, the console at %q", at, cloud.ConsoleURL())
	}
	for _, at := range cloud.HostingAddresses() {
		if response, _ := send(t, "GET", "http://"+at+"/__/firebase/init.json", ""); response.StatusCode != http.StatusOK {
			t.Errorf("the web app at %s: %s", at, response.Status)
		}
	}
}

// Errors in rules and indexes name the file that they are in; what has no effect, and a client of another
// project, are in the log.
func TestProjectErrorsAndWarnings(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"r": "service cloud.firestore {", "i": `{"indexes": [{}]}`, "s": "service firebase.storage {", "x": `{"indexes": 1}`,
	} {
		files := map[string]string{
			"firebase.json": `{"firestore": [{"rules": "r", "indexes": "i"}, {"database": "d", "rules": "r", "indexes": "x"}], "storage": {"rules": "s"}}`,
			"r":             openFirestore, "i": "{}", "x": `{"indexes": []}`, "s": openStorage,
		}
		files[name] = text
		dir := writeProject(t, files)
		var cfg emulator.Config
		if err := cfg.LoadProject(dir); err != nil {
			t.Fatal(err)
		}
		cloud, err := emulator.Open(cfg)
		if err == nil {
			cloud.Close()
		}
		if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, name)) {
			t.Errorf("%s with %s: %v", name, text, err)
		}
	}

	var log bytes.Buffer
	cfg := emulator.Config{Logger: slog.New(slog.NewTextHandler(&log, nil)), SingleProject: true}
	file, err := firebasejson.Find(writeProject(t, map[string]string{"firebase.json": `{"functions": {"source": "functions"}}`}))
	if err != nil {
		t.Fatal(err)
	}
	if err := cfg.UseProject(file); err != nil {
		t.Fatal(err)
	}
	cloud, err := emulator.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer cloud.Close()
	for range 2 {
		send(t, "GET", "http://"+cloud.FirestoreAddress()+"/v1/projects/demo-other/databases/(default)/documents/a/b", "")
	}
	for _, want := range []string{"functions has no effect", "project=demo-other started=demo-test"} {
		if strings.Count(log.String(), want) != 1 {
			t.Errorf("the log does not say once %q:\n%s", want, log.String())
		}
	}
}

// The environment is that of the Firebase CLI's emulators:exec.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	cloud := emulatortest.Start(t, func(c *emulator.Config) { c.Project, c.Buckets = "demo-env", []string{"demo-env.appspot.com"} })
	env := cloud.CLIEnvironment()
	var config map[string]string
	if err := json.Unmarshal([]byte(env["FIREBASE_CONFIG"]), &config); err != nil || config["projectId"] != "demo-env" || config["storageBucket"] != "demo-env.appspot.com" {
		t.Errorf("FIREBASE_CONFIG=%s", env["FIREBASE_CONFIG"])
	}
	for name, want := range map[string]string{
		"GCLOUD_PROJECT": "demo-env", "FIRESTORE_EMULATOR_HOST": cloud.FirestoreAddress(), "FIREBASE_FIRESTORE_EMULATOR_ADDRESS": cloud.FirestoreAddress(),
		"FIREBASE_AUTH_EMULATOR_HOST": cloud.AuthAddress(), "FIREBASE_STORAGE_EMULATOR_HOST": cloud.StorageAddress(),
		"STORAGE_EMULATOR_HOST": "http://" + cloud.StorageAddress(), "FIREBASE_EMULATOR_HUB": cloud.HubAddress(), "CLOUD_TASKS_EMULATOR_HOST": cloud.TasksAddress(),
	} {
		if env[name] != want {
			t.Errorf("%s=%s, want %s", name, env[name], want)
		}
	}
}
