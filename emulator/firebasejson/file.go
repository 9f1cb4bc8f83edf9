// Package firebasejson reads firebase.json, the Firebase CLI's configuration file: which rules,
// indexes and web app a project has, and where its emulators listen.
//
// It reads the keys that the local cloud uses, in every form that the Firebase CLI reads, and ignores
// the others. A form that the local cloud cannot serve, such as other rules for each bucket, is an
// error: a project never starts without the rules that its file names.
package firebasejson

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"heek.kr/heektime/emulator/hosting"
)

// Name of the file.
const Name = "firebase.json"

// File is the part of a firebase.json that concerns the local cloud.
type File struct {
	// Path of the file, "" when there is none and the defaults apply.
	Path string `json:"-"`
	// Rules and Indexes are the paths of the files with Firestore's security rules and composite
	// indexes, "" when firebase.json names none.
	Rules, Indexes string `json:"-"`
	// StorageRules is the path of the file with Cloud Storage's security rules, "" when firebase.json
	// has no section "storage".
	StorageRules string `json:"-"`
	// Hosting is the web app, nil when firebase.json has none.
	Hosting *hosting.Site `json:"-"`
	// Emulators by the Firebase CLI's names: firestore, auth, storage, tasks, …
	Emulators Emulators `json:"emulators"`

	hosting   json.RawMessage
	firestore bool // there is a section "firestore"
}

// LacksRules reports whether the file has a section "firestore" that names no security rules. The
// Firebase CLI accepts that, with a warning.
func (f *File) LacksRules() bool { return f.firestore && f.Rules == "" }

// Emulators are where emulators listen, by name.
type Emulators map[string]Emulator

// Emulator is where one emulator listens.
type Emulator struct {
	// Host is 127.0.0.1 when empty: other machines reach nothing unless the file says so.
	Host string `json:"host"`
	// Port is the emulator's default when nil, and any free one when 0.
	Port *int `json:"port"`
}

// Check returns an error that begins with the name of the invalid key.
func (e Emulator) Check() error {
	if e.Port != nil && (*e.Port < 0 || *e.Port > 65535) {
		return fmt.Errorf("port: %d is not a port number", *e.Port)
	}
	return nil
}

// UnmarshalJSON skips the entries of "emulators" that are not emulators, such as singleProjectMode.
func (f *File) UnmarshalJSON(data []byte) error {
	var file struct {
		Firestore json.RawMessage            `json:"firestore"`
		Storage   json.RawMessage            `json:"storage"`
		Hosting   json.RawMessage            `json:"hosting"`
		Emulators map[string]json.RawMessage `json:"emulators"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return err
	}
	var err error
	if f.Rules, f.Indexes, err = parseFirestore(file.Firestore); err != nil {
		return err
	}
	if f.StorageRules, err = parseStorage(file.Storage); err != nil {
		return err
	}
	f.Emulators, f.firestore = Emulators{}, !isAbsent(file.Firestore)
	f.hosting = file.Hosting
	for name, raw := range file.Emulators {
		if len(raw) == 0 || raw[0] != '{' {
			continue
		}
		var e Emulator
		if err := json.Unmarshal(raw, &e); err != nil {
			return fmt.Errorf("emulators.%s: %w", name, err)
		}
		if err := e.Check(); err != nil {
			return fmt.Errorf("emulators.%s.%w", name, err)
		}
		f.Emulators[name] = e
	}
	return nil
}

// Find reads the firebase.json at path, which is the file or its folder. When path is "", it reads
// the nearest one in the working directory and those above it, and returns an empty File when there
// is none.
func Find(path string) (*File, error) {
	if path == "" {
		nearest, err := nearest()
		if err != nil {
			return nil, fmt.Errorf("find %s: %w", Name, err)
		}
		if nearest == "" {
			return &File{}, nil
		}
		path = nearest
	} else if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, Name)
	}
	return read(path)
}

// nearest returns the path of the nearest firebase.json, "" when there is none.
func nearest() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		candidate := filepath.Join(dir, Name)
		if _, err := os.Stat(candidate); err == nil {
			return candidate, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		above := filepath.Dir(dir)
		if above == dir {
			return "", nil
		}
		dir = above
	}
}

func read(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", Name, err)
	}
	f := &File{Path: path}
	if err := json.Unmarshal(data, f); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if !isAbsent(f.hosting) {
		if f.Hosting, err = hosting.ParseSite(f.hosting, filepath.Dir(path)); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	for _, named := range []*string{&f.Indexes, &f.Rules, &f.StorageRules} {
		if *named != "" {
			*named = filepath.Join(filepath.Dir(path), *named)
		}
	}
	return f, nil
}

// ReadIndexes returns the content of the file with the composite indexes, nil when there is none.
func (f *File) ReadIndexes() ([]byte, error) { return f.read("indexes", f.Indexes) }

// ReadRules returns the content of the file with Firestore's security rules, nil when there is none.
func (f *File) ReadRules() ([]byte, error) { return f.read("rules", f.Rules) }

// ReadStorageRules returns the content of the file with Cloud Storage's security rules, nil when
// there is none.
func (f *File) ReadStorageRules() ([]byte, error) { return f.read("storage rules", f.StorageRules) }

func (f *File) read(what, path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the %s named in %s: %w", what, f.Path, err)
	}
	return data, nil
}
