package local

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"heek.kr/heektime/internal/deployment/spec"
)

// secretsFile is the file in the data folder that holds the secrets that secrets has made up.
const secretsFile = "secrets.json"

// secrets returns a value for each secret that services need to start, by ID. It makes up missing
// ones and keeps them in dir: with other keys, the tokens that clients got before a restart would
// be invalid. If dir is empty, the secrets last as long as the rest of the data: until the process
// ends.
func secrets(d *spec.Deployment, dir string) (map[string]string, error) {
	values := map[string]string{}
	path := filepath.Join(dir, secretsFile)
	if dir != "" {
		text, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(text, &values)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read the local cloud's secrets in %s: %w", path, err)
		}
	}
	complete := true
	for _, id := range requiredSecrets(d) {
		if values[id] == "" {
			values[id], complete = newKey(), false
		}
	}
	if dir == "" || complete {
		return values, nil
	}
	if err := writeSecrets(path, values); err != nil {
		return nil, fmt.Errorf("keep the local cloud's secrets: %w", err)
	}
	return values, nil
}

// writeSecrets replaces the file, so that a crash leaves either the old one or the new one.
func writeSecrets(path string, values map[string]string) (err error) {
	text, err := json.MarshalIndent(values, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), secretsFile+".*") // with mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(append(text, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// requiredSecrets returns the IDs of the secrets that services need to start.
func requiredSecrets(d *spec.Deployment) (ids []string) {
	for _, s := range d.Services {
		for _, v := range s.Environment {
			if v.Required && v.Value.Kind == spec.KindSecret {
				ids = append(ids, v.Value.Text)
			}
		}
	}
	return ids
}

// newKey returns a random key of 32 bytes in Base64.
func newKey() string {
	key := make([]byte, 32)
	rand.Read(key)
	return base64.StdEncoding.EncodeToString(key)
}
