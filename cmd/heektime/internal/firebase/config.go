// Package firebase reads firebase.json for the heektime command: the emulators' part, which
// emulator/firebasejson reads, and the ports of our own services.
package firebase

import (
	"errors"
	"fmt"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/firebasejson"
)

// Config is a firebase.json.
type Config struct{ *firebasejson.File }

// servicePorts are the default ports of our own services.
var servicePorts = map[string]int{
	"courses": 8101, "refresh": 8102, "auth-service": 8103, "compat-server": 8104, "cleanup": 8105,
}

// Find reads the firebase.json at path or, when path is "", the nearest one in this folder and those
// above it. Without one, the defaults apply.
func Find(path string) (*Config, error) {
	file, err := firebasejson.Find(path)
	if err != nil {
		return nil, err
	}
	return &Config{file}, nil
}

// Address returns where the emulator or service of that name listens, host:port.
func (c *Config) Address(name string) string {
	if port, ours := servicePorts[name]; ours {
		return c.AddressOr(name, port)
	}
	return c.File.Address(name)
}

// Remedy says what to do when another program has the port of an emulator or service.
func (c *Config) Remedy(name string) string { return c.File.Remedy(name, c.Address(name)) }

// Explain adds the remedy to an error about an emulator's port.
func (c *Config) Explain(err error) error {
	var inUse *emulator.PortInUseError
	if errors.As(err, &inUse) {
		return fmt.Errorf("%w; %s", inUse, c.Remedy(inUse.Name))
	}
	return err
}
