package functions_test

import (
	"encoding/json"
	"go/parser"
	"go/token"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/triggers"
)

// main is what the buildpack puts into the source, as functions.local/app/main.go.
const main = `package main

import (
	"log"
	"os"

	_ "heek.kr/heektime"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
)

func main() {
	if err := funcframework.Start(os.Getenv("PORT")); err != nil {
		log.Fatal(err)
	}
}
`

// The buildpack wants one package beside go.mod, and in its imports that functions register themselves. It counts tests, too.
func TestWhatTheBuildpackFinds(t *testing.T) {
	files, err := filepath.Glob("../*.go")
	must(t, err)
	registers := false
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		must(t, err)
		if parsed.Name.Name != "heektime" {
			t.Errorf("%s is of another package, %s: Cloud Functions would not build", file, parsed.Name.Name)
		}
		for _, spec := range parsed.Imports {
			registers = registers || spec.Path.Value == `"github.com/GoogleCloudPlatform/functions-framework-go/functions"`
		}
	}
	if !registers {
		t.Error("the buildpack would look for functions beside go.mod and not for those that are registered")
	}
}

// The repository builds as Cloud Functions does it, and each function is served at "/" of its own process: an event that the
// embedded cloud delivers removes what it should.
func TestDeployedFunctions(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	dir := t.TempDir()
	source, overlay, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "function")
	root, err := filepath.Abs("..")
	must(t, err)
	must(t, os.WriteFile(source, []byte(main), 0o644))
	replaced, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, "functions.local", "app", "main.go"): source}})
	must(t, err)
	must(t, os.WriteFile(overlay, replaced, 0o644))
	build := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlay, "-o", binary, "./functions.local/app")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build it as the buildpack does: %v\n%s", err, out)
	}
	cloud := emulatortest.Start(t)
	for target, pattern := range map[string]string{"TimetableDeleted": "users/{uid}/timetables/{timetable}", "UserDeleted": "users/{uid}"} {
		url := serve(t, cloud, binary, target)
		must(t, cloud.Triggers.Register(triggers.Trigger{Name: target, Event: triggers.Deleted, Document: pattern, URL: url,
			ServiceAccount: eventarc}))
	}
	fs, ctx := cloud.FirestoreClient(t), t.Context()
	for _, path := range []string{"users/alice", "users/alice/timetables/t1", "users/alice/timetables/t1/lectures/l1",
		"users/bob", "users/bob/timetables/t1", "users/bob/timetables/t1/lectures/l1", "users/bob/timetables/t2"} {
		_, err := fs.Doc(path).Set(ctx, map[string]any{"title": "t"})
		must(t, err)
	}
	for _, path := range []string{"users/alice", "users/bob/timetables/t1"} {
		_, err := fs.Doc(path).Delete(ctx)
		must(t, err)
	}
	must(t, cloud.Triggers.Idle(ctx))
	lectures, err := fs.CollectionGroup("lectures").Documents(ctx).GetAll()
	must(t, err)
	timetables, err := fs.CollectionGroup("timetables").Documents(ctx).GetAll()
	must(t, err)
	if len(lectures) != 0 || len(timetables) != 1 || timetables[0].Ref.ID != "t2" {
		t.Errorf("%d lectures and %d timetables are left", len(lectures), len(timetables))
	}
	for _, info := range cloud.Triggers.Triggers() {
		if info.Dead > 0 || info.Done == 0 {
			t.Errorf("%s: %d events done, %d dead", info.Trigger.Name, info.Done, info.Dead)
		}
	}
}

const eventarc = "eventarc@demo-test.iam.gserviceaccount.com"

// serve runs one function as a process, and gives its URL.
func serve(t *testing.T, cloud *emulatortest.Cloud, binary, target string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := l.Addr().String()
	must(t, l.Close())
	url := "http://" + address
	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Env = append(os.Environ(), "PORT="+address[strings.LastIndexByte(address, ':')+1:], "FUNCTION_TARGET="+target,
		"OIDC_AUDIENCE="+url, "ALLOWED_CALLERS="+eventarc)
	for name, value := range cloud.Environment() {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stderr = os.Stderr
	must(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for t.Context().Err() == nil {
		answer, err := http.Get(url)
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode != http.StatusUnauthorized { // nobody but Eventarc may call
				t.Errorf("%s answers a stranger %d", target, answer.StatusCode)
			}
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return url
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
