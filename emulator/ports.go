package emulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"

	"google.golang.org/grpc"

	"heek.kr/heektime/emulator/console"
	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/hosting"
	"heek.kr/heektime/emulator/hub"
	"heek.kr/heektime/emulator/internal/cors"
	"heek.kr/heektime/emulator/internal/muxserver"
	"heek.kr/heektime/emulator/messaging"
	"heek.kr/heektime/emulator/rulesapi"
	"heek.kr/heektime/emulator/run"
)

// PortInUseError says which emulators' ports other processes have.
type PortInUseError = muxserver.InUseError

// RejectedPage is the message of the log record about a request of a web page that may not call the
// cloud. Its attribute "reason" says why.
const RejectedPage = cors.RejectedMessage

// checkPorts returns a *[PortInUseError] with all ports that other processes have, so that a user need not find them one
// by one.
func (c *Config) checkPorts() error {
	at := c.Addresses
	var first *PortInUseError
	for _, p := range []struct {
		name, address string
		opens         bool
	}{
		{"firestore", at.Firestore, c.starts("firestore")},
		{"auth", at.Auth, c.starts("auth")},
		{"storage", at.Storage, c.starts("storage")},
		{"tasks", at.Tasks, c.starts("tasks")},
		{"messaging", at.Messaging, c.starts("messaging")},
		{"hub", at.Hub, true},
		{"hosting", at.Hosting, c.starts("hosting") && len(c.Hosting) > 0},
		{"ui", at.Console, !c.NoConsole},
	} {
		if !p.opens || p.address == "" || slices.Contains(c.moves, p.name) {
			continue
		}
		inUse := muxserver.Check(p.name, p.address)
		switch {
		case inUse == nil:
		case first == nil:
			first = inUse
			first.Others = map[string]string{}
		default:
			first.Others[p.name] = p.address
		}
	}
	if first == nil {
		return nil // and not a nil *PortInUseError, which is an error
	}
	return first
}

func (c *Cloud) openPorts(cfg Config) (err error) {
	at := cfg.Addresses
	origins := cors.OwnOrigins(cfg.AllowedOrigins, at.all())
	c.pages = cors.New(origins, cfg.Logger)
	documents := grpc.NewServer(firestore.ServerOptions()...)
	c.Firestore.Register(documents)
	work := grpc.NewServer(muxserver.AllowPings()) // its limit of 4 MiB exceeds that of a task
	c.Tasks.Register(work)
	c.Scheduler.Register(work)
	c.Run.Register(work)
	for _, p := range []struct {
		port    **muxserver.Server
		name    string
		address string
		grpc    *grpc.Server
		http    http.Handler
	}{
		{&c.firestorePort, "firestore", at.Firestore, documents, c.Firestore.Handler(origins)},
		{&c.authPort, "auth", at.Auth, nil, c.pages.Handler(c.Auth)},
		{&c.storagePort, "storage", at.Storage, nil, c.pages.Handler(c.Storage)},
		{&c.tasksPort, "tasks", at.Tasks, work, c.pages.Guard(c.workHandler())},
	} {
		if !cfg.starts(p.name) {
			continue
		}
		if *p.port, err = muxserver.Open(p.name, orFree(p.address), p.grpc, p.http); err != nil {
			return err
		}
	}
	if err := c.openMessaging(cfg); err != nil {
		return err
	}
	if err := c.openHub(cfg); err != nil {
		return err
	}
	if err := c.openHosting(cfg); err != nil {
		return err
	}
	return c.openConsole(cfg) // last: what is named for others, its default does not take
}

// openMessaging opens the port of Cloud Messaging. It has no gRPC, so that it serves HTTP/2, which the Admin
// SDK for Node uses to send several messages.
func (c *Cloud) openMessaging(cfg Config) (err error) {
	if !cfg.starts("messaging") {
		return nil
	}
	pages := c.pages
	for _, host := range messaging.Hosts { // clients that only connect here keep the names; no page has them
		pages = pages.With("https://" + host)
	}
	c.messagingPort, err = openOrMove(cfg, "messaging", cfg.Addresses.Messaging, pages.Handler(c.Messaging))
	return err
}

// openOrMove opens a port, or a free one if it is in use and its name is in Config.moves.
func openOrMove(cfg Config, name, address string, handler http.Handler) (*muxserver.Server, error) {
	address = orFree(address)
	port, err := muxserver.Open(name, address, nil, handler)
	var inUse *PortInUseError
	if !errors.As(err, &inUse) || !slices.Contains(cfg.moves, name) {
		return port, err
	}
	host, _, _ := net.SplitHostPort(address) // it has been listened on
	if port, err = muxserver.Open(name, net.JoinHostPort(host, "0"), nil, handler); err == nil {
		cfg.Logger.Warn("the default port of "+name+" is in use: it listens on another one", "default", address, "address", port.Address())
	}
	return port, err
}

