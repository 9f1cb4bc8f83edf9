package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/triggers"
)

// load imports the documents of all databases from a JSON file, or those of the project's default
// database from a folder with a file for each document.
func load(server *firestore.Server, project, path string) error {
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	if info.IsDir() {
		var db *firestore.Database
		if db, err = server.Database(project, "(default)"); err == nil {
			err = db.ImportDir(os.DirFS(path))
		}
	} else {
		err = loadFile(server, project, path)
	}
	if err != nil {
		return fmt.Errorf("import %s: %w", path, err)
	}
	return nil
}

func loadFile(server *firestore.Server, project, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return server.Import(f, project)
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
