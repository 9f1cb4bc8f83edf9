package image

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"debug/buildinfo"
	"debug/elf"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"heek.kr/heektime/internal/deployment"
)

// maxSize is the most bytes that an image may have, compressed: a service starts while a caller waits,
// and a start on a new machine begins with fetching the image.
const maxSize = 20e6

// TestImages reads each image back, as a registry's client would. It is long because it checks
// everything that an image consists of.
func TestImages(t *testing.T) {
	built := allImages(t)
	for _, s := range deployment.Table().Services {
		t.Run(s.Name, func(t *testing.T) {
			image := read(t, built[s.Name].Path)
			if err := validate.Image(image); err != nil {
				t.Error(err)
			}
			if digest, err := image.Digest(); err != nil || digest != built[s.Name].Digest {
				t.Errorf("digest %v, %v; the build reported %v", digest, err, built[s.Name].Digest)
			}
			if size := built[s.Name].Size; size > maxSize {
				t.Errorf("%d bytes, more than %.0f: see docs/images.md for what is large", size, maxSize)
			}
			config, err := image.ConfigFile()
			if err != nil {
				t.Fatal(err)
			}
			if config.OS != "linux" || config.Architecture != "amd64" || !config.Created.Equal(epoch) {
				t.Errorf("%s/%s of %v", config.OS, config.Architecture, config.Created)
			}
			if c := config.Config; !slices.Equal(c.Entrypoint, []string{"/" + s.Name}) || len(c.Cmd) > 0 || len(c.Env) > 0 || c.User != user {
				t.Errorf("entry point %q, arguments %q, environment %q, user %q", c.Entrypoint, c.Cmd, c.Env, c.User)
			}
			if labels := config.Config.Labels; labels[labelRevision] != revision || labels[labelTitle] != s.Name || labels[labelSource] != source {
				t.Errorf("labels %q", labels)
			}
			want := map[string]string{
				"etc": "drwxr-xr-x", "etc/ssl": "drwxr-xr-x", "etc/ssl/certs": "drwxr-xr-x",
				"etc/ssl/certs/ca-certificates.crt": "-r--r--r--", s.Name: "-r-xr-xr-x",
			}
			for _, file := range s.Files {
				want[strings.TrimPrefix(file.Path, "/")] = "-r--r--r--"
			}
			got, content := unpack(t, image)
			if !maps.Equal(got, want) {
				t.Errorf("files %v, want %v", got, want)
			}
			for _, file := range s.Files {
				source, err := os.ReadFile(filepath.Join("../../../..", filepath.FromSlash(file.Source)))
				if err != nil || !bytes.Equal(content[strings.TrimPrefix(file.Path, "/")], source) {
					t.Errorf("%s differs from %s: %v", file.Path, file.Source, err)
				}
			}
			checkBinary(t, content[s.Name])
		})
	}
}

func read(t *testing.T, path string) v1.Image {
	t.Helper()
	image, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// unpack returns the modes and the content of everything in an image. It checks that nothing has a
// time or belongs to anyone but root.
func unpack(t *testing.T, image v1.Image) (modes map[string]string, content map[string][]byte) {
	t.Helper()
	reader := mutate.Extract(image)
	defer reader.Close()
	archive := tar.NewReader(reader)
	modes, content = map[string]string{}, map[string][]byte{}
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return modes, content
		}
		if err != nil {
			t.Fatal(err)
		}
		if !header.ModTime.Equal(epoch) || header.Uid != 0 || header.Gid != 0 || header.Uname != "" {
			t.Errorf("%s is of %v and belongs to %d:%d %q", header.Name, header.ModTime, header.Uid, header.Gid, header.Uname)
		}
		modes[header.Name] = header.FileInfo().Mode().String()
		if content[header.Name], err = io.ReadAll(archive); err != nil {
			t.Fatal(err)
		}
	}
}

