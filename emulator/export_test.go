package emulator_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
)

// fill gives a cloud documents in several databases, accounts of all kinds, and objects.
func fill(t *testing.T, cloud *emulatortest.Cloud) {
	t.Helper()
	for name, docs := range map[string]emulatortest.Docs{
		"demo-test/(default)":  {"users/ann": {"name": "Ann"}, "users/ann/notes/n1": {"text": "hello"}},
		"demo-test/logs":       {"lines/l1": {"text": "log"}},
		"demo-other/(default)": {"users/x": {"name": "X"}},
	} {
		project, id, _ := strings.Cut(name, "/")
		db, err := cloud.Firestore.Database(project, id)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Seed(docs); err != nil {
			t.Fatal(err)
		}
	}
	auth, storage := "http://"+cloud.AuthAddress()+"/identitytoolkit.googleapis.com/", "http://"+cloud.StorageAddress()
	for _, r := range []struct{ method, url, body string }{
		{"POST", auth + "v1/projects/demo-test/accounts", `{"localId": "ann", "email": "ann@example.com", "password": "secret!", "displayName": "Ann", "photoUrl": "http://example.com/a.png", "emailVerified": true}`},
		{"POST", auth + "v1/projects/demo-test/accounts", `{"localId": "bob", "phoneNumber": "+821012345678", "disabled": true}`},
		{"POST", auth + "v1/projects/demo-test/accounts:update", `{"localId": "ann", "customAttributes": "{\"admin\":true}"}`},
		{"POST", auth + "v1/projects/demo-test/accounts:batchCreate", `{"users": [
			{"localId": "kim", "email": "kim@example.com", "createdAt": "1500000000000", "lastLoginAt": "1600000000000",
			 "providerUserInfo": [{"providerId": "google.com", "rawId": "g1", "email": "kim@example.com", "displayName": "Kim"}]}]}`},
		{"POST", auth + "v1/projects/demo-test/accounts:batchCreate", `{"hashAlgorithm": "MD5", "rounds": 0, "users": [
			{"localId": "lee", "email": "lee@example.com", "passwordHash": "X03MO1qnZdYdgyfeuILPmQ=="}]}`},
		{"PATCH", auth + "v2/projects/demo-test/config", `{"signIn": {"allowDuplicateEmails": true}}`},
		{"POST", auth + "v1/projects/demo-other/accounts", `{"localId": "x", "email": "x@example.com"}`},
		{"POST", storage + "/storage/v1/b?project=demo-test", `{"name": "demo-empty"}`},
		{"POST", storage + "/v0/b/demo-test/o?name=a/%EC%82%AC%EC%A7%84.png", "picture"},
		{"PATCH", storage + "/v0/b/demo-test/o/a%2F%EC%82%AC%EC%A7%84.png", `{"contentType": "image/png", "cacheControl": "max-age=60", "contentLanguage": "ko", "metadata": {"k": "v"}}`},
		{"POST", storage + "/v0/b/demo-test/o?name=empty", ""},
	} {
		if response, body := send(t, r.method, r.url, r.body, "Authorization", "Bearer owner", "Content-Type", "application/json"); response.StatusCode != 200 {
			t.Fatalf("%s %s: %d %s", r.method, r.url, response.StatusCode, body)
		}
	}
}

// state describes what is in a cloud, without what an import makes anew: generations and hashes.
func state(t *testing.T, cloud *emulatortest.Cloud) string {
	t.Helper()
	var out strings.Builder
	if err := cloud.Firestore.Export(&out, "demo-test"); err != nil {
		t.Fatal(err)
	}
	for _, project := range []string{"demo-test", "demo-other"} {
		for _, u := range cloud.Auth.Users(project) {
			copied := *u
			copied.Hash, copied.Sessions, copied.PasswordUpdated = nil, "", 0
			text, err := json.Marshal(copied)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "%s %s\n", text, u.Hash)
		}
	}
	for _, path := range []string{"/b/demo-test/o/a%2F%EC%82%AC%EC%A7%84.png", "/b/demo-test/o/empty"} {
		_, text := send(t, "GET", "http://"+cloud.StorageAddress()+"/v0"+path, "", "Authorization", "Bearer owner")
		var o map[string]any
		if err := json.Unmarshal(text, &o); err != nil {
			t.Fatal(err)
		}
		delete(o, "generation")
		delete(o, "metageneration")
		delete(o, "etag")
		_, content := send(t, "GET", "http://"+cloud.StorageAddress()+"/v0"+path+"?alt=media", "", "Authorization", "Bearer owner")
		fmt.Fprintf(&out, "%v %s\n", o, content)
	}
	for _, b := range cloud.Storage.Objects().Buckets() {
		fmt.Fprintln(&out, "bucket", b.Name)
	}
	_, config := send(t, "GET", "http://"+cloud.AuthAddress()+"/emulator/v1/projects/demo-test/config", "")
	fmt.Fprintf(&out, "%s", config)
	return out.String()
}

