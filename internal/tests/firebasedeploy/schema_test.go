package firebasedeploy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// firebase.json passes the schema that the CLI ships.
func TestSchema(t *testing.T) {
	c := installCLI(t)
	broken := filepath.Join(t.TempDir(), "firebase.json")
	if err := os.WriteFile(broken, []byte(`{"emulators": {"courses": {"port": 8101}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	project, err := filepath.Abs(filepath.Join(root, "firebase.json"))
	if err != nil {
		t.Fatal(err)
	}
	read(t, "firebase.json") // go test caches results until a file that the test has read changes
	for file, want := range map[string]string{project: "", broken: `unknown property: {"additionalProperty":"courses"}`} {
		output, exitCode := c.node(t, ".", "schema.cjs", c.folder, file)
		if exitCode != 0 || (want == "") != (output == "") || !strings.Contains(output, want) {
			t.Errorf("%s: exit code %d, errors %q, want %q", file, exitCode, output, want)
		}
	}
}

// No process of these tests can reach another machine.
func TestOffline(t *testing.T) {
	c := installCLI(t)
	output, _ := c.node(t, ".", "--eval", `
		const say = (err) => console.log((err.cause ?? err).message)
		fetch('https://firebase.invalid/').catch(say)
		require('https').get('https://registry.invalid:444/').on('error', say)
		require('net').connect(80, '192.0.2.1').on('error', say)
		require('net').connect(1, '127.0.0.1').on('error', say)`)
	for _, want := range []string{"firebase.invalid is not on this machine", "registry.invalid is not", "192.0.2.1 is not", "ECONNREFUSED 127.0.0.1:1"} {
		if !strings.Contains(output, want) {
			t.Errorf("output lacks %q:\n%s", want, output)
		}
	}
	for _, want := range []string{"firebase.invalid:443\n", "registry.invalid:444\n", "192.0.2.1:80\n"} {
		if escapes := c.escaped(t); strings.Count(escapes, "\n") != 3 || !strings.Contains(escapes, want) {
			t.Errorf("the log %q lacks %q", escapes, want)
		}
	}
}
