package muxserver

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"syscall"
)

// InUseError says that other processes have ports.
type InUseError struct {
	// Name of the first service that tried to listen.
	Name string
	// Address in use, host:port.
	Address string
	// Others are the addresses of further services that are in use, by name.
	Others map[string]string
	err    error
}

func (e *InUseError) Error() string {
	if len(e.Others) == 0 {
		return fmt.Sprintf("port of %s is in use: %s", e.Name, e.Address)
	}
	all := e.All()
	var list []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, name+" ("+all[name]+")")
	}
	return "ports are in use: " + strings.Join(list, ", ")
}

func (e *InUseError) Unwrap() error { return e.err }

// All returns all addresses in use, by name.
func (e *InUseError) All() map[string]string {
	all := map[string]string{e.Name: e.Address}
	maps.Copy(all, e.Others)
	return all
}

// Check returns an error if another process has the port. Whatever else may be wrong with an address, [Open] says.
func Check(name, address string) *InUseError {
	l, err := net.Listen("tcp", address)
	if err == nil {
		l.Close()
		return nil
	}
	if !inUse(err) {
		return nil
	}
	return &InUseError{Name: name, Address: address, err: err}
}

// wsaeaddrinuse is EADDRINUSE on Windows.
const wsaeaddrinuse = syscall.Errno(10048)

func inUse(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaeaddrinuse)
}
