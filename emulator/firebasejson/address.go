package firebasejson

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
)

// defaults are the Firebase CLI's ports.
var defaults = map[string]int{
	"firestore": 8080, "auth": 9099, "storage": 9199, "tasks": 9499, "functions": 5001, "ui": 4000, "hub": 4400, "hosting": 5000,
}

// Address returns where the emulator of that name listens, host:port.
func (f *File) Address(name string) string { return f.AddressOr(name, defaults[name]) }

// AddressOr is [File.Address] with another default port, for a program's own services.
func (f *File) AddressOr(name string, port int) string {
	e := f.Emulators[name]
	host := e.Host
	if host == "" {
		host = "127.0.0.1"
	}
	if e.Port != nil {
		port = *e.Port
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// Reach says, for people, who can reach what listens at the addresses of the file.
func (f *File) Reach() string {
	var open []string
	for _, name := range slices.Sorted(maps.Keys(f.Emulators)) {
		host := f.Emulators[name].Host
		if ip := net.ParseIP(host); host != "" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			open = append(open, name+" ("+host+")")
		}
	}
	if open == nil {
		return "this machine only"
	}
	return "other machines, too: " + strings.Join(open, ", ") + ", as " + f.Path + " says"
}

// Remedy says, for people, what to do when another program has the port of an emulator.
func (f *File) Remedy(name, address string) string {
	path := f.Path
	if path == "" {
		path = "a " + Name
	}
	_, port, _ := net.SplitHostPort(address)
	return fmt.Sprintf("stop the program that has it (lsof -i :%s shows which), or set emulators.%s.port in %s", port, name, path)
}
