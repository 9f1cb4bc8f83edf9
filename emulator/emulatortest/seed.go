package emulatortest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/firestore"
)

// Docs are Firestore documents by path, such as "users/ann". Values are Go's: strings, numbers,
// booleans, nil, time.Time, []byte, []any and map[string]any.
type Docs = map[string]map[string]any

// Seed sets documents of the default database, in one commit. Neither rules nor indexes apply, and
// the documents are not billed.
func (c *Cloud) Seed(t testing.TB, docs Docs) {
	t.Helper()
	if err := c.database(t).Seed(docs); err != nil {
		t.Fatal(err)
	}
}

// SeedFile is [Cloud.Seed] for a JSON file of documents by path, {"users/ann": {"name": "Ann"}}: what
// Database.Export, the console and localcloud --export write.
func (c *Cloud) SeedFile(t testing.TB, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatalf("seed: %v", err)
	}
	defer f.Close()
	if err := c.database(t).Import(f); err != nil {
		t.Fatalf("seed %s: %v", path, err)
	}
}

// SeedFS is [Cloud.Seed] for a folder with a JSON file for each document: users/ann.json. fsys is
// usually os.DirFS or an embedded folder.
func (c *Cloud) SeedFS(t testing.TB, fsys fs.FS) {
	t.Helper()
	if err := c.database(t).ImportDir(fsys); err != nil {
		t.Fatalf("seed: %v", err)
	}
}

// SeedExport imports a folder that [emulator.Cloud.Export], localcloud --export-on-exit, or the Firebase CLI has
// written: documents, accounts and objects. The test's log says what the local cloud does not have.
func (c *Cloud) SeedExport(t testing.TB, dir string) {
	t.Helper()
	leftOut, err := c.Import(dir)
	if err != nil {
		t.Fatalf("seed: %v", err)
	}
	for _, what := range leftOut {
		t.Logf("seed %s: %s", dir, what)
	}
}

func (c *Cloud) database(t testing.TB) *firestore.Database {
	t.Helper()
	db, err := c.Firestore.Database(c.Project, "(default)")
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// User is an account of Authentication.
type User struct {
	UID           string // required
	Email         string
	EmailVerified bool
	Password      string // empty: the user cannot sign in with a password
	DisplayName   string
	PhoneNumber   string // as +821012345678
	Disabled      bool
	Claims        map[string]any // custom claims of the user's ID tokens
}

// SeedUsers adds accounts to the default project. An account with the same UID is replaced.
func (c *Cloud) SeedUsers(t testing.TB, users ...User) {
	t.Helper()
	var request struct {
		AllowOverwrite bool             `json:"allowOverwrite"`
		Users          []map[string]any `json:"users"`
	}
	request.AllowOverwrite = true
	for _, u := range users {
		account := map[string]any{
			"localId": u.UID, "emailVerified": u.EmailVerified, "disabled": u.Disabled,
		}
		for name, value := range map[string]string{
			"email": u.Email, "rawPassword": u.Password, "displayName": u.DisplayName, "phoneNumber": u.PhoneNumber,
		} {
			if value != "" {
				account[name] = value
			}
		}
		if u.Claims != nil {
			claims, err := json.Marshal(u.Claims)
			if err != nil {
				t.Fatalf("seed user %s: %v", u.UID, err)
			}
			account["customAttributes"] = string(claims)
		}
		request.Users = append(request.Users, account)
	}
	var reasons []string
	for _, r := range c.createAccounts(t, request) {
		u := users[r.Index]
		names := slices.DeleteFunc([]string{u.UID, u.Email, u.PhoneNumber}, func(name string) bool { return name == "" })
		reasons = append(reasons, fmt.Sprintf("user %s: %s", strings.Join(names, ", "), r.Message))
	}
	if reasons != nil {
		t.Fatalf("seed users: %s", strings.Join(reasons, "; "))
	}
}

// refusal says why one account of a request was not created.
type refusal struct {
	Index   int    `json:"index"`
	Message string `json:"message"`
}

// createAccounts sends what the Admin SDK's importUsers sends.
func (c *Cloud) createAccounts(t testing.TB, request any) []refusal {
	t.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatalf("seed users: %v", err)
	}
	url := "http://" + c.AuthAddress() + "/identitytoolkit.googleapis.com/v1/projects/" + c.Project + "/accounts:batchCreate"
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatalf("seed users: %v", err)
	}
	r.Header.Set("Authorization", "Bearer owner")
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatalf("seed users: %v", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("seed users: %v", err)
	}
	var result struct {
		Error []refusal `json:"error"`
	}
	if response.StatusCode != http.StatusOK {
		t.Fatalf("seed users: %s: %s", response.Status, text)
	}
	if err := json.Unmarshal(text, &result); err != nil {
		t.Fatalf("seed users: %v: %s", err, text)
	}
	return result.Error
}
