// Package archive packs the programs of the local cloud into the archives of a release, one for each system:
//
//	archive.go   [Packer] compiles and packs them, and writes their checksums
//	format.go    tar.gz and zip
//	licenses.go  the licences of what is linked into them
//
// A commit always gives the same archives, byte for byte, as for images: see docs/images.md. The programs are compiled by
// [image.Compiler], which the services' images need anyway; a tool for releases would have to be told the same flags.
package archive

import (
	"cmp"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/image"
)

// Targets are what a release is compiled for.
var Targets = []image.Target{
	{OS: "linux", Arch: "amd64"}, {OS: "linux", Arch: "arm64"}, {OS: "darwin", Arch: "amd64"}, {OS: "darwin", Arch: "arm64"},
	{OS: "windows", Arch: "amd64"}, {OS: "windows", Arch: "arm64"},
}

// programs are the folders of the programs, by name.
var programs = map[string]string{"localcloud": "emulator/cmd/localcloud", "firestore": "emulator/cmd/firestore"}

// Checksums is the name of the file with the archives' checksums, as sha256sum -c reads them.
const Checksums = "SHA256SUMS"

// Packer packs archives.
type Packer struct {
	Compiler *image.Compiler
	// Out is the folder of the archives.
	Out string
	// Version is the version that the programs must report. When empty, any.
	Version string
}

// Pack packs the archives for some targets and writes their checksums. It returns the names of the archives.
func (p *Packer) Pack(ctx context.Context, targets []image.Target) (names []string, err error) {
	if err := os.MkdirAll(p.Out, 0o755); err != nil {
		return nil, fmt.Errorf("create the folder of the archives: %w", err)
	}
	sums := ""
	for _, t := range targets {
		name, text, err := p.pack(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("pack the archive for %s: %w", t, err)
		}
		if err := os.WriteFile(filepath.Join(p.Out, name), text, 0o644); err != nil {
			return nil, fmt.Errorf("write an archive: %w", err)
		}
		names = append(names, name)
		sums += fmt.Sprintf("%x  %s\n", sha256.Sum256(text), name)
	}
	if err := os.WriteFile(filepath.Join(p.Out, Checksums), []byte(sums), 0o644); err != nil {
		return nil, fmt.Errorf("write the checksums: %w", err)
	}
	return names, nil
}

// file is a file of an archive.
type file struct {
	name    string
	mode    os.FileMode
	content []byte
}

// pack returns an archive and its name. Everything in it is in a folder, and has the time of the commit.
func (p *Packer) pack(ctx context.Context, t image.Target) (name string, text []byte, err error) {
	dir, err := os.MkdirTemp("", "heektime-archive-")
	if err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var files []file
	var built build
	for _, program := range []string{"firestore", "localcloud"} {
		binary := program
		if t.OS == "windows" {
			binary += ".exe"
		}
		path := filepath.Join(dir, binary)
		if err := p.Compiler.CompileFor(ctx, t, programs[program], path, "-buildvcs=true"); err != nil {
			return "", nil, err
		}
		if built, err = p.read(path); err != nil {
			return "", nil, err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return "", nil, err
		}
		files = append(files, file{binary, 0o755, content})
	}
	for name, source := range map[string]string{"LICENSE": "LICENSE", "README.md": "emulator/README.md"} {
		content, err := os.ReadFile(filepath.Join(p.Compiler.Root, filepath.FromSlash(source)))
		if err != nil {
			return "", nil, err
		}
		files = append(files, file{name, 0o644, content})
	}
	licenses, err := p.licenses(ctx, t)
	if err != nil {
		return "", nil, fmt.Errorf("collect the licences: %w", err)
	}
	files = append(files, file{"LICENSES.txt", 0o644, licenses})
	folder := "localcloud_" + strings.NewReplacer("/", "-", "+", "-").Replace(built.version) + "_" + t.OS + "_" + t.Arch
	if t.OS == "windows" {
		text, err = zipFiles(folder, files, built.time)
		return folder + ".zip", text, err
	}
	text, err = tarFiles(folder, files, built.time)
	return folder + ".tar.gz", text, err
}

// build is what a binary says of its source.
type build struct {
	version string
	time    time.Time // of the commit
}

// read reads what the go command has written into a binary. The version is that of the commit's tag.
func (p *Packer) read(binary string) (build, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return build{}, err
	}
	b := build{version: cmp.Or(info.Main.Version, "(devel)")}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			if b.time, err = time.Parse(time.RFC3339, s.Value); err != nil {
				return b, err
			}
		}
	}
	if p.Version != "" && b.version != p.Version {
		return b, fmt.Errorf("the programs are %s, not %s: check out the tag, without changes", b.version, p.Version)
	}
	if b.time.IsZero() {
		b.time = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC) // the earliest that zip knows
	}
	return b, nil
}
