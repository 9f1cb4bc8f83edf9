package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/triggers"
)

// load imports what --import names. If the end writes it, too, it may be missing: then this is the first run.
func (p *program) load(cloud *emulator.Cloud, path, exportDir string) error {
	if path == "" {
		return nil
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && (isSame(path, exportDir) || isSame(path, p.exportPath)) {
		fmt.Fprintf(p.stderr, "localcloud: import %s: it does not exist yet, so the cloud starts empty\n", path)
		return nil
	}
	leftOut, err := cloud.ImportAny(path)
	for _, what := range leftOut {
		fmt.Fprintf(p.stderr, "localcloud: import %s: %s\n", path, what)
	}
	return err
}

// isSame reports whether two paths are one. No path is "".
func isSame(a, b string) bool {
	if b == "" {
		return false
	}
	a, errA := filepath.Abs(a)
	b, errB := filepath.Abs(b)
	return errA == nil && errB == nil && a == b
}

// save exports the documents of all databases. The new file is on the disk before it replaces the old
// one, so after a failure or a crash the old one is as it was.
func save(server *firestore.Server, project, path string) error {
	if path == "" {
		return nil
	}
	if err := replace(path, func(w io.Writer) error { return server.Export(w, project) }); err != nil {
		return fmt.Errorf("export to %s: %w", path, err)
	}
	return nil
}

// replace writes a file beside path and renames it to path.
func replace(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new*")
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = errors.Join(f.Chmod(0o644), f.Sync())
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close()) // or a crash could undo the renaming
}

func readTriggers(path string) ([]triggers.Trigger, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the triggers: %w", err)
	}
	list, err := triggers.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

// exportDir is the value of --export-on-exit, which may be given without one.
type exportDir struct {
	given bool
	dir   string
}

func (e *exportDir) String() string { return e.dir }

func (e *exportDir) Set(value string) error {
	e.given = true
	if value != "true" { // which package flag sets when there is none
		e.dir = value
	}
	return nil
}

// IsBoolFlag lets the flag be given without a value.
func (e *exportDir) IsBoolFlag() bool { return true }

// path returns where to export to, "" for nowhere. It refuses a folder that has other things than an export.
func (e *exportDir) path(importPath string) (string, error) {
	if !e.given {
		return "", nil
	}
	dir := e.dir
	if dir == "" {
		dir = importPath
	}
	if dir == "" {
		return "", errors.New("--export-on-exit needs a folder, or --import with one")
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		_, err = os.Stat(filepath.Dir(dir)) // better now than at the end
	}
	if err != nil {
		return "", fmt.Errorf("--export-on-exit: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, emulator.ExportMetadataFile)); err != nil && len(entries) > 0 {
		return "", fmt.Errorf("--export-on-exit: %s is not empty and no export, and would be replaced: name another folder", dir)
	}
	return dir, nil
}

// joinExportDir lets --export-on-exit have its value in the next argument, as with the Firebase CLI.
func joinExportDir(args []string) []string {
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if (arg == "--export-on-exit" || arg == "-export-on-exit") && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
			return append(append(append([]string{}, args[:i]...), arg+"="+args[i+1]), args[i+2:]...)
		}
	}
	return args
}
