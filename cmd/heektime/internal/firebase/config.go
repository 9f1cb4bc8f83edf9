// Package firebase reads firebase.json, the Firebase CLI's file, which says where the local cloud
// listens, and heektime.json in the same folder, our own file, which says where our services listen.
package firebase

import (
	"errors"
	"fmt"
	"net"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/firebasejson"
)

// Config is a firebase.json and the heektime.json next to it.
type Config struct {
	*firebasejson.File
	// Services by name: where heektime.json says that they listen.
	Services firebasejson.Emulators

	servicesPath string
}

// Find reads the firebase.json at path or, when path is "", the nearest one in this folder and those
// above it, and the heektime.json in the same folder. Without them, the defaults apply.
func Find(path string) (*Config, error) {
	file, err := firebasejson.Find(path)
	if err != nil {
		return nil, err
	}
	for name := range serviceDefaults {
		if _, misplaced := file.Emulators[name]; misplaced && name != "auth" && name != "functions" { // the CLI has emulators of those names
			return nil, fmt.Errorf("%s: emulators.%s: the ports of our services are set in %s, in the same folder", file.Path, name, servicesFile)
		}
	}
	c := &Config{File: file, servicesPath: servicesPath(file.Path)}
	if c.Services, err = readServices(c.servicesPath); err != nil {
		return nil, err
	}
	return c, nil
}

// ServiceAddress returns where the service of that name listens, host:port.
func (c *Config) ServiceAddress(name string) string {
	return c.Services.Address(name, serviceDefaults[name])
}

// Reach says, for people, who can reach what listens at the addresses of the two files.
func (c *Config) Reach() string {
	return firebasejson.Reach(map[string]firebasejson.Emulators{c.Path: c.Emulators, c.servicesPath: c.Services})
}

// ServiceRemedy says, for people, what to do when another program has the port of a service.
func (c *Config) ServiceRemedy(name string) string {
	path := c.servicesPath
	if c.Path == "" {
		path = "a " + servicesFile + " next to a " + firebasejson.Name
	}
	_, port, _ := net.SplitHostPort(c.ServiceAddress(name))
	return firebasejson.Remedy(port, "services."+name+".port", path)
}

// Explain adds the remedy to an error about an emulator's port.
func (c *Config) Explain(err error) error {
	var inUse *emulator.PortInUseError
	if errors.As(err, &inUse) {
		return fmt.Errorf("%w; %s", inUse, c.Remedy(inUse.Name, inUse.Address))
	}
	return err
}
