// Package firebase reads the project's configuration files: firebase.json, the Firebase CLI's file,
// with the addresses of the local cloud, and heektime.json in the same folder with those of our
// services and of the emulators that the CLI does not have.
package firebase

import (
	"errors"
	"fmt"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/firebasejson"
)

// Config is a firebase.json and the heektime.json in the same folder.
type Config struct {
	*firebasejson.File
	// Services are the addresses in heektime.json, by service.
	Services firebasejson.Emulators

	servicesPath string
}

// Find reads the firebase.json at path, and the heektime.json in the same folder. If path is empty, it
// uses the nearest firebase.json in the working directory or a parent. Without files, the defaults
// apply.
func Find(path string) (*Config, error) {
	file, err := firebasejson.Find(path)
	if err != nil {
		return nil, err
	}
	for name := range serviceDefaults {
		if name == "auth" || name == "functions" {
			continue // the Firebase CLI has emulators with these names
		}
		if _, misplaced := file.Emulators[name]; misplaced {
			return nil, fmt.Errorf("%s: emulators.%s: the ports of our services are set in %s in the same folder", file.Path, name, servicesFile)
		}
	}
	c := &Config{File: file, servicesPath: servicesPath(file.Path)}
	var emulators firebasejson.Emulators
	if c.Services, emulators, err = readServices(c.servicesPath); err != nil {
		return nil, err
	}
	for name, e := range emulators {
		if _, named := file.Emulators[name]; !named {
			if file.Emulators == nil {
				file.Emulators = firebasejson.Emulators{}
			}
			file.Emulators[name] = e
		}
	}
	return c, nil
}

// ServiceAddress returns the address of a service, host:port.
func (c *Config) ServiceAddress(name string) string {
	return c.Services.Address(name, serviceDefaults[name])
}

// Reach describes which machines can connect to the addresses in the two files.
func (c *Config) Reach() string {
	return firebasejson.Reach(map[string]firebasejson.Emulators{c.Path: c.Emulators, c.servicesPath: c.Services})
}

// ServiceRemedy tells the user what to do if other programs use the ports of services.
func (c *Config) ServiceRemedy(names ...string) string {
	inUse := map[string]string{}
	for _, name := range names {
		inUse[name] = c.ServiceAddress(name)
	}
	return firebasejson.Remedy(inUse, "services", c.ownPath())
}

// ownPath names heektime.json for an error.
func (c *Config) ownPath() string {
	if c.Path == "" {
		return "a " + servicesFile + " next to a " + firebasejson.Name
	}
	return c.servicesPath
}

// Explain adds what to do to an error about an emulator's port.
func (c *Config) Explain(err error) error {
	var inUse *emulator.PortInUseError
	if !errors.As(err, &inUse) {
		return err
	}
	cli, own := inUse.All(), map[string]string{}
	for _, name := range ownEmulators {
		if address, ok := cli[name]; ok {
			own[name] = address
			delete(cli, name)
		}
	}
	err = inUse
	if len(cli) > 0 {
		err = fmt.Errorf("%w; %s", err, c.Remedy(cli))
	}
	if len(own) > 0 {
		err = fmt.Errorf("%w; %s", err, firebasejson.Remedy(own, "emulators", c.ownPath()))
	}
	return err
}