// checkBinary checks that a binary needs no other file, and was built with the documented flags.
func checkBinary(t *testing.T, binary []byte) {
	t.Helper()
	file, err := elf.NewFile(bytes.NewReader(binary))
	if err != nil {
		t.Fatal(err)
	}
	if file.Machine != elf.EM_X86_64 {
		t.Errorf("built for %v", file.Machine)
	}
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("not static: it has a segment %v", p.Type)
		}
	}
	if file.Section(".symtab") != nil || file.Section(".debug_info") != nil || file.Section(".zdebug_info") != nil {
		t.Error("has symbols or debugging information")
	}
	info, err := buildinfo.Read(bytes.NewReader(binary))
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	for key, want := range map[string]string{
		"CGO_ENABLED": "0", "GOAMD64": "v1", "-trimpath": "true", "-tags": "disable_grpc_modules,timetzdata", "vcs.revision": "", "GOEXPERIMENT": "",
	} {
		if settings[key] != want {
			t.Errorf("built with %s=%q, want %q", key, settings[key], want)
		}
	}
}

// TestSameBytes builds an image from a copy of the repository in another folder, whose files have another
// time, with an environment that changes what go build does.
func TestSameBytes(t *testing.T) {
	built := allImages(t)
	const service = "refresh" // has files
	root := filepath.Join(t.TempDir(), "another folder")
	for _, folder := range []string{"internal", "run"} {
		if err := os.CopyFS(filepath.Join(root, folder), os.DirFS(filepath.Join("../../../..", folder))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join("../../../..", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range map[string]string{
		"GOFLAGS": "-race -tags=integration", "GOAMD64": "v3", "GOARCH": "arm64", "CGO_ENABLED": "1", "GOEXPERIMENT": "jsonv2",
	} {
		t.Setenv(name, value)
	}
	compiler, err := NewCompiler(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	s, _ := deployment.Table().Service(service)
	again, err := (&Builder{Compiler: compiler, Out: t.TempDir(), Revision: revision}).Build(t.Context(), Service(s))
	if err != nil {
		t.Fatal(err)
	}
	if again.Digest != built[service].Digest {
		t.Errorf("digest %v, was %v", again.Digest, built[service].Digest)
	}
	for _, name := range []string{"index.json", "oci-layout"} {
		first, err := os.ReadFile(filepath.Join(built[service].Path, name))
		if err != nil {
			t.Fatal(err)
		}
		if second, err := os.ReadFile(filepath.Join(again.Path, name)); err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s differs: %v", name, err)
		}
	}
}

func TestLayersAreSorted(t *testing.T) {
	files := []file{{"/b/c/x", 0o444, []byte("x")}, {"/a", 0o555, []byte("a")}, {"/b/y", 0o444, nil}}
	var first, second bytes.Buffer
	if err := writeTar(&first, files); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(files)
	if err := writeTar(&second, files); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the order of the files changes the layer")
	}
	var names []string
	for archive := tar.NewReader(&first); ; {
		header, err := archive.Next()
		if err != nil {
			break
		}
		names = append(names, header.Name)
	}
	if got := fmt.Sprint(names); got != "[a b/ b/c/ b/c/x b/y]" {
		t.Errorf("entries %s", got)
	}
}

// certificates returns the certificates of a PEM file.
func certificates(t *testing.T, text []byte) (all []*x509.Certificate) {
	t.Helper()
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// The CA certificates include those of Google's APIs, and Korea's schools' usual ones.
func TestRoots(t *testing.T) {
	text, err := roots()
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		t.Fatal("no certificates")
	}
	if n := bytes.Count(text, []byte("BEGIN CERTIFICATE")); n < 80 {
		t.Errorf("only %d certificates", n)
	}
	for _, name := range []string{"GTS Root R1", "GlobalSign", "DigiCert Global Root G2", "Sectigo", "ISRG Root X1"} {
		if !slices.ContainsFunc(certificates(t, text), func(c *x509.Certificate) bool { return strings.Contains(c.Subject.String(), name) }) {
			t.Errorf("no certificate of %s", name)
		}
	}
}
