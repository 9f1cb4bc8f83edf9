package firebasejson

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
)

// defaults are the Firebase CLI's ports, and ours of what it has no emulator for.
var defaults = map[string]int{
	"firestore": 8080, "auth": 9099, "storage": 9199, "tasks": 9499, "functions": 5001, "ui": 4000, "hub": 4400, "hosting": 5000,
	"messaging": 9599,
}

// Address returns where the emulator of that name listens, host:port.
func (f *File) Address(name string) string { return f.Emulators.Address(name, defaults[name]) }

// ListenOn makes everything listen on an address of this machine, whatever the file says.
func (f *File) ListenOn(host string) {
	all := Emulators{}
	for name := range defaults {
		e := f.Emulators[name]
		e.Host = host
		all[name] = e
	}
	f.Emulators, f.host = all, host
}

// Starts reports whether the Firebase CLI has an emulator of that name, or the local cloud, and what to do about it if
// the latter has none.
func Starts(name string) (missing string, ok bool) {
	if name == "functions" { // only its port is used
		return string(keys[name]), true
	}
	what, ok := keys["emulators."+name]
	return string(what), ok && name != "singleProjectMode" && !strings.Contains(name, ".")
}

// Address returns where the emulator of that name listens, host:port. port is its default.
func (m Emulators) Address(name string, port int) string {
	e := m[name]
	host := e.Host
	if host == "" {
		host = "127.0.0.1"
	}
	if e.Port != nil {
		port = *e.Port
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// Reach says who can reach what listens at the addresses of the file.
func (f *File) Reach() string {
	path := f.Path
	if f.host != "" {
		path = "--host"
	}
	return Reach(map[string]Emulators{path: f.Emulators})
}

// Reach says who can reach what listens at the addresses of several files.
func Reach(files map[string]Emulators) string {
	var open, named []string
	for _, file := range slices.Sorted(maps.Keys(files)) {
		before := len(open)
		for name, e := range files[file] {
			if ip := net.ParseIP(e.Host); e.Host != "" && e.Host != "localhost" && (ip == nil || !ip.IsLoopback()) {
				open = append(open, name+" ("+e.Host+")")
			}
		}
		if len(open) > before {
			named = append(named, file)
		}
	}
	if open == nil {
		return "this machine only"
	}
	slices.Sort(open)
	return "other machines, too: " + strings.Join(open, ", ") + " (set in " + strings.Join(named, " and ") + ")"
}

// Remedy says what to do when other programs have the ports of emulators, whose addresses are by name.
func (f *File) Remedy(inUse map[string]string) string {
	path := f.Path
	if path == "" {
		path = "a " + Name
	}
	return Remedy(inUse, "emulators", path)
}

// Remedy says what to do when other programs have ports. inUse are addresses by name, which a section of the file at path
// sets.
func Remedy(inUse map[string]string, section, path string) string {
	var ports, keys []string
	for _, name := range slices.Sorted(maps.Keys(inUse)) {
		_, port, _ := net.SplitHostPort(inUse[name])
		ports = append(ports, port)
		keys = append(keys, section+"."+name+".port")
	}
	return fmt.Sprintf(`stop the program that listens there (lsof -i :%s shows which), or set %s in %s to another port, or to 0 for any free one`,
		strings.Join(ports, ","), strings.Join(keys, ", "), path)
}
