package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"mvdan.cc/sh/v3/syntax"
)

const root = "../.."

// workflow is what the tests need of a GitHub workflow.
type workflow struct {
	On          any
	Permissions map[string]string
	Concurrency concurrency
	Jobs        map[string]job
}

type job struct {
	Uses        string
	If          string
	Permissions map[string]string
	Environment string
	Concurrency concurrency
	Env         map[string]string
	Defaults    struct {
		Run struct {
			Dir string `yaml:"working-directory"`
		}
	}
	Steps []step
}

type step struct {
	Uses, Run string
	With      map[string]any
	Env       map[string]string
}

type concurrency struct {
	Group  string
	Cancel bool `yaml:"cancel-in-progress"`
}

// workflows reads the workflows by the name of their file.
func workflows(t *testing.T) map[string]workflow {
	t.Helper()
	paths, err := filepath.Glob(root + "/.github/workflows/*.yml")
	if err != nil || len(paths) < 4 {
		t.Fatalf("found %v, %v", paths, err)
	}
	all := map[string]workflow{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var w workflow
		if err := yaml.Unmarshal(text, &w); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if len(w.Jobs) == 0 {
			t.Fatalf("%s: no jobs", path)
		}
		all[filepath.Base(path)] = w
	}
	return all
}

// triggers are the events of a workflow.
func (w workflow) triggers() []string {
	switch on := w.On.(type) {
	case string:
		return []string{on}
	case map[string]any:
		return slices.Sorted(maps.Keys(on))
	}
	return nil
}

// signsIn reports whether a job signs in to Google Cloud, and as which account.
func (j job) signsIn() (account string, ok bool) {
	for _, s := range j.Steps {
		if strings.HasPrefix(s.Uses, "google-github-actions/auth@") {
			account, _ = s.With["service_account"].(string)
			return account, true
		}
	}
	return "", false
}

// publishing are the permissions of the jobs that release the local cloud.
var publishing = map[string]map[string]string{
	"localcloud.yml archives": {"contents": "write"},
	"localcloud.yml images":   {"contents": "read", "packages": "write"},
}

// A job can read the code, only a job that signs in to Google can get a token to do so, and only jobs that release the
// local cloud can write.
func TestWorkflowPermissions(t *testing.T) {
	for file, w := range workflows(t) {
		if w.Permissions == nil || len(w.Permissions) != 0 {
			t.Errorf("%s: the permissions of all jobs are %v, want {}", file, w.Permissions)
		}
		for name, j := range w.Jobs {
			want := map[string]string{"contents": "read"}
			account, signsIn := j.signsIn()
			if signsIn {
				want["id-token"] = "write"
			}
			if more := publishing[file+" "+name]; more != nil {
				want = more
			}
			if !maps.Equal(j.Permissions, want) {
				t.Errorf("%s: job %s: permissions %v, want %v", file, name, j.Permissions, want)
			}
			if signsIn && account != "${{ vars.PLAN_ACCOUNT }}" && account != "${{ vars.RELEASE_ACCOUNT }}" {
				t.Errorf("%s: job %s signs in as %q", file, name, account)
			}
		}
	}
}

// A pull request, whose code nobody has read yet, can neither release nor get any secret.
func TestPullRequestsCannotRelease(t *testing.T) {
	found := false
	for file, w := range workflows(t) {
		triggers := w.triggers()
		for _, trigger := range triggers {
			if !slices.Contains([]string{"pull_request", "push", "workflow_dispatch", "workflow_call"}, trigger) {
				t.Errorf("%s: runs on %s", file, trigger) // pull_request_target runs a stranger's code with our rights
			}
		}
		for name, j := range w.Jobs {
			account, _ := j.signsIn()
			releases := strings.Contains(account, "RELEASE_ACCOUNT")
			found = found || releases
			onlyMain := strings.Contains(j.If, "github.ref == 'refs/heads/main'")
			if releases && (slices.Contains(triggers, "pull_request") || j.Environment != "production" || !onlyMain) {
				t.Errorf("%s: job %s releases on %v in environment %q if %s", file, name, triggers, j.Environment, j.If)
			}
			if releases && (j.Concurrency.Group != "production" || j.Concurrency.Cancel) {
				t.Errorf("%s: job %s releases with concurrency %+v: two could run, or one end halfway", file, name, j.Concurrency)
			}
			if account != "" && !releases && !strings.Contains(j.If, "head.repo.full_name == github.repository") {
				t.Errorf("%s: job %s signs in for a fork, which gets no token", file, name)
			}
		}
		on, _ := w.On.(map[string]any)
		if push, _ := on["push"].(map[string]any); file == "localcloud.yml" && (len(triggers) != 1 || len(push) != 1 || push["tags"] == nil) {
			t.Errorf("%s: runs on %v, want tags only", file, w.On)
		}
		text, err := os.ReadFile(root + "/.github/workflows/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "secrets.") || strings.Contains(string(text), "secrets:") {
			t.Errorf("%s uses a secret; signing in to Google needs none", file)
		}
	}
	if !found {
		t.Error("no workflow releases")
	}
}

