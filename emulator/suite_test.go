package emulator_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/sdktest"
)

// The official suite's own emulators read what Export writes, and Import reads what they write. Those of
// Authentication and Storage need no Java.
func TestOfficialSuiteReadsAndWritesExports(t *testing.T) {
	t.Parallel()
	cli := filepath.Join("..", "internal", "tests", "firebasedeploy")
	tools := filepath.Join(sdktest.Packages(t, os.DirFS(filepath.Join(cli, "npm"))), "node_modules", "firebase-tools")
	offline, err := filepath.Abs(filepath.Join(cli, "offline.cjs"))
	if err != nil {
		t.Fatal(err)
	}
	cloud := emulatortest.Start(t)
	fill(t, cloud)
	home, exported, again := t.TempDir(), filepath.Join(t.TempDir(), "ours"), filepath.Join(t.TempDir(), "theirs")
	if err := cloud.Export(exported); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "node", filepath.Join("jstest", "suite.cjs"), tools, exported, again)
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_CONFIG_HOME=" + home, "TMPDIR=" + home, "CI=true",
		`NODE_OPTIONS=--require "` + strings.ReplaceAll(offline, `\`, `\\`) + `"`, "OFFLINE_LOG=" + filepath.Join(home, "escapes"),
	}
	out, err := command.CombinedOutput()
	want := `RESULT {"signedIn":"ann","content":"picture","contentType":"image/png","custom":{"k":"v"},"tokens":1}`
	if err != nil || !strings.Contains(string(out), want) {
		t.Fatalf("%v\n%s", err, out)
	}
	into := emulatortest.Start(t)
	into.SeedExport(t, again)
	// The official emulator has no accounts of another project, no hash but its own, and no bucket that a project
	// named did not create.
	for _, uid := range []string{"ann", "bob", "kim", "lee"} {
		before, _ := cloud.Auth.Get("demo-test", uid)
		after, ok := into.Auth.Get("demo-test", uid)
		if !ok || after.Email != before.Email || after.PhoneNumber != before.PhoneNumber || after.Disabled != before.Disabled ||
			after.CustomAttributes != before.CustomAttributes || after.DisplayName != before.DisplayName || after.CreatedAt != before.CreatedAt {
			t.Errorf("%s came back as %+v, was %+v", uid, after, before)
		}
	}
	if code := signIn(t, into, "ann@example.com", "secret!"); code != 200 {
		t.Errorf("ann signs in after both imports: %d", code)
	}
	for _, path := range []string{"a%2F%EC%82%AC%EC%A7%84.png", "empty"} {
		url := "/v0/b/demo-test/o/" + path + "?alt=media"
		before, was := send(t, "GET", "http://"+cloud.StorageAddress()+url, "", "Authorization", "Bearer owner")
		after, is := send(t, "GET", "http://"+into.StorageAddress()+url, "", "Authorization", "Bearer owner")
		if after.StatusCode != 200 || string(was) != string(is) || before.Header.Get("Content-Type") != after.Header.Get("Content-Type") {
			t.Errorf("%s: %d %q %q, was %q %q", path, after.StatusCode, is, after.Header.Get("Content-Type"), was, before.Header.Get("Content-Type"))
		}
	}
}
