package doctor

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Files are the files of the repository that a project is compared with.
type Files struct {
	FirestoreRules, StorageRules string
	Indexes                      IndexFile
	Hosting                      Hosting
}

// IndexFile is firestore.indexes.json.
type IndexFile struct {
	Indexes []struct {
		CollectionGroup string       `json:"collectionGroup"`
		QueryScope      string       `json:"queryScope"`
		Fields          []IndexField `json:"fields"`
	} `json:"indexes"`
	FieldOverrides []FieldOverride `json:"fieldOverrides"`
}

// IndexField is a field of a composite index.
type IndexField struct {
	FieldPath   string `json:"fieldPath"`
	Order       string `json:"order"`
	ArrayConfig string `json:"arrayConfig"`
}

// FieldOverride says how one field is indexed, and whether it is the time to live.
type FieldOverride struct {
	CollectionGroup string `json:"collectionGroup"`
	FieldPath       string `json:"fieldPath"`
	TTL             bool   `json:"ttl"`
	Indexes         []struct {
		Order       string `json:"order"`
		ArrayConfig string `json:"arrayConfig"`
		QueryScope  string `json:"queryScope"`
	} `json:"indexes"`
}

// Hosting is what the site serves according to firebase.json.
type Hosting struct {
	Rewrites []struct {
		Source string `json:"source"`
		Regex  string `json:"regex"` // instead of the source
		Run    *struct {
			ServiceID string `json:"serviceId"`
		} `json:"run"`
	} `json:"rewrites"`
	Headers []struct {
		Source  string `json:"source"`
		Headers []struct {
			Key   string `json:"key"`
			Value string `json:"value"`
		} `json:"headers"`
	} `json:"headers"`
}

// ReadFiles reads the files that the firebase.json at a path names.
func ReadFiles(firebaseJSON string) (Files, error) {
	var config struct {
		Firestore struct {
			Rules   string `json:"rules"`
			Indexes string `json:"indexes"`
		} `json:"firestore"`
		Storage struct {
			Rules string `json:"rules"`
		} `json:"storage"`
		Hosting Hosting `json:"hosting"`
	}
	if err := readJSON(firebaseJSON, &config); err != nil {
		return Files{}, err
	}
	dir, f := filepath.Dir(firebaseJSON), Files{Hosting: config.Hosting}
	if err := readJSON(filepath.Join(dir, config.Firestore.Indexes), &f.Indexes); err != nil {
		return Files{}, err
	}
	for name, text := range map[string]*string{config.Firestore.Rules: &f.FirestoreRules, config.Storage.Rules: &f.StorageRules} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return Files{}, fmt.Errorf("read the rules that %s names: %w", firebaseJSON, err)
		}
		*text = string(data)
	}
	return f, nil
}

func readJSON(name string, value any) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read the project's configuration: %w", err)
	}
	if err := json.Unmarshal(data, value); err != nil {
		return fmt.Errorf("decode %s: %w", name, err)
	}
	return nil
}

// rewrites returns, for each rewrite to a service, a path that it matches.
func (f *Files) rewrites() (paths []string) {
	for _, r := range f.Hosting.Rewrites {
		switch {
		case r.Run == nil:
		case r.Regex != "":
			paths = append(paths, sampleOfRegex(r.Regex))
		default:
			paths = append(paths, sampleOfGlob(r.Source))
		}
	}
	return paths
}

// siteHeaders are the headers of the app's page: those of every page, and those of all but some others.
func (f *Files) siteHeaders() map[string]string {
	all := map[string]string{}
	for _, h := range f.Hosting.Headers {
		if h.Source == "**" || strings.HasPrefix(h.Source, "!") {
			for _, header := range h.Headers {
				all[header.Key] = header.Value
			}
		}
	}
	return all
}
