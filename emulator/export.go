package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/internal/replacedir"
)

// ExportMetadataFile is the file that makes a folder an export of Firebase's suite.
const ExportMetadataFile = "firebase-export-metadata.json"

// exportMetadata is the content of the file. The last two are ours: the official suite exports one project, and one
// database of it.
type exportMetadata struct {
	Version      string          `json:"version"`
	Firestore    *exportPart     `json:"firestore,omitempty"`
	Auth         *exportPart     `json:"auth,omitempty"`
	Storage      *exportPart     `json:"storage,omitempty"`
	Database     *exportPart     `json:"database,omitempty"`
	DataConnect  *exportPart     `json:"dataconnect,omitempty"`
	Databases    []otherDatabase `json:"otherDatabases,omitempty"`
	AuthProjects []otherAccounts `json:"otherAccounts,omitempty"`
}

// exportPart says where the files of a service are, relative to the folder.
type exportPart struct {
	Version      string `json:"version"`
	Path         string `json:"path"`
	MetadataFile string `json:"metadata_file,omitempty"`
}

// otherDatabase is a database other than the default one of the project. Project is "" for the exported project, which
// is the one that imports it.
type otherDatabase struct {
	Project      string `json:"project,omitempty"`
	Database     string `json:"database"`
	MetadataFile string `json:"metadata_file"`
}

// otherAccounts are the accounts of another project.
type otherAccounts struct {
	Project string `json:"project"`
	Path    string `json:"path"`
}

// exportVersion stands where the official suite has its own version.
const exportVersion = "15.0.0"

// Export writes the documents of all databases, the accounts, and the objects to a folder, in the layout of the
// official suite, whose emulators can import it. What was in the folder is gone. If the export fails, or is cut short,
// the folder is as it was.
//
// Passwords are in it as plain text: see [auth.Server.ExportOfficial].
func (c *Cloud) Export(dir string) error {
	if err := replacedir.Write(dir, c.export); err != nil {
		return fmt.Errorf("export to %s: %w", dir, err)
	}
	return nil
}

func (c *Cloud) export(dir string) error {
	meta := exportMetadata{
		Version: exportVersion,
		Auth:    &exportPart{Version: exportVersion, Path: "auth_export"},
		Storage: &exportPart{Version: exportVersion, Path: "storage_export"},
	}
	if _, err := c.Firestore.Database(c.Project, "(default)"); err != nil {
		return err // it is exported even when it is empty
	}
	for _, name := range c.Firestore.Databases() {
		if err := c.exportDatabase(dir, name, &meta); err != nil {
			return err
		}
	}
	accounts := map[string]string{c.Project: meta.Auth.Path}
	for _, project := range c.Auth.ProjectsWithAccounts() {
		if project != c.Project {
			accounts[project] = meta.Auth.Path + "-" + project
			meta.AuthProjects = append(meta.AuthProjects, otherAccounts{project, accounts[project]})
		}
	}
	for project, path := range accounts {
		path = filepath.Join(dir, path)
		if err := errors.Join(os.Mkdir(path, 0o755), c.Auth.ExportOfficial(project, path)); err != nil {
			return err
		}
	}
	objects := filepath.Join(dir, meta.Storage.Path)
	if err := errors.Join(os.Mkdir(objects, 0o755), c.Storage.ExportOfficial(objects)); err != nil {
		return err
	}
	text, err := json.MarshalIndent(meta, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, ExportMetadataFile), append(text, '\n'), 0o644)
}

// exportDatabase writes a database, projects/p/databases/d, if it has documents or is the project's default one.
func (c *Cloud) exportDatabase(dir, name string, meta *exportMetadata) error {
	project, id, _ := strings.Cut(strings.TrimPrefix(name, "projects/"), "/databases/")
	db, err := c.Firestore.Database(project, id)
	if err != nil {
		return err
	}
	path := "firestore_export"
	own := project == c.Project && id == "(default)"
	if !own {
		if path += "-" + project + "-" + id; db.Empty() {
			return nil
		}
	}
	if err := db.ExportManaged(filepath.Join(dir, path)); err != nil {
		return err
	}
	metadata := path + "/" + path + firestore.ManagedSuffix
	if own {
		meta.Firestore = &exportPart{Version: exportVersion, Path: path, MetadataFile: metadata}
		return nil
	}
	if project == c.Project {
		project = ""
	}
	meta.Databases = append(meta.Databases, otherDatabase{project, id, metadata})
	return nil
}

