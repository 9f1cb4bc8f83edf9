package opentofu

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/longtest"
)

// fakeGoogle stands for gcloud, curl and npx. It logs its arguments to $LOG. In an empty project nothing
// exists until it is made; a full one has everything.
const fakeGoogle = `#!/usr/bin/env bash
arguments="$(basename "$0") $*"
echo "$arguments" >>"$LOG"
full() { [ "$PROJECT_IS" = full ]; }
case "$arguments" in
*"billing projects describe"*) echo "${BILLING:-True}" ;;
*"print-access-token"*) echo token ;;
*"versions add token-key"*) cat >"$LOG.key" ;;
"curl "*"-X GET "*/webApps*) if full; then echo '{"apps": [{"appId": "1:2:web:3"}]}'; else echo '{}'; fi ;;
"curl "*"-X GET "*/releases*)
  if full; then
    echo '{"releases": [{
      "name": "projects/p/releases/cloud.firestore",
      "rulesetName": "projects/p/rulesets/1"}, {
      "name": "projects/p/releases/firebase.storage/heektime-1.firebasestorage.app"}]}'
  else echo '{}'; fi ;;
"curl "*"-X GET "*/defaultBucket*)
  if full; then echo '{"name": "projects/p/defaultBucket", "location": "ASIA-NORTHEAST3", "bucket": {"name": "b"}}'
  elif [ -e "$LOG.bucket" ]; then cat "$LOG.bucket"
  else echo '{"error": {"code": 404}}' >&2; exit 22; fi ;;
"curl "*/defaultBucket*) echo "${arguments#*--data }" | sed 's/ -H .*//' >"$LOG.bucket" ;;
"curl "*"-X GET https://firebase.googleapis.com/"*) full || [ -e "$LOG.made" ] || { echo '{"error": {"code": 404}}' >&2; exit 22; } ;;
"curl "*"-X GET "*) full || { echo '{"error": {"code": 404}}' >&2; exit 22; } ;;
"curl "*":addFirebase"*) touch "$LOG.made" ;;
*"buckets list"*) if full; then echo heektime-1-tofu-state; fi ;;
*"secrets create"*) touch "$LOG.secret" ;;
*"secrets list"*) if full; then printf 'token-key\ntoken-key-old\n'; elif [ -e "$LOG.secret" ]; then echo token-key; fi ;;
*"versions list"*) if full; then echo 1; fi ;;
*"databases list"*) if full; then echo '(default)'; fi ;;
*"queues list"*) if full; then printf 'refresh\nrefresh-old\n'; fi ;;
*"api-keys list"*) if full; then printf 'clients\nbrowser\n'; fi ;;
*"pools list"*) if full; then echo github; fi ;;
*"providers list"*) if full; then echo github-actions; fi ;;
esac
`

