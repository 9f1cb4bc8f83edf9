// Package firebasejson reads firebase.json, the Firebase CLI's configuration file, and the .firebaserc
// beside it: which rules, indexes and web apps a project has, and where its emulators listen.
//
// It knows every key of the CLI's schema: what the local cloud does not do, and what is in no schema, is in
// [File.Notices]. A project never starts without the rules that its file names: what could be a misspelt
// section is an error.
package firebasejson

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"heek.kr/heektime/emulator/hosting"
)

// Name of the file.
const Name = "firebase.json"

// File is the part of a firebase.json that concerns the local cloud.
type File struct {
	// Path of the file, "" when there is none and the defaults apply.
	Path string
	// Rules and Indexes are the paths of the files with Firestore's security rules and composite
	// indexes, "" when firebase.json names none.
	Rules, Indexes string
	// Databases are the databases that have other rules or indexes, by ID.
	Databases map[string]Database
	// StorageRules is the path of the file with Cloud Storage's security rules, "" when firebase.json
	// has no section "storage".
	StorageRules string
	// BucketRules are the paths of the rules of the buckets that have others, by bucket.
	BucketRules map[string]string
	// Hosting are the web apps.
	Hosting []*hosting.Site
	// Emulators by the Firebase CLI's names: firestore, auth, storage, tasks, …
	Emulators Emulators
	// NoConsole says that emulators.ui.enabled is false.
	NoConsole bool
	// SeveralProjects says that emulators.singleProjectMode is false: a project other than the one that was
	// started is no mistake.
	SeveralProjects bool

	host     string            // of [File.ListenOn]
	projects map[string]string // of .firebaserc, by alias
	notices  []string
}

// Notices are sentences about what the file asks for and the local cloud does not do, each beginning with a key.
func (f *File) Notices() []string { return f.notices }

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

// parse reads the content of the file. rc is the file beside it.
func (f *File) parse(data []byte, rc *firebaserc) error {
	if err := f.checkKeys(data); err != nil {
		return err
	}
	var file struct {
		Firestore json.RawMessage            `json:"firestore"`
		Storage   json.RawMessage            `json:"storage"`
		Hosting   json.RawMessage            `json:"hosting"`
		Emulators map[string]json.RawMessage `json:"emulators"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return Explain("", err)
	}
	if err := f.useFirestore(file.Firestore, rc); err != nil {
		return err
	}
	if err := f.useStorage(file.Storage, rc); err != nil {
		return err
	}
	if !isAbsent(file.Hosting) {
		var err error
		if f.Hosting, err = hosting.ParseSites(file.Hosting, filepath.Dir(f.Path)); err != nil {
			return err
		}
		f.noteSites(file.Hosting)
	}
	f.projects = rc.Projects
	f.SeveralProjects = string(file.Emulators["singleProjectMode"]) == "false"
	return f.useEmulators(file.Emulators)
}

// useEmulators reads the section "emulators". It skips the entries that are not emulators, such as
// singleProjectMode.
func (f *File) useEmulators(section map[string]json.RawMessage) error {
	f.Emulators = Emulators{}
	for name, raw := range section {
		if len(raw) == 0 || raw[0] != '{' {
			continue
		}
		var e Emulator
		var other struct {
			Enabled *bool `json:"enabled"`
		}
		if err := cmp.Or(json.Unmarshal(raw, &e), json.Unmarshal(raw, &other)); err != nil {
			return Explain("emulators."+name, err)
		}
		if err := e.Check(); err != nil {
			return fmt.Errorf("emulators.%s.%w", name, err)
		}
		f.Emulators[name] = e
		if name == "ui" && other.Enabled != nil {
			f.NoConsole = !*other.Enabled
		}
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
	data, err := readJSON(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read %s: %w", Name, err)
	}
	if err != nil {
		return nil, err
	}
	rc, err := readRC(path)
	if err != nil {
		return nil, err
	}
	f := &File{Path: path}
	data, err = importSections(data, filepath.Dir(path))
	if err == nil {
		err = f.parse(data, rc)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f.resolve(filepath.Dir(path))
	return f, nil
}

// resolve makes the paths of files relative to the folder of the firebase.json.
func (f *File) resolve(dir string) {
	at := func(path string) string {
		if path == "" {
			return ""
		}
		return filepath.Join(dir, path)
	}
	f.Rules, f.Indexes, f.StorageRules = at(f.Rules), at(f.Indexes), at(f.StorageRules)
	for id, d := range f.Databases {
		f.Databases[id] = Database{at(d.Rules), at(d.Indexes)}
	}
	for bucket, path := range f.BucketRules {
		f.BucketRules[bucket] = at(path)
	}
}

// ReadIndexes returns the content of a file with composite indexes, without comments, and nil for path "". A file that is
// missing is a notice: without it, every query that needs an index fails.
func (f *File) ReadIndexes(path string) ([]byte, error) {
	data, err := f.read("indexes", path, readJSON)
	if errors.Is(err, fs.ErrNotExist) {
		f.notices = append(f.notices, "firestore.indexes has no effect: "+path+" does not exist, so queries that need a composite index fail")
		return nil, nil
	}
	return data, err
}

// ReadRules returns the content of a file with security rules, nil for path "".
func (f *File) ReadRules(path string) ([]byte, error) { return f.read("rules", path, os.ReadFile) }

func (f *File) read(what, path string, read func(string) ([]byte, error)) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	data, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("read the %s named in %s: %w", what, f.Path, err)
	}
	return data, nil
}

// FirestoreFiles returns the paths of all files with rules and indexes of Firestore.
func (f *File) FirestoreFiles() []string {
	files := []string{f.Rules, f.Indexes}
	for _, d := range f.Databases {
		files = append(files, d.Rules, d.Indexes)
	}
	return sorted(files)
}

// StorageFiles returns the paths of all files with rules of Cloud Storage.
func (f *File) StorageFiles() []string {
	return sorted(append(slices.Collect(maps.Values(f.BucketRules)), f.StorageRules))
}

// sorted returns paths in order, each once, without empty ones.
func sorted(paths []string) []string {
	slices.Sort(paths)
	return slices.DeleteFunc(slices.Compact(paths), func(path string) bool { return path == "" })
}
