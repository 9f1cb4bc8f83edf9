//go:build linux

package image

import (
	"bufio"
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"heek.kr/heektime/internal/longtest"
)

// The local cloud runs from its image, which tells it to listen on all addresses, and stops when it is told to.
func TestLocalCloudRuns(t *testing.T) {
	longtest.Only(t, "compiles the local cloud with the flags of an image")
	t.Parallel()
	compiler, err := NewCompiler(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	built, err := (&Builder{Compiler: compiler, Out: t.TempDir(), Revision: revision}).Build(t.Context(), &LocalCloud()[0])
	if err != nil {
		t.Fatal(err)
	}
	image := read(t, built.Path)
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if c := config.Config; !slices.Equal(c.Cmd, []string{"--host", "0.0.0.0"}) || len(c.ExposedPorts) != 8 || c.User != user {
		t.Errorf("arguments %q, ports %v, user %q", c.Cmd, c.ExposedPorts, c.User)
	}
	c := newContainer(t, image, 512)
	project := filepath.Join(c.Root, "project")
	if err := os.Mkdir(project, 0o755); err != nil {
		t.Fatal(err)
	}
	ports := `{"emulators": {"firestore": {"port": 0}, "auth": {"port": 0}, "storage": {"port": 0}, "tasks": {"port": 0}, "ui": {"port": 0}, "hub": {"port": 0}}}`
	if err := os.WriteFile(filepath.Join(project, "firebase.json"), []byte(ports), 0o644); err != nil {
		t.Fatal(err)
	}
	if canIsolate() {
		project = "/project"
	}
	c.Arguments = append(c.Arguments, "--config", project)
	cmd, address, stderr := startCloud(t, c)
	response, err := http.Post("http://"+address+"/v1/projects/demo-test/databases/(default)/documents/notes", "application/json", strings.NewReader(`{"fields": {}}`))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("a document: %s", response.Status)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil { // after what is left of the output, which fits into the pipe
		t.Errorf("it ended with %v: %s", err, stderr)
	}
}

// startCloud starts the local cloud in a container, and returns where its Firestore listens.
func startCloud(t *testing.T, c *container) (cmd *exec.Cmd, address string, stderr *bytes.Buffer) {
	t.Helper()
	cmd, stderr = c.command(t), &bytes.Buffer{}
	cmd.Stderr = stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if address, ok := strings.CutPrefix(lines.Text(), "export FIRESTORE_EMULATOR_HOST="); ok {
			return cmd, address, stderr
		}
	}
	t.Fatalf("it ended: %v, %s", cmd.Wait(), stderr)
	return nil, "", nil
}
