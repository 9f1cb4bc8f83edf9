package emulator

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"heek.kr/heektime/emulator/internal/muxserver"
)

// services are what can be in Config.Only.
var services = []string{"auth", "firestore", "hosting", "messaging", "storage", "tasks"}

// checkOnly checks Config.Only.
func (c *Config) checkOnly() error {
	for _, name := range c.Only {
		if !slices.Contains(services, name) {
			return fmt.Errorf("emulator: Config.Only: %q is none of %s", name, strings.Join(services, ", "))
		}
	}
	return nil
}

// starts reports whether a service starts; "" stands for what always does. One that does not is still there for the others, empty and in memory:
// nobody can reach it.
func (c *Config) starts(service string) bool {
	return len(c.Only) == 0 || service == "" || slices.Contains(c.Only, service)
}

// folder returns where a part of a service keeps its data, "" for nowhere.
func (c *Config) folder(service, part string) string {
	if c.DataDir == "" || !c.starts(service) {
		return ""
	}
	return filepath.Join(c.DataDir, part)
}

// address returns where a port is reached from this machine, "" if its service does not start.
func address(port *muxserver.Server) string {
	if port == nil {
		return ""
	}
	return port.Reachable()
}