// workHandler serves the REST APIs of Cloud Tasks, Cloud Scheduler, Cloud Run and Firebase Rules, the
// metadata server and the public keys of its tokens. Their paths differ.
func (c *Cloud) workHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/v1/", c.Scheduler.Handler())
	releases := rulesapi.New(c.Clock, c.Firestore, c.Storage)
	for _, pattern := range rulesapi.Patterns {
		mux.Handle(pattern, releases)
	}
	tasks := c.Tasks.Handler()
	mux.Handle("/v2/", tasks)
	services := c.Run.Handler()
	for _, pattern := range run.Patterns {
		mux.Handle(pattern, services)
	}
	mux.Handle("/projects/", tasks)
	mux.Handle("/", c.Identity.Handler())
	return mux
}

// orFree returns address, or a free port of this machine when it is empty.
func orFree(address string) string {
	if address == "" {
		return "127.0.0.1:0"
	}
	return address
}

// all returns the addresses, some of which are empty.
func (a Addresses) all() []string {
	return []string{a.Firestore, a.Auth, a.Storage, a.Tasks, a.Messaging, a.Console, a.Hub, a.Hosting}
}

// Guard applies the cloud's rule for web pages to another server on this machine: it rejects requests
// from pages that may not call the cloud, and those under foreign host names, before next sees them. It
// adds no CORS headers. address, host:port, is where next listens.
func (c *Cloud) Guard(next http.Handler, address string) http.Handler {
	return c.pages.With("http://" + address).Guard(next)
}

func (c *Cloud) openConsole(cfg Config) error {
	if cfg.NoConsole {
		return nil
	}
	page, err := console.New(console.Config{
		Project: cfg.Project, Clock: cfg.Clock, Firestore: c.Firestore, Auth: c.Auth, Storage: c.Storage,
		Tasks: c.Tasks, Scheduler: c.Scheduler, Triggers: c.Triggers, Run: c.Run, Messaging: c.Messaging, Alerts: cfg.Alerts,
		Bill:       c.BillOf,
		OwnOrigins: cors.OwnOrigins(nil, cfg.Addresses.all()), Logger: cfg.Logger,
	})
	if err != nil {
		return fmt.Errorf("start the console: %w", err)
	}
	if c.consolePort, err = openOrMove(cfg, "ui", cfg.Addresses.Console, page); err != nil {
		return err
	}
	return c.Hub.Add("ui", c.consolePort.Address())
}

// openHub opens the hub, which lists the emulators that have been opened before it.
func (c *Cloud) openHub(cfg Config) (err error) {
	c.Hub = hub.New(c.Project)
	if c.hubPort, err = openOrMove(cfg, "hub", cfg.Addresses.Hub, c.pages.Handler(c.Hub)); err != nil {
		return err
	}
	c.Hub.OnTriggers(func(ctx context.Context, enabled bool) error {
		if enabled {
			return c.Triggers.Enable(ctx)
		}
		return c.Triggers.Disable(ctx)
	})
	c.Hub.OnBilling(c.Usage, c.Prices)
	for name, p := range map[string]*muxserver.Server{
		"firestore": c.firestorePort, "auth": c.authPort, "storage": c.storagePort, "tasks": c.tasksPort,
		"messaging": c.messagingPort, "hub": c.hubPort,
	} {
		if p == nil {
			continue // it does not start
		}
		if err := c.Hub.Add(name, p.Address()); err != nil {
			return err
		}
	}
	return nil
}

// openHosting serves the web apps. Their folders and the services that they rewrite to may come later.
func (c *Cloud) openHosting(cfg Config) error {
	if !cfg.starts("hosting") {
		return nil
	}
	address := orFree(cfg.Addresses.Hosting)
	for i, site := range cfg.Hosting {
		server, err := hosting.New(hosting.Config{
			Site: site, Project: cfg.Project, Bucket: c.bucket, Emulators: c.Hub.Emulators, Logger: cfg.Logger, Meter: c.Meter,
		})
		if err != nil {
			return fmt.Errorf("start Hosting: %w", err)
		}
		port, err := c.openSite(address, i, c.pages.OwnHost(server))
		if err != nil {
			return err
		}
		c.Hosting, c.hostingPorts = append(c.Hosting, server), append(c.hostingPorts, port)
		if i == 0 {
			if err := c.Hub.Add("hosting", port.Address()); err != nil {
				return err
			}
			address = port.Address()
		}
	}
	return nil
}

// openSite opens the port of a web app. The first one has the address of the configuration. Each further one has
// a port that is a multiple of 5 above it, or any free one if that is in use.
func (c *Cloud) openSite(address string, site int, handler http.Handler) (*muxserver.Server, error) {
	if site == 0 {
		return muxserver.Open("hosting", address, nil, handler)
	}
	host, text, _ := net.SplitHostPort(address)
	first, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("start Hosting: %w", err)
	}
	port, err := muxserver.Open("hosting", net.JoinHostPort(host, strconv.Itoa(first+5*site)), nil, handler)
	var inUse *PortInUseError
	if errors.As(err, &inUse) {
		return muxserver.Open("hosting", net.JoinHostPort(host, "0"), nil, handler)
	}
	return port, err
}