var pinned = regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40}$`)

// An action is named by its commit, since its owner can move a tag, with the version as a comment.
func TestActionsArePinned(t *testing.T) {
	commits := map[string]string{}
	for file, w := range workflows(t) {
		text, err := os.ReadFile(root + "/.github/workflows/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for name, j := range w.Jobs {
			if path, local := strings.CutPrefix(j.Uses, "./"); local {
				if _, err := os.Stat(filepath.Join(root, path)); err != nil {
					t.Errorf("%s: job %s: %v", file, name, err)
				}
			} else if j.Uses != "" {
				t.Errorf("%s: job %s uses %s of another repository", file, name, j.Uses)
			}
			for _, s := range j.Steps {
				if s.Uses == "" {
					continue
				}
				if !pinned.MatchString(s.Uses) || !regexp.MustCompile(regexp.QuoteMeta(s.Uses)+` # v\d+\.\d+\.\d+\n`).Match(text) {
					t.Errorf("%s: job %s: %s is not pinned by its commit, with the version in a comment", file, name, s.Uses)
				}
				action, commit, _ := strings.Cut(s.Uses, "@")
				if other := commits[action]; other != "" && other != commit {
					t.Errorf("%s: %s is of another commit elsewhere", file, s.Uses)
				}
				commits[action] = commit
				if action == "actions/checkout" && s.With["persist-credentials"] != false {
					t.Errorf("%s: job %s leaves its token in the checkout", file, name)
				}
			}
		}
	}
}

// Every command of the workflows exists: its program is known, and so are subcommands, flags, packages and
// folders. Values that others choose are in variables, not in the script's text.
func TestWorkflowCommandsExist(t *testing.T) {
	ran := map[string]bool{}
	for file, w := range workflows(t) {
		for name, j := range w.Jobs {
			if dir := j.Defaults.Run.Dir; dir != "" {
				if _, err := os.Stat(filepath.Join(root, dir)); err != nil {
					t.Errorf("%s: job %s: %v", file, name, err)
				}
			}
			for _, s := range j.Steps {
				if strings.Contains(s.Run, "${{") {
					t.Errorf("%s: job %s puts an expression into a script: %s", file, name, s.Run)
				}
				for _, words := range scriptCommands(t, s.Run) {
					checkCommand(t, file, words)
					ran[strings.Join(words[:min(len(words), 4)], " ")] = true
				}
			}
		}
	}
	for _, want := range []string{
		"go vet ./...", "go test ./...", "go run ./cmd/heektime image", "go run ./cmd/heektime release", "go run ./cmd/heektime rollback",
		"go run ./cmd/heektime archive", "gh release create \"$GITHUB_REF_NAME\"",
		"tofu plan -input=false -refresh=false",
	} {
		if !ran[want] {
			t.Errorf("no workflow runs %s, only %v", want, slices.Sorted(maps.Keys(ran)))
		}
	}
}

// scriptCommands returns the commands of a shell script with their words, in which variables stay as written.
func scriptCommands(t *testing.T, script string) (all [][]string) {
	t.Helper()
	parsed, err := syntax.NewParser().Parse(strings.NewReader(script), "")
	if err != nil {
		t.Errorf("%s: %v", script, err)
		return nil
	}
	printer := syntax.NewPrinter()
	syntax.Walk(parsed, func(node syntax.Node) bool {
		if call, ok := node.(*syntax.CallExpr); ok {
			var words []string
			for _, word := range call.Args {
				var b strings.Builder
				if err := printer.Print(&b, word); err != nil {
					t.Error(err)
				}
				words = append(words, b.String())
			}
			if len(words) > 0 {
				all = append(all, words)
			}
		}
		return true
	})
	return all
}

func checkCommand(t *testing.T, file string, words []string) {
	t.Helper()
	line := strings.Join(words, " ")
	switch {
	case words[0] == "read", words[0] == "tofu", strings.HasPrefix(line, "gh release create "), line == "go vet ./...", line == "go test ./...":
	case strings.HasPrefix(line, "go run ./cmd/heektime "):
		checkSubcommand(t, file, words[3:])
	default:
		t.Errorf("%s runs %s, which the test does not know", file, line)
	}
}

// checkSubcommand checks a command of heektime and its flags against what the command itself says.
func checkSubcommand(t *testing.T, file string, words []string) {
	t.Helper()
	if !slices.ContainsFunc(commands, func(c command) bool { return c.name == words[0] }) {
		t.Errorf("%s: heektime has no command %s", file, words[0])
		return
	}
	ask := []string{words[0], "--help"}
	if words[0] == "image" {
		ask = []string{words[0], words[1], "--help"}
	}
	help, err := heektime(t, ask...).CombinedOutput()
	if err != nil {
		t.Errorf("%v: %v\n%s", ask, err, help)
	}
	for _, word := range words[1:] {
		if strings.HasPrefix(word, "--") && !regexp.MustCompile(`(?m)^  `+regexp.QuoteMeta(word)+`( |$)`).Match(help) {
			t.Errorf("%s: heektime %s has no flag %s:\n%s", file, words[0], word, help)
		}
	}
}
