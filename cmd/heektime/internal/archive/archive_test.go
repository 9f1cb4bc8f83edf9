package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/image"
	"heek.kr/heektime/internal/longtest"
)

// Both formats hold what is put into them, in order, with the commit's time, and the same bytes each time.
func TestFormats(t *testing.T) {
	at := time.Date(2026, 11, 29, 20, 0, 0, 0, time.UTC)
	files := []file{{"localcloud", 0o755, bytes.Repeat([]byte("binary"), 10000)}, {"LICENSE", 0o644, []byte("MIT")}}
	reversed := slices.Clone(files)
	slices.Reverse(reversed)
	for name, pack := range map[string]func(string, []file, time.Time) ([]byte, error){"tar": tarFiles, "zip": zipFiles} {
		text, err := pack("folder", files, at)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := pack("folder", reversed, at); err != nil || !bytes.Equal(text, again) {
			t.Errorf("%s: other bytes, %v", name, err)
		}
		read := readTar
		if name == "zip" {
			read = readZip
		}
		got := read(t, text)
		for _, f := range got {
			if !f.at.Equal(at) {
				t.Errorf("%s: %s is of %v", name, f.name, f.at)
			}
		}
		want := []string{"folder/LICENSE -rw-r--r-- 3", "folder/localcloud -rwxr-xr-x 60000"}
		if !slices.Equal(summary(got), want) {
			t.Errorf("%s has %q, want %q", name, summary(got), want)
		}
	}
}

// entry is a file of an archive that was read.
type entry struct {
	file
	at time.Time
}

func summary(entries []entry) (all []string) {
	for _, e := range entries {
		all = append(all, fmt.Sprint(e.name, " ", e.mode, " ", len(e.content)))
	}
	return all
}

func readTar(t *testing.T, text []byte) (all []entry) {
	t.Helper()
	unpacked, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(unpacked); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, entry{file{header.Name, header.FileInfo().Mode(), content}, header.ModTime})
	}
}

func readZip(t *testing.T, text []byte) (all []entry) {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, entry{file{f.Name, f.Mode(), content}, f.Modified})
	}
	return all
}

// The archive for Linux is what a stranger unpacks: its programs run and tell the version of the archive's name, the
// checksums are right, and all licences are there. The other systems' are compiled by the release alone.
func TestPack(t *testing.T) {
	longtest.Only(t, "compiles the local cloud with the flags of a release")
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("needs linux/amd64, to run it")
	}
	compiler, err := image.NewCompiler(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	packer := &Packer{Compiler: compiler, Out: out}
	names, err := packer.Pack(t.Context(), Targets[:1])
	if err != nil || len(names) != 1 {
		t.Fatalf("%v, %v", names, err)
	}
	text, err := os.ReadFile(filepath.Join(out, names[0]))
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(out, Checksums))
	if want := fmt.Sprintf("%x  %s\n", sha256.Sum256(text), names[0]); err != nil || string(sums) != want {
		t.Errorf("checksums %q, want %q, %v", sums, want, err)
	}
	folder := strings.TrimSuffix(names[0], ".tar.gz")
	has := map[string]entry{}
	for _, e := range readTar(t, text) {
		name, ok := strings.CutPrefix(e.name, folder+"/")
		if !ok {
			t.Errorf("%s is not in the folder %s", e.name, folder)
		}
		has[name] = e
	}
	for _, module := range []string{"==== Go: LICENSE", "google.golang.org/grpc", "google.golang.org/protobuf"} {
		if !bytes.Contains(has["LICENSES.txt"].content, []byte(module)) {
			t.Errorf("the licence of %s is missing", module)
		}
	}
	if len(has) != 5 || !bytes.Contains(has["LICENSE"].content, []byte("MIT")) || !bytes.Contains(has["README.md"].content, []byte("local cloud")) {
		t.Errorf("the archive has %d files", len(has))
	}
	for _, program := range []string{"localcloud", "firestore"} {
		path := filepath.Join(out, program)
		if err := os.WriteFile(path, has[program].content, has[program].mode); err != nil {
			t.Fatal(err)
		}
		printed, err := exec.CommandContext(t.Context(), path, "--version").CombinedOutput()
		words := strings.Fields(string(printed))
		if err != nil || len(words) != 4 || words[0] != program || words[2] != "linux/amd64" {
			t.Fatalf("%s --version: %s, %v", program, printed, err)
		}
		if want := "localcloud_" + strings.NewReplacer("/", "-", "+", "-").Replace(words[1]) + "_linux_amd64"; folder != want {
			t.Errorf("the archive is %s, want %s", folder, want)
		}
		if _, err := (&Packer{Version: "v0.0.1-other"}).read(path); err == nil || !strings.Contains(err.Error(), words[1]) {
			t.Errorf("another version: %v", err)
		}
	}
}
