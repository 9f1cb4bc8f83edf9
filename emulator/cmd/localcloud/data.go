package main

import (
	"errors"
	"fmt"
	"os"

	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/triggers"
)

// load imports documents from a JSON file, or from a folder with a file for each document.
func load(db *firestore.Database, path string) error {
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	if info.IsDir() {
		err = db.ImportDir(os.DirFS(path))
	} else {
		err = loadFile(db, path)
	}
	if err != nil {
		return fmt.Errorf("import %s: %w", path, err)
	}
	return nil
}

func loadFile(db *firestore.Database, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return db.Import(f)
}

// save exports all documents. It writes a new file before it replaces an old one, so a failure leaves
// the old one as it was.
func save(db *firestore.Database, path string) error {
	if path == "" {
		return nil
	}
	f, err := os.Create(path + ".new")
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	err = errors.Join(db.Export(f), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("export to %s: %w", path, err)
	}
	return nil
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
