package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Another project's test run: fixtures in, a command beside the cloud, documents out, and the command's own exit code.
func TestEmulatorRunsACommand(t *testing.T) {
	fixtures := write(t, "in.json", `{"schools/가온대학교": {"name": "가온대학교"}}`)
	out := filepath.Join(t.TempDir(), "out.json")
	stdout, stderr, ok := output(t, "emulator", "--config", ports(t), "--import", fixtures, "--export", out, "--",
		"sh", "-c", "echo $FIRESTORE_EMULATOR_HOST $GOOGLE_CLOUD_PROJECT")
	if !ok || !strings.HasPrefix(stdout, "127.0.0.1:") || !strings.Contains(stdout, "demo-heektime") {
		t.Fatalf("ok %v\n%s%s", ok, stdout, stderr)
	}
	saved, err := os.ReadFile(out)
	if err != nil || !strings.Contains(string(saved), `"가온대학교"`) {
		t.Errorf("exported %s, %v", saved, err)
	}
	cmd := heektime(t, "emulator", "--config", ports(t), "--", "sh", "-c", "exit 7")
	if cmd.Run(); cmd.ProcessState.ExitCode() != 7 {
		t.Errorf("exit code %d, want the command's 7", cmd.ProcessState.ExitCode())
	}
}

func TestEmulatorRefusesBadFixtures(t *testing.T) {
	for name, text := range map[string]string{"no JSON": "{", "no document path": `{"schools": {"a": 1}}`, "no fields": `{"schools/a": 1}`} {
		fixtures := write(t, "bad.json", text)
		_, stderr, ok := output(t, "emulator", "--config", ports(t), "--import", fixtures, "--", "true")
		if ok || !strings.Contains(stderr, "bad.json") {
			t.Errorf("%s: ok %v, %s", name, ok, stderr)
		}
	}
}
