// Package emulator is a local cloud: Firestore with its triggers, Authentication, Cloud Storage, Hosting, Cloud Tasks, Cloud Scheduler
// and the metadata server, in one process, in Go. Google's own clients talk to it over the wire and cannot tell it from the real one.
//
// In a test:
//
//	cloud := emulatortest.Start(t)
//	client := cloud.FirestoreClient(t)
//
// It starts in milliseconds, in memory, on ports of its own, so that any number of tests run side by side. [Open] is for
// programs: fixed ports, and a folder that keeps everything.
package emulator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc"

	"heek.kr/heektime/emulator/auth"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/console"
	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/hosting"
	"heek.kr/heektime/emulator/hub"
	"heek.kr/heektime/emulator/identity"
	"heek.kr/heektime/emulator/internal/cors"
	"heek.kr/heektime/emulator/internal/muxserver"
	"heek.kr/heektime/emulator/scheduler"
	"heek.kr/heektime/emulator/storage"
	"heek.kr/heektime/emulator/tasks"
	"heek.kr/heektime/emulator/triggers"
)

// Config says how the local cloud is set up. The zero value is a cloud in memory on free ports of 127.0.0.1.
type Config struct {
	// Project is the default project, "demo-test" when empty. Firestore serves any project; this one owns the buckets and
	// is what the metadata server names.
	Project string
	// Buckets exist from the start; one named like the project when nil.
	Buckets []string
	// DataDir keeps everything across restarts. Empty means in memory.
	DataDir string
	// Indexes are the composite indexes, the content of a firestore.indexes.json; none when nil. A query that needs one that is
	// not there fails, as it does in production, and the error prints the entry to add.
	Indexes []byte
	// Rules are Firestore's security rules, the content of a firestore.rules; everybody may do everything when nil.
	Rules []byte
	// StorageRules are Cloud Storage's, the content of a storage.rules, for clients of Firebase; everybody may do everything
	// when nil.
	StorageRules []byte
	// Hosting is the web app to serve, beside its services; no port is opened for it when nil.
	Hosting *hosting.Site
	// AllowUnindexed answers queries without the composite index that production would ask for.
	AllowUnindexed bool
	// Triggers are registered at the start; others, whose URL is known later, by [triggers.Server.Register].
	Triggers []triggers.Trigger
	// TriggerFaults deliver events twice, late or in a random order.
	TriggerFaults triggers.Faults
	// Addresses that the servers listen on.
	Addresses Addresses
	// AllowedOrigins are the web pages, as "https://host", that may call the cloud beside those that this machine or a private
	// network serves; with "*", all.
	AllowedOrigins []string
	// ServiceAccount is whom the metadata server signs tokens for, by e-mail address.
	ServiceAccount string
	// Clock is what all of it lives by; a new one when nil.
	Clock *clock.Clock
	// Log takes what a developer may want to know; nothing is logged when nil.
	Log *slog.Logger
}

// Addresses are host:port each; 127.0.0.1 with a free port when empty.
type Addresses struct {
	// Firestore serves gRPC and, over HTTP, REST and the WebChannels of browsers.
	Firestore string
	// Auth serves Identity Toolkit and Secure Token over HTTP.
	Auth string
	// Storage serves the JSON and XML APIs of Cloud Storage, and that of Firebase's clients, over HTTP.
	Storage string
	// Tasks serves Cloud Tasks and Cloud Scheduler over gRPC and, over HTTP, the metadata server and the keys of the tokens.
	Tasks string
	// Console serves the page to look into the cloud, over HTTP.
	Console string
	// Hub tells tools which emulators run, over HTTP.
	Hub string
	// Hosting serves the web app over HTTP.
	Hosting string
}

// Cloud is a running local cloud.
type Cloud struct {
	// Clock that the cloud lives by; advance it instead of sleeping.
	Clock *clock.Clock
	// Project is the default project.
	Project string
	// The emulators, for what tests and a console want to see and real clients cannot.
	Firestore *firestore.Server
	Auth      *auth.Server
	Storage   *storage.Server
	Tasks     *tasks.Server
	Scheduler *scheduler.Server
	Triggers  *triggers.Server
	Identity  *identity.Identity
	Hub       *hub.Server
	Hosting   *hosting.Server // nil without Config.Hosting

	firestorePort, authPort, storagePort, tasksPort, consolePort, hubPort, hostingPort *muxserver.Server
}

