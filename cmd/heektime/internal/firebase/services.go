package firebase

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"heek.kr/heektime/emulator/firebasejson"
)

// servicesFile is the file with the ports of our services and of the emulators that the Firebase CLI does
// not have. They have their own file because its schema for firebase.json allows only its emulators.
const servicesFile = "heektime.json"

// serviceDefaults are the default ports of our services.
var serviceDefaults = map[string]int{
	"courses": 8101, "refresh": 8102, "auth": 8103, "compat-server": 8104, "cleanup": 8105, "functions": 8106,
	"push": 8107, "subscriptions": 8108, "pages": 8109,
}

// ownEmulators are the emulators that the Firebase CLI does not have.
var ownEmulators = []string{"messaging"}

// servicesPath returns the path of heektime.json in the folder of firebase.json.
func servicesPath(firebasePath string) string {
	return filepath.Join(filepath.Dir(firebasePath), servicesFile)
}

// readServices reads heektime.json, if it exists. The defaults apply to services and emulators that it does
// not list. An unknown key is an error: it is probably misspelled, and its port would be ignored.
func readServices(path string) (services, emulators firebasejson.Emulators, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", servicesFile, err)
	}
	var file struct {
		Services  map[string]json.RawMessage `json:"services"`
		Emulators map[string]json.RawMessage `json:"emulators"`
	}
	if err := decodeStrictly(data, &file); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, firebasejson.Explain("", err))
	}
	known := slices.Sorted(maps.Keys(serviceDefaults))
	if services, err = decodeListeners(file.Services, known, "service"); err == nil {
		emulators, err = decodeListeners(file.Emulators, ownEmulators, "emulator")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return services, emulators, nil
}

// decodeListeners decodes a section with addresses. kind is what the section lists: service or emulator.
func decodeListeners(section map[string]json.RawMessage, known []string, kind string) (firebasejson.Emulators, error) {
	listeners := firebasejson.Emulators{}
	for name, raw := range section {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("%[1]ss.%[2]s: unknown %[1]s; the %[1]ss are %[3]s", kind, name, strings.Join(known, ", "))
		}
		var e firebasejson.Emulator
		if err := decodeStrictly(raw, &e); err != nil {
			return nil, firebasejson.Explain(kind+"s."+name, err)
		}
		if err := e.Check(); err != nil {
			return nil, fmt.Errorf("%ss.%s.%w", kind, name, err)
		}
		listeners[name] = e
	}
	return listeners, nil
}

// decodeStrictly decodes a single JSON value and rejects unknown keys.
func decodeStrictly(data []byte, value any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("unexpected data after the JSON value")
	}
	return nil
}
