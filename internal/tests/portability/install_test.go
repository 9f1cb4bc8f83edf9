package portability

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/zip"
)

// go install heek.kr/heektime/emulator/cmd/localcloud@latest works only if go.mod means the same in every main module,
// and what the local cloud embeds is in the module's zip file.
func TestGoInstall(t *testing.T) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	module, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(module.Replace) > 0 || len(module.Exclude) > 0 {
		t.Errorf("go.mod replaces %d modules and excludes %d: go install rejects both", len(module.Replace), len(module.Exclude))
	}
	list, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "-z").Output()
	if err != nil {
		t.Skipf("needs the git repository: %v", err)
	}
	var files []zip.File
	for path := range strings.SplitSeq(strings.Trim(string(list), "\x00"), "\x00") {
		if _, err := os.Stat(filepath.Join(root, path)); err == nil { // it may be deleted and not committed yet
			files = append(files, file{root, path})
		}
	}
	checked, err := zip.CheckFiles(files)
	if err != nil {
		t.Error(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=Dir,EmbedFiles", "heek.kr/heektime/emulator/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	embedded := 0
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			Dir        string
			EmbedFiles []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		for _, name := range p.EmbedFiles {
			path, err := filepath.Rel(root, filepath.Join(p.Dir, name))
			if embedded++; err != nil || !slices.Contains(checked.Valid, filepath.ToSlash(path)) {
				t.Errorf("%s is embedded and not in the module, %v", path, err)
			}
		}
	}
	if embedded < 20 {
		t.Errorf("found %d embedded files", embedded)
	}
}

// file is a [zip.File] of the repository.
type file struct{ root, path string }

func (f file) Path() string                 { return f.path }
func (f file) Lstat() (os.FileInfo, error)  { return os.Lstat(filepath.Join(f.root, f.path)) }
func (f file) Open() (io.ReadCloser, error) { return os.Open(filepath.Join(f.root, f.path)) }
