package firebasejson

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
)

// RCName is the name of the Firebase CLI's second file, beside firebase.json: projects by alias, and what the
// targets of firebase.json stand for in each project.
const RCName = ".firebaserc"

// firebaserc is the content of a .firebaserc.
type firebaserc struct {
	path     string
	Projects map[string]string `json:"projects"`
	// Targets are resources, such as buckets, by project, by kind, and by target.
	Targets map[string]map[string]map[string][]string `json:"targets"`
}

// readRC reads the .firebaserc beside a firebase.json. It is empty when there is none.
func readRC(firebaseJSON string) (*firebaserc, error) {
	rc := &firebaserc{path: filepath.Join(filepath.Dir(firebaseJSON), RCName)}
	text, err := readJSON(rc.path)
	if errors.Is(err, fs.ErrNotExist) {
		return rc, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, rc); err != nil {
		return nil, fmt.Errorf("%s: %w", rc.path, Explain("", err))
	}
	return rc, nil
}

// resources returns what a target of a kind stands for, in any project: the local cloud has the databases and
// buckets of all of them.
func (rc *firebaserc) resources(kind, target string) []string {
	var all []string
	for _, kinds := range rc.Targets {
		all = append(all, kinds[kind][target]...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// ProjectID returns the project that an alias of .firebaserc stands for. Anything else is a project ID itself.
// The alias "default" stands for the project that commands use when none is named; it is "" when there is none.
func (f *File) ProjectID(alias string) string {
	if project, ok := f.projects[alias]; ok {
		return project
	}
	if alias == "default" {
		return ""
	}
	return alias
}

// OtherAliases returns the aliases of .firebaserc if name is neither one of them nor a project that one stands for.
func (f *File) OtherAliases(name string) []string {
	aliases := slices.Sorted(maps.Keys(f.projects))
	if slices.Contains(aliases, name) || slices.Contains(slices.Collect(maps.Values(f.projects)), name) {
		return nil
	}
	return aliases
}