// signIn returns the status of signing in with a password.
func signIn(t *testing.T, cloud *emulatortest.Cloud, email, password string) int {
	t.Helper()
	response, _ := send(t, "POST", "http://"+cloud.AuthAddress()+"/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=k",
		fmt.Sprintf(`{"email": %q, "password": %q}`, email, password), "Content-Type", "application/json")
	return response.StatusCode
}

// An export of everything, and what another cloud has after it has read it.
func TestExportAndImport(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "seed")
	cloud := emulatortest.Start(t)
	fill(t, cloud)
	for range 2 { // the second replaces the first
		if err := cloud.Export(dir); err != nil {
			t.Fatal(err)
		}
	}
	var files []string
	filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if !e.IsDir() && !strings.Contains(path, "blobs") && !strings.Contains(path, "storage_export/metadata") {
			rel, _ := filepath.Rel(dir, path)
			files = append(files, filepath.ToSlash(rel))
		}
		return err
	})
	const kinds = "all_namespaces/all_kinds/"
	want := []string{
		"auth_export/accounts.json", "auth_export/config.json", "auth_export/hashes.json", "auth_export-demo-other/accounts.json", "auth_export-demo-other/config.json",
		"firebase-export-metadata.json", "storage_export/buckets.json",
	}
	for _, name := range []string{"firestore_export", "firestore_export-demo-test-logs", "firestore_export-demo-other-(default)"} {
		want = append(want, name+"/"+name+".overall_export_metadata", name+"/"+kinds+"all_namespaces_all_kinds.export_metadata", name+"/"+kinds+"output-0")
	}
	slices.Sort(files)
	slices.Sort(want)
	if !slices.Equal(files, want) {
		t.Errorf("the export has\n%s\nwant\n%s", strings.Join(files, "\n"), strings.Join(want, "\n"))
	}
	again := emulatortest.Start(t)
	again.SeedExport(t, dir)
	if got, want := state(t, again), state(t, cloud); got != want {
		t.Errorf("imported\n%s\nwant\n%s", got, want)
	}
	for email, password := range map[string]string{"ann@example.com": "secret!", "lee@example.com": "password"} {
		if code := signIn(t, again, email, password); code != 200 {
			t.Errorf("%s signs in: %d", email, code)
		}
	}
	if code := signIn(t, again, "ann@example.com", "another"); code != 400 {
		t.Errorf("a wrong password: %d", code)
	}
}

// A failed export leaves the old one, and a bad import says which file is bad.
func TestBadExportAndImport(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "seed")
	cloud := emulatortest.Start(t)
	fill(t, cloud)
	if err := cloud.Export(dir); err != nil {
		t.Fatal(err)
	}
	if err := cloud.Export(filepath.Join(dir, "no", "such", "folder")); err == nil {
		t.Error("an export to a folder in a missing one")
	}
	blobs, err := filepath.Glob(filepath.Join(dir, "storage_export", "blobs", "*"))
	if err != nil || len(blobs) != 2 {
		t.Fatalf("%q, %v", blobs, err)
	}
	for name, change := range map[string]string{
		blobs[0]: "other bytes", filepath.Join(dir, "auth_export", "accounts.json"): `{"users": [{"localId": ""}]}`,
		filepath.Join(dir, "auth_export", "config.json"): "{", filepath.Join(dir, "storage_export", "buckets.json"): `{"buckets": [{"id": "?"}]}`,
		filepath.Join(dir, emulator.ExportMetadataFile): `{"auth": {"path": "../other"}}`,
	} {
		old, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(change), 0o600); err != nil {
			t.Fatal(err)
		}
		named := filepath.Base(name)
		if _, err := emulatortest.Start(t).Import(dir); err == nil || !strings.Contains(err.Error(), named) {
			t.Errorf("%s: %v", name, err)
		}
		if err := os.WriteFile(name, old, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := emulatortest.Start(t).Import(t.TempDir()); err == nil || !strings.Contains(err.Error(), emulator.ExportMetadataFile) {
		t.Errorf("an empty folder: %v", err)
	}
	// What the local cloud lacks is named, and the rest imported.
	meta := `{"version": "13.0.0", "auth": {"version": "13.0.0", "path": "auth_export"}, "database": {"version": "4", "path": "database_export"}}`
	accounts := `{"users": [{"localId": "two", "email": "two@example.com", "mfaInfo": [{"phoneInfo": "+1"}]}, {"localId": "one"}]}`
	for name, text := range map[string]string{emulator.ExportMetadataFile: meta, "auth_export/accounts.json": accounts, "auth_export/accounts-tenant.json": "{}"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	into := emulatortest.Start(t)
	leftOut, err := into.Import(dir)
	if all := strings.Join(leftOut, "\n"); err != nil || len(leftOut) != 3 || !strings.Contains(all, "account two") || !strings.Contains(all, "tenants") || !strings.Contains(all, "Realtime Database") {
		t.Errorf("left out %q, %v", leftOut, err)
	}
	if _, ok := into.Auth.Get("demo-test", "one"); !ok {
		t.Error("the other account was not imported")
	}
}
