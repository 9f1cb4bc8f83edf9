package opentofu

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// root is the root of the repository.
const root = "../../.."

// schema is the google provider's schema, beside the repository.
const schema = root + "/../shared/terraform/google-schema.json"

// workspace is a copy of deploy/ and of the files that it reads, with a state of its own.
type workspace struct {
	tofu, folder string
	env          []string
}

// newWorkspace copies deploy/ without the operator's own settings: their backend, and their project.
func newWorkspace(t *testing.T) *workspace {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	if _, err := os.Stat(schema); err != nil {
		t.Skipf("skipped: there is no provider schema at %s", filepath.Clean(schema))
	}
	w := &workspace{tofu: builtTofu(t)}
	copied := t.TempDir()
	w.folder = filepath.Join(copied, "deploy")
	for _, pattern := range []string{"deploy/*.tf", "deploy/deployment.auto.tfvars.json", "firestore.indexes.json", "*.rules"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			if filepath.Base(file) != "backend.tf" {
				copyFile(t, file, filepath.Join(copied, filepath.Dir(pattern), filepath.Base(file)))
			}
		}
	}

	provider, err := builtProvider()
	if err != nil {
		t.Fatal(err)
	}
	settings := t.TempDir()
	config := filepath.Join(settings, "tofu.rc")
	text := `provider_installation {
  dev_overrides { "hashicorp/google" = ` + quoted(t, provider) + ` }
  direct {}
}`
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	served, err := filepath.Abs(schema)
	if err != nil {
		t.Fatal(err)
	}
	w.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + settings, "TMPDIR=" + t.TempDir(),
		"TF_CLI_CONFIG_FILE=" + config, "HEEKTIME_GOOGLE_SCHEMA=" + served, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1",
	}
	return w
}

// builtTofu returns the path of OpenTofu, which deploy/tofutest/build has built.
func builtTofu(t *testing.T) string {
	t.Helper()
	mod, err := os.ReadFile(filepath.Join(root, "deploy/tofutest/opentofu/go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(mod), "github.com/opentofu/opentofu v")
	if !ok {
		t.Fatal("go.mod does not require OpenTofu")
	}
	binary := filepath.Join(cache(), "opentofu-v"+strings.Fields(rest)[0], "tofu")
	if _, err := os.Stat(binary); err != nil {
		if os.Getenv("REQUIRE_TOFU") != "" {
			t.Fatalf("OpenTofu is not built: %v", err)
		}
		t.Skip("skipped: OpenTofu is not built; run deploy/tofutest/build")
	}
	return binary
}

// cache is the folder where deploy/tofutest/build keeps what it builds.
func cache() string {
	folder := os.Getenv("XDG_CACHE_HOME")
	if folder == "" {
		folder = filepath.Join(os.Getenv("HOME"), ".cache")
	}
	return filepath.Join(folder, "heektime")
}

// builtProvider returns the folder of the provider in deploy/tofutest. Its modules are not those of the
// repository, so that building it takes minutes of processor time without Go's cache: deploy/tofutest/build
// does so, and this for a developer who has changed it since. The folder is named for the SHA-256 of its source.
var builtProvider = sync.OnceValues(func() (string, error) {
	source := filepath.Join(root, "deploy/tofutest")
	files, err := filepath.Glob(filepath.Join(source, "*.go"))
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	for _, file := range append([]string{filepath.Join(source, "go.mod"), filepath.Join(source, "go.sum")}, files...) {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		hash.Write(text)
	}
	folder := filepath.Join(cache(), "tofutest-"+hex.EncodeToString(hash.Sum(nil)))
	if _, err := os.Stat(filepath.Join(folder, "terraform-provider-google")); err == nil {
		return folder, nil
	}
	made, err := os.MkdirTemp(cache(), "tofutest-new-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(made)
	build := exec.Command("go", "build", "-o", filepath.Join(made, "terraform-provider-google"), ".")
	build.Dir = source
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the provider: %w\n%s", err, out)
	}
	if err := os.Rename(made, folder); err != nil {
		if _, exists := os.Stat(folder); exists != nil { // another process may have built it
			return "", err
		}
	}
	return folder, nil
})

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func quoted(t *testing.T, s string) string {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// try runs a command and returns its output and exit code.
func (w *workspace) try(t *testing.T, args ...string) (stdout, stderr string, exitCode int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), w.tofu, args...)
	cmd.Dir, cmd.Env = w.folder, w.env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatalf("tofu %s: %v", args[0], err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// run fails the test unless the command exits with 0.
func (w *workspace) run(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, exitCode := w.try(t, args...)
	if exitCode != 0 {
		t.Fatalf("tofu %s: exit code %d\n%s%s", strings.Join(args, " "), exitCode, stdout, stderr)
	}
	return stdout
}

// plan plans with flags and returns the plan.
func (w *workspace) plan(t *testing.T, flags ...string) *plan {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plan")
	w.run(t, append([]string{"plan", "-no-color", "-input=false", "-out=" + file}, flags...)...)
	p := &plan{}
	if err := json.Unmarshal([]byte(w.run(t, "show", "-json", file)), p); err != nil {
		t.Fatal(err)
	}
	return p
}

const (
	project       = "heektime-1"
	projectNumber = "123456789012" // that of every project in deploy/tofutest
)

// everything are the variables with which nothing is left out.
var everything = []string{
	"-var=project=" + project, "-var=github_repository=heek/heektime", "-var=github_repository_id=1234", "-var=state_bucket=heektime-1-tofu",
	`-var=paid_alerts=["nothing-runs","firestore-reads"]`, `-var=alert_emails=["ops@heektime.test"]`, "-var=slack_channel=#alerts", "-var=slack_token=xoxb-1",
	`-var=optional_secrets=["token-key-old","old-server-token-key"]`, "-var=site_url=https://heektime.test", `-var=web_origins=["https://beta.heektime.test"]`,
}
