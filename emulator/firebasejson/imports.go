package firebasejson

import (
	"encoding/json"
	"fmt"
	"path/filepath"
)

// importable are the sections that may be the path of a JSON file, which then is the section, or has it as its only key.
// Source: lib/config.js of firebase-tools 15.34.
var importable = []string{"emulators", "firestore", "functions", "hosting", "storage", "database", "extensions"}

// importSections replaces sections that are paths by what is in the files. dir is the folder of the firebase.json.
func importSections(data []byte, dir string) ([]byte, error) {
	var top map[string]json.RawMessage
	if json.Unmarshal(data, &top) != nil {
		return data, nil // checkKeys says so
	}
	changed := false
	for _, name := range importable {
		var path string
		if json.Unmarshal(top[name], &path) != nil || filepath.Ext(path) != ".json" {
			continue
		}
		section, err := readJSON(filepath.Join(dir, filepath.FromSlash(path)))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		var only map[string]json.RawMessage
		if json.Unmarshal(section, &only) == nil && len(only) == 1 && only[name] != nil {
			section = only[name]
		}
		top[name], changed = section, true
	}
	if !changed {
		return data, nil
	}
	return json.Marshal(top)
}