// firebaseScript runs a copy of deploy/firebase.sh with fakeGoogle in its path.
func firebaseScript(t *testing.T, env []string, options ...string) (folder, log, output string, err error) {
	t.Helper()
	folder, bin := t.TempDir(), t.TempDir()
	for _, name := range []string{"firebase.sh", "deployment.auto.tfvars.json"} {
		copyFile(t, filepath.Join(root, "deploy", name), filepath.Join(folder, name))
	}
	for _, name := range []string{"gcloud", "curl", "npx"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(fakeGoogle), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	log = filepath.Join(t.TempDir(), "log")
	arguments := slices.Concat([]string{filepath.Join(folder, "firebase.sh")}, options, []string{project, "heektime.test"})
	cmd := exec.CommandContext(t.Context(), "bash", arguments...)
	cmd.Env = append(env, "PATH="+bin+":"+os.Getenv("PATH"), "LOG="+log)
	out, err := cmd.CombinedOutput()
	return folder, log, string(out), err
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// settings are those of project.auto.tfvars.json.
type settings struct {
	Project     string
	StateBucket string            `json:"state_bucket"`
	Regions     map[string]string `json:"bucket_regions"`
	Existing    struct {
		Database         bool
		Buckets, Secrets []string
		Queues           []string
		APIKeys          []string `json:"api_keys"`
		Releases         []string
		Pool             bool
		PoolProvider     bool `json:"pool_provider"`
	}
}

func settingsOf(t *testing.T, folder string) settings {
	t.Helper()
	var s settings
	if err := json.Unmarshal([]byte(read(t, filepath.Join(folder, "project.auto.tfvars.json"))), &s); err != nil {
		t.Fatal(err)
	}
	if s.Project != project || s.StateBucket != project+"-tofu-state" || !slices.Equal(s.Existing.Buckets, []string{"lists"}) {
		t.Errorf("settings: %+v", s)
	}
	return s
}

// In an empty project the script makes everything that it is for.
func TestFirebaseScriptInEmptyProject(t *testing.T) {
	folder, log, output, err := firebaseScript(t, []string{"PROJECT_IS=empty"})
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	calls := read(t, log)
	for _, want := range []string{
		":addFirebase", "/webApps --data", `/defaultBucket --data {"location": "us-west1"}`, "sites?siteId=" + project, "deploy --only auth --project " + project,
		"eventarc.googleapis.com:generateServiceIdentity", "secrets create token-key", "storage buckets create gs://" + project + "-tofu-state",
		`"heektime-1.web.app", "heektime.test"]`, `"anonymous": {"enabled": false}`, "X-Goog-User-Project: " + project,
	} {
		if !strings.Contains(calls, want) {
			t.Errorf("no call contains %q; the calls were\n%s", want, calls)
		}
	}
	// Either of them upgrades the project to Identity Platform, for good.
	for _, never := range []string{"initializeAuth", "identityPlatform"} {
		if strings.Contains(calls, never) {
			t.Errorf("a call contains %s", never)
		}
	}
	if key := read(t, log+".key"); len(key) != 44 {
		t.Errorf("the first key has %d characters, want 32 bytes in Base64", len(key))
	}
	s := settingsOf(t, folder)
	if s.Regions["lists"] != "us-west1" {
		t.Errorf("regions: %v", s.Regions)
	}
	if e := s.Existing; e.Database || e.Pool || e.PoolProvider || len(e.Queues)+len(e.APIKeys)+len(e.Releases) > 0 {
		t.Errorf("existing: %+v", e)
	}
	if !slices.Equal(s.Existing.Secrets, []string{"token-key"}) { // which the script has just made
		t.Errorf("existing secrets: %v", s.Existing.Secrets)
	}
	if backend := read(t, filepath.Join(folder, "backend.tf")); !strings.Contains(backend, project+"-tofu-state") {
		t.Errorf("backend: %s", backend)
	}
	for _, s := range deployment.Table().Secrets {
		if s.Make != "" && !strings.Contains(calls, "versions add "+s.ID) {
			t.Errorf("secret %s has no first version", s.ID)
		}
	}
}

// In a project that has everything, the script makes nothing, and lists what apply adopts. OpenTofu takes
// the list.
func TestFirebaseScriptInFullProject(t *testing.T) {
	folder, log, output, err := firebaseScript(t, []string{"PROJECT_IS=full"})
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for call := range strings.Lines(read(t, log)) {
		for _, verb := range []string{" create ", "versions add", ":addFirebase", "/webApps --data", "/defaultBucket --data", "siteId="} {
			if strings.Contains(call, verb) {
				t.Errorf("made again: %s", call)
			}
		}
	}
	s := settingsOf(t, folder)
	if s.Regions["lists"] != "asia-northeast3" || !strings.Contains(output, "the bucket is in asia-northeast3, not in us-west1") {
		t.Errorf("the bucket that exists is in Seoul; regions %v, output\n%s", s.Regions, output)
	}
	e := s.Existing
	if !e.Database || !e.Pool || !e.PoolProvider || !slices.Equal(e.Secrets, []string{"token-key", "token-key-old"}) ||
		!slices.Equal(e.Queues, []string{"refresh"}) || !slices.Equal(e.APIKeys, []string{"clients"}) ||
		!slices.Equal(e.Releases, []string{"firestore", "storage"}) {
		t.Errorf("existing: %+v", e)
	}
	t.Run("OpenTofu takes the list", func(t *testing.T) {
		longtest.Only(t, "makes another plan")
		w := newWorkspace(t)
		copyFile(t, filepath.Join(folder, "project.auto.tfvars.json"), filepath.Join(w.folder, "project.auto.tfvars.json"))
		w.plan(t)
	})
}

// An operator chooses the region of the lists before the bucket exists.
func TestFirebaseScriptListsRegion(t *testing.T) {
	folder, log, output, err := firebaseScript(t, []string{"PROJECT_IS=empty"}, "--lists-region", "asia-northeast3")
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if calls := read(t, log); !strings.Contains(calls, `/defaultBucket --data {"location": "asia-northeast3"}`) {
		t.Errorf("the bucket is made elsewhere; the calls were\n%s", calls)
	}
	if s := settingsOf(t, folder); s.Regions["lists"] != "asia-northeast3" {
		t.Errorf("regions: %v", s.Regions)
	}
}

func TestFirebaseScriptNeedsBilling(t *testing.T) {
	_, log, output, err := firebaseScript(t, []string{"PROJECT_IS=empty", "BILLING=False"})
	if err == nil || !strings.Contains(output, "has no billing account") {
		t.Errorf("%v\n%s", err, output)
	}
	if calls := read(t, log); strings.Contains(calls, "enable") {
		t.Errorf("it went on:\n%s", calls)
	}
}