// IsExport reports whether a folder is an export of Firebase's suite, or a managed export of Firestore.
func IsExport(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, ExportMetadataFile))
	managed, _ := filepath.Glob(filepath.Join(dir, "*"+firestore.ManagedSuffix))
	return err == nil || len(managed) > 0
}

// ImportAny is [Cloud.Import] for every form of documents: an export, a JSON file with the documents of all databases,
// or a folder with a file for each document of the project's default database.
func (c *Cloud) ImportAny(path string) (leftOut []string, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("import %s: there is no such folder or file", path)
	case err != nil:
		return nil, fmt.Errorf("import: %w", err)
	case info.IsDir() && IsExport(path):
		return c.Import(path)
	case info.IsDir():
		var db *firestore.Database
		if db, err = c.Firestore.Database(c.Project, "(default)"); err == nil {
			err = db.ImportDir(os.DirFS(path))
		}
	default:
		err = c.importFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("import %s: %w", path, err)
	}
	return nil, nil
}

// importFile imports a JSON file with documents.
func (c *Cloud) importFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	err = c.Firestore.Import(f, c.Project)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("it is neither an export nor JSON: %w", syntax)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it is neither an export nor JSON: it is empty, or ends too early")
	}
	return err
}

// Import adds what is in a folder that [Cloud.Export] or the official suite has written, or the documents of a managed
// export of Firestore, as production writes them: they go into the default database. The data of the export's project
// become those of this cloud's. leftOut are sentences about what the local cloud does not have.
func (c *Cloud) Import(dir string) (leftOut []string, err error) {
	leftOut, err = c.load(dir)
	if err != nil {
		return nil, fmt.Errorf("import %s: %w", dir, err)
	}
	return leftOut, nil
}

func (c *Cloud) load(dir string) (leftOut []string, err error) {
	path := filepath.Join(dir, ExportMetadataFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, c.loadManaged(dir)
	}
	if err != nil {
		return nil, err
	}
	var meta exportMetadata
	if err := json.Unmarshal(text, &meta); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if meta.Firestore != nil {
		meta.Databases = append(meta.Databases, otherDatabase{"", "(default)", meta.Firestore.MetadataFile})
	}
	if meta.Auth != nil {
		meta.AuthProjects = append(meta.AuthProjects, otherAccounts{c.Project, meta.Auth.Path})
	}
	for _, d := range meta.Databases {
		if err := c.loadDatabase(dir, d); err != nil {
			return nil, err
		}
	}
	for _, a := range meta.AuthProjects {
		at, err := inside(dir, a.Path)
		if err != nil {
			return nil, err
		}
		missing, err := c.Auth.ImportOfficial(a.Project, at)
		if err != nil {
			return nil, err
		}
		leftOut = append(leftOut, missing...)
	}
	if meta.Storage != nil {
		at, err := inside(dir, meta.Storage.Path)
		if err != nil {
			return nil, err
		}
		if err := c.Storage.ImportOfficial(at); err != nil {
			return nil, err
		}
	}
	for what, part := range map[string]*exportPart{"the Realtime Database": meta.Database, "Data Connect": meta.DataConnect} {
		if part != nil {
			leftOut = append(leftOut, what+" is not emulated: "+part.Path+" is left out")
		}
	}
	return leftOut, nil
}

func (c *Cloud) loadDatabase(dir string, d otherDatabase) error {
	project := d.Project
	if project == "" {
		project = c.Project
	}
	metadata, err := inside(dir, d.MetadataFile)
	if err != nil {
		return err
	}
	db, err := c.Firestore.Database(project, d.Database)
	if err != nil {
		return err
	}
	return db.ImportManaged(metadata)
}

// loadManaged imports a managed export.
func (c *Cloud) loadManaged(dir string) error {
	found, err := filepath.Glob(filepath.Join(dir, "*"+firestore.ManagedSuffix))
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("it has neither a %s nor one file *%s", ExportMetadataFile, firestore.ManagedSuffix)
	}
	if err != nil {
		return err
	}
	db, err := c.Firestore.Database(c.Project, "(default)")
	if err != nil {
		return err
	}
	return db.ImportManaged(found[0])
}

// inside returns a path that the metadata name, which must be in the folder.
func inside(dir, path string) (string, error) {
	if path = filepath.FromSlash(path); !filepath.IsLocal(path) {
		return "", fmt.Errorf("%s: %q is outside of the folder", ExportMetadataFile, path)
	}
	return filepath.Join(dir, path), nil
}