// Open starts a local cloud. The error is a *[PortInUseError] when another process has one of the ports.
func Open(cfg Config) (cloud *Cloud, err error) {
	if cfg.Project == "" {
		cfg.Project = "demo-test"
	}
	if cfg.Buckets == nil {
		cfg.Buckets = []string{cfg.Project}
	}
	if cfg.ServiceAccount == "" {
		cfg.ServiceAccount = "default@" + cfg.Project + ".iam.gserviceaccount.com"
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.New()
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	c := &Cloud{Clock: cfg.Clock, Project: cfg.Project}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	if err := c.openEmulators(cfg); err != nil {
		return c, err
	}
	if err := c.openPorts(cfg); err != nil {
		return c, err
	}
	for _, t := range cfg.Triggers {
		if err := c.Triggers.Register(t); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c *Cloud) openEmulators(cfg Config) (err error) {
	c.Identity, err = identity.New(identity.Config{Clock: cfg.Clock, Project: cfg.Project, ServiceAccount: cfg.ServiceAccount})
	if err != nil {
		return fmt.Errorf("start identity: %w", err)
	}
	c.Triggers, err = triggers.New(triggers.Config{
		Clock: cfg.Clock, Tokens: c.Identity, Project: cfg.Project, DataDir: folder(cfg, "triggers"), Faults: cfg.TriggerFaults, Logger: cfg.Log,
	})
	if err != nil {
		return fmt.Errorf("start triggers: %w", err)
	}
	c.Firestore, err = firestore.New(firestore.Config{
		Clock: cfg.Clock, DataDir: folder(cfg, "firestore"), Logger: cfg.Log, Indexes: cfg.Indexes, AllowUnindexed: cfg.AllowUnindexed,
		Rules: cfg.Rules, Follower: c.Triggers,
	})
	if err != nil {
		return fmt.Errorf("start Firestore: %w", err)
	}
	c.Triggers.Attach(c.Firestore)
	c.Auth, err = auth.New(auth.Config{Clock: cfg.Clock, Project: cfg.Project, DataDir: folder(cfg, "auth"), Logger: cfg.Log})
	if err != nil {
		return fmt.Errorf("start Authentication: %w", err)
	}
	documents, err := c.Firestore.Documents(cfg.Project)
	if err != nil {
		return fmt.Errorf("start Firestore: %w", err)
	}
	c.Storage, err = storage.New(storage.Config{
		Clock: cfg.Clock, Buckets: cfg.Buckets, DataDir: folder(cfg, "storage"), Logger: cfg.Log,
		Rules: cfg.StorageRules, Documents: documents,
	})
	if err != nil {
		return fmt.Errorf("start Storage: %w", err)
	}
	c.Tasks, err = tasks.New(tasks.Config{Clock: cfg.Clock, Tokens: c.Identity, DataDir: folder(cfg, "tasks"), Logger: cfg.Log})
	if err != nil {
		return fmt.Errorf("start Tasks: %w", err)
	}
	c.Scheduler, err = scheduler.New(scheduler.Config{Clock: cfg.Clock, Tokens: c.Identity, DataDir: folder(cfg, "scheduler"), Logger: cfg.Log})
	if err != nil {
		return fmt.Errorf("start Scheduler: %w", err)
	}
	return nil
}

func folder(cfg Config, name string) string {
	if cfg.DataDir == "" {
		return ""
	}
	return filepath.Join(cfg.DataDir, name)
}

func (c *Cloud) openPorts(cfg Config) (err error) {
	at := cfg.Addresses
	documents := grpc.NewServer(
		grpc.MaxRecvMsgSize(firestore.MaxMessageBytes),
		// Handlers that keep their grown stacks, and windows that need no probing: together up to a quarter of a call's CPU time.
		grpc.NumStreamWorkers(32), grpc.StaticStreamWindowSize(1<<20), grpc.StaticConnWindowSize(1<<20),
	)
	c.Firestore.Register(documents)
	if c.firestorePort, err = muxserver.Open("firestore", orFree(at.Firestore), documents, c.Firestore.Handler(cfg.AllowedOrigins)); err != nil {
		return err
	}
	if c.authPort, err = muxserver.Open("auth", orFree(at.Auth), nil, cors.Handler(c.Auth, cfg.AllowedOrigins)); err != nil {
		return err
	}
	if c.storagePort, err = muxserver.Open("storage", orFree(at.Storage), nil, cors.Handler(c.Storage, cfg.AllowedOrigins)); err != nil {
		return err
	}
	work := grpc.NewServer() // its 4 MiB are more than a task may have
	c.Tasks.Register(work)
	c.Scheduler.Register(work)
	if c.tasksPort, err = muxserver.Open("tasks", orFree(at.Tasks), work, c.Identity.Handler()); err != nil {
		return err
	}
	if err := c.openConsole(cfg); err != nil {
		return err
	}
	if err := c.openHub(cfg); err != nil {
		return err
	}
	return c.openHosting(cfg)
}

func (c *Cloud) openConsole(cfg Config) error {
	address := orFree(cfg.Addresses.Console)
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("address of the console: %w", err)
	}
	page, err := console.New(console.Config{
		Project: cfg.Project, Clock: cfg.Clock, Firestore: c.Firestore, Auth: c.Auth, Storage: c.Storage, Tasks: c.Tasks, Scheduler: c.Scheduler, Triggers: c.Triggers,
		Hosts: []string{strings.ToLower(host)}, Logger: cfg.Log,
	})
	if err != nil {
		return fmt.Errorf("start the console: %w", err)
	}
	c.consolePort, err = muxserver.Open("ui", address, nil, page)
	return err
}

func orFree(address string) string {
	if address == "" {
		return "127.0.0.1:0"
	}
	return address
}

// PortInUseError says which emulator's port another process has.
type PortInUseError = muxserver.InUseError

// closeTime is how long running requests may take to end.
const closeTime = 2 * time.Second

// Close stops the cloud: first what calls out, then the ports, then what they serve.
func (c *Cloud) Close() error {
	var errs []error
	if c.Scheduler != nil {
		errs = append(errs, c.Scheduler.Close())
	}
	if c.Tasks != nil {
		errs = append(errs, c.Tasks.Close())
	}
	if c.Triggers != nil {
		errs = append(errs, c.Triggers.Close())
	}
	if c.Firestore != nil {
		c.Firestore.EndStreams() // the port waits for what is running
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	for _, p := range []*muxserver.Server{c.hostingPort, c.hubPort, c.consolePort, c.tasksPort, c.storagePort, c.authPort, c.firestorePort} {
		if p != nil {
			errs = append(errs, p.Close(ctx))
		}
	}
	if c.Storage != nil {
		errs = append(errs, c.Storage.Close())
	}
	if c.Auth != nil {
		errs = append(errs, c.Auth.Close())
	}
	if c.Firestore != nil {
		errs = append(errs, c.Firestore.Close())
	}
	return errors.Join(errs...)
}
