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

// servicesFile is the file with the ports of our services. They have their own file because the
// Firebase CLI's schema for firebase.json allows only the CLI's emulators.
const servicesFile = "heektime.json"

// serviceDefaults are the default ports of our services.
var serviceDefaults = map[string]int{
	"courses": 8101, "refresh": 8102, "auth": 8103, "compat-server": 8104, "cleanup": 8105, "functions": 8106,
	"push": 8107, "subscriptions": 8108,
}

// servicesPath returns the path of heektime.json in the folder of firebase.json.
func servicesPath(firebasePath string) string {
	return filepath.Join(filepath.Dir(firebasePath), servicesFile)
}

// readServices reads heektime.json, if it exists. The defaults apply to services that it does not
// list. An unknown key is an error: it is probably misspelled, and its port would be ignored.
func readServices(path string) (firebasejson.Emulators, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", servicesFile, err)
	}
	var file struct {
		Services map[string]json.RawMessage `json:"services"`
	}
	if err := decodeStrictly(data, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	services := firebasejson.Emulators{}
	for name, raw := range file.Services {
		if _, known := serviceDefaults[name]; !known {
			known := strings.Join(slices.Sorted(maps.Keys(serviceDefaults)), ", ")
			return nil, fmt.Errorf("%s: services.%s: unknown service; the services are %s", path, name, known)
		}
		var e firebasejson.Emulator
		if err := decodeStrictly(raw, &e); err != nil {
			return nil, fmt.Errorf("%s: services.%s: %w", path, name, err)
		}
		if err := e.Check(); err != nil {
			return nil, fmt.Errorf("%s: services.%s.%w", path, name, err)
		}
		services[name] = e
	}
	return services, nil
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
