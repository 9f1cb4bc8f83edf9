// Package firebase reads firebase.json, the Firebase CLI's file, which says where the embedded cloud
// listens, and heektime.json in the same folder, our own file, which says where our services listen.
package firebase

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"heek.kr/heektime/emulator/hosting"
)

// Config is the part of firebase.json that concerns the embedded cloud.
type Config struct {
	// Path of the file, "" when there is none and the defaults hold.
	Path string `json:"-"`
	// Indexes and Rules are the paths of the files with Firestore's composite indexes and security rules, "" when the file
	// names none.
	Indexes, Rules string `json:"-"`
	// StorageRules is the path of the file with Cloud Storage's security rules, "" when the file names none or, as it may,
	// one for each bucket.
	StorageRules string `json:"-"`
	// Hosting is the web app, nil when the file has none.
	Hosting *hosting.Site `json:"-"`
	// Emulators by the Firebase CLI's names for them: firestore, storage, tasks.
	Emulators map[string]Emulator `json:"emulators"`
	// Services are our own, by name, as heektime.json gives them.
	Services map[string]Emulator `json:"-"`

	hosting json.RawMessage
}

// Emulator is where one emulator or service listens.
type Emulator struct {
	// Host is 127.0.0.1 when empty: nothing is reachable from other machines unless the file says so.
	Host string `json:"host"`
	// Port is any free one when 0.
	Port *int `json:"port"`
}

// check returns an error that begins with the name of the bad setting.
func (e Emulator) check() error {
	if e.Port != nil && (*e.Port < 0 || *e.Port > 65535) {
		return fmt.Errorf("port: %d is not a port number", *e.Port)
	}
	return nil
}

// defaults are the Firebase CLI's ports.
var defaults = map[string]int{
	"firestore": 8080, "auth": 9099, "storage": 9199, "tasks": 9499, "functions": 5001, "ui": 4000, "hub": 4400, "hosting": 5000,
}

// UnmarshalJSON skips the entries of "emulators" that are no emulator, such as singleProjectMode.
func (c *Config) UnmarshalJSON(data []byte) error {
	var file struct {
		Firestore struct {
			Indexes string `json:"indexes"`
			Rules   string `json:"rules"`
		} `json:"firestore"`
		Storage   json.RawMessage            `json:"storage"`
		Hosting   json.RawMessage            `json:"hosting"`
		Emulators map[string]json.RawMessage `json:"emulators"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return err
	}
	c.Indexes, c.Rules, c.Emulators = file.Firestore.Indexes, file.Firestore.Rules, map[string]Emulator{}
	if len(file.Storage) > 0 && file.Storage[0] == '{' {
		var storage struct {
			Rules string `json:"rules"`
		}
		if err := json.Unmarshal(file.Storage, &storage); err != nil {
			return fmt.Errorf("storage: %w", err)
		}
		c.StorageRules = storage.Rules
	}
	c.hosting = file.Hosting
	for name, raw := range file.Emulators {
		if len(raw) == 0 || raw[0] != '{' {
			continue
		}
		if _, ours := serviceDefaults[name]; ours {
			return fmt.Errorf("emulators.%s: the ports of our services are set in %s, beside this file", name, servicesFile)
		}
		var e Emulator
		if err := json.Unmarshal(raw, &e); err != nil {
			return fmt.Errorf("emulators.%s: %w", name, err)
		}
		if err := e.check(); err != nil {
			return fmt.Errorf("emulators.%s.%w", name, err)
		}
		c.Emulators[name] = e
	}
	return nil
}

// Find reads path, or, when it is empty, the firebase.json of this folder or the nearest one above
// it, and the heektime.json in the same folder. Without a firebase.json, the defaults apply.
func Find(path string) (*Config, error) {
	if path == "" {
		dir, err := os.Getwd()
		if err != nil {
			return nil, fmt.Errorf("find firebase.json: %w", err)
		}
		for path == "" {
			candidate := filepath.Join(dir, "firebase.json")
			if _, err := os.Stat(candidate); err == nil {
				path = candidate
			} else if !errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("find firebase.json: %w", err)
			}
			if dir == filepath.Dir(dir) {
				break
			}
			dir = filepath.Dir(dir)
		}
		if path == "" {
			return &Config{}, nil
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read firebase.json: %w", err)
	}
	c := &Config{Path: path}
	if err := json.Unmarshal(data, c); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if c.Services, err = readServices(c.servicesPath()); err != nil {
		return nil, err
	}
	if len(c.hosting) > 0 {
		if c.Hosting, err = hosting.ParseSite(c.hosting, filepath.Dir(path)); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	for _, named := range []*string{&c.Indexes, &c.Rules, &c.StorageRules} {
		if *named != "" {
			*named = filepath.Join(filepath.Dir(path), *named)
		}
	}
	return c, nil
}

// ReadIndexes is the content of the file with the composite indexes, nil when there is none.
func (c *Config) ReadIndexes() ([]byte, error) { return c.read("indexes", c.Indexes) }

// ReadRules is the content of the file with Firestore's security rules, nil when there is none.
func (c *Config) ReadRules() ([]byte, error) { return c.read("rules", c.Rules) }

// ReadStorageRules is the content of the file with Cloud Storage's security rules, nil when there is none.
func (c *Config) ReadStorageRules() ([]byte, error) { return c.read("storage rules", c.StorageRules) }

func (c *Config) read(what, path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the %s that %s names: %w", what, c.Path, err)
	}
	return data, nil
}

// Address is where the emulator or service of that name listens, host:port.
func (c *Config) Address(name string) string {
	e, port := c.Emulators[name], defaults[name]
	if ours, isService := serviceDefaults[name]; isService {
		e, port = c.Services[name], ours
	}
	host := e.Host
	if host == "" {
		host = "127.0.0.1"
	}
	if e.Port != nil {
		port = *e.Port
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// Reach says who can reach what runs here.
func (c *Config) Reach() string {
	var open []string
	files := map[string]bool{}
	for file, listeners := range map[string]map[string]Emulator{c.Path: c.Emulators, c.servicesPath(): c.Services} {
		for name, e := range listeners {
			if ip := net.ParseIP(e.Host); e.Host != "" && e.Host != "localhost" && (ip == nil || !ip.IsLoopback()) {
				open = append(open, name+" ("+e.Host+")")
				files[file] = true
			}
		}
	}
	if open == nil {
		return "this machine only"
	}
	slices.Sort(open)
	said := " says"
	if len(files) > 1 {
		said = " say"
	}
	return "other machines, too: " + strings.Join(open, ", ") + ", as " + strings.Join(slices.Sorted(maps.Keys(files)), " and ") + said
}

// Remedy says what to do about a port in use.
func (c *Config) Remedy(name string) string {
	file, section := c.Path, "emulators"
	if _, isService := serviceDefaults[name]; isService {
		file, section = c.servicesPath(), "services"
	}
	if c.Path == "" {
		file = "a firebase.json"
		if section == "services" {
			file = "a " + servicesFile + " beside a firebase.json"
		}
	}
	_, port, _ := net.SplitHostPort(c.Address(name))
	return fmt.Sprintf("end the program that has it (lsof -i :%s shows which), or set %s.%s.port in %s", port, section, name, file)
}
