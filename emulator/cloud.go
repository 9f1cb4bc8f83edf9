// Package emulator is a local cloud in one Go process: Firestore with its triggers, Firebase
// Authentication, Cloud Storage, Firebase Hosting, Cloud Messaging, Cloud Tasks, Cloud Scheduler, the
// Admin API of Cloud Run, and the metadata server. Google's own clients talk to it over the wire, as they talk to the real services.
//
// A test starts one with package emulatortest:
//
//	cloud := emulatortest.Start(t)
//	client := cloud.FirestoreClient(t)
//
// It starts in milliseconds, in memory, on free ports, so any number of tests run side by side.
//
// A program calls [Open], whose [Config] has fixed ports, a data directory, security rules, and so
// on. The command emulator/cmd/localcloud is such a program.
//
// # Time
//
// Everything runs on one [clock.Clock]. [Cloud.Advance] moves it forward and waits until all that
// became due has happened; a test never sleeps.
//
// # Inside
//
// The fields of a [Cloud] are the emulators themselves. They show what clients cannot see: the
// decisions of the security rules, the attempts of a task, the emails that would have been sent.
// Each emulator has a package below this one, which can be used without the others.
package emulator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"heek.kr/heektime/emulator/auth"
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/hosting"
	"heek.kr/heektime/emulator/hub"
	"heek.kr/heektime/emulator/iam"
	"heek.kr/heektime/emulator/identity"
	"heek.kr/heektime/emulator/internal/cors"
	"heek.kr/heektime/emulator/internal/muxserver"
	"heek.kr/heektime/emulator/messaging"
	"heek.kr/heektime/emulator/run"
	"heek.kr/heektime/emulator/scheduler"
	"heek.kr/heektime/emulator/storage"
	"heek.kr/heektime/emulator/tasks"
	"heek.kr/heektime/emulator/triggers"
)

// Cloud is a running local cloud. It is safe for concurrent use.
type Cloud struct {
	// Clock is the time that the cloud runs on. Move it with [Cloud.Advance].
	Clock *clock.Clock
	// Project is the default project.
	Project string

	// The emulators, for what tests and consoles need and clients cannot ask for.
	Firestore *firestore.Server
	Auth      *auth.Server
	Storage   *storage.Server
	Tasks     *tasks.Server
	Scheduler *scheduler.Server
	Run       *run.Server
	Messaging *messaging.Server
	Triggers  *triggers.Server
	Identity  *identity.Identity
	Hub       *hub.Server
	Hosting   []*hosting.Server // one for each of Config.Hosting

	// Meter counts what Google would bill, and Prices are what it charges. See [Cloud.Bill].
	Meter  *billing.Meter
	Prices *billing.Prices

	// IAM is Config.IAM.
	IAM *iam.Policy

	// accountServices is Config.AccountServices.
	accountServices map[string]string
	ttl             bool   // Config.TTL
	rulesConfig     Config // for its rules and where they are from
	bucket          string // the first of Config.Buckets, or ""

	// pages decides which web pages may call the ports.
	pages *cors.Policy

	firestorePort, authPort, storagePort, tasksPort, messagingPort, consolePort, hubPort *muxserver.Server
	hostingPorts                                                                         []*muxserver.Server

	doorsMu sync.Mutex
	doors   map[string]*muxserver.Server // by service account, opened when they are first needed

	closeOnce sync.Once
	closeErr  error
}

// Open starts a local cloud. The error is a *[PortInUseError] when other processes have some of the
// ports.
func Open(cfg Config) (cloud *Cloud, err error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	if err := cfg.checkPorts(); err != nil {
		return nil, err
	}
	c := &Cloud{
		Clock: cfg.Clock, Project: cfg.Project, Prices: cfg.Prices, IAM: cfg.IAM, accountServices: cfg.AccountServices, ttl: cfg.TTL,
		rulesConfig: cfg,
		doors:       map[string]*muxserver.Server{},
	}
	if len(cfg.Buckets) > 0 {
		c.bucket = cfg.Buckets[0]
	}
	defer func() {
		if err != nil {
			cloud, err = nil, errors.Join(err, c.Close())
		}
	}()
	if cfg.AcceptSignedTokens {
		cfg.Logger.Warn("Firestore and Cloud Storage accept ID tokens of real projects without verifying their signatures")
	}
	if err := c.openEmulators(cfg); err != nil {
		return nil, err
	}
	if err := c.openPorts(cfg); err != nil {
		return nil, err
	}
	for _, t := range cfg.Triggers {
		if err := c.Triggers.Register(t); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// openEmulators makes the emulators, in the order in which they need each other.
func (c *Cloud) openEmulators(cfg Config) (err error) {
	c.Meter, err = billing.OpenMeter(cfg.Clock, cfg.folder("", "billing"))
	if err != nil {
		return fmt.Errorf("start the meter: %w", err)
	}
	c.Identity, err = identity.New(identity.Config{Clock: cfg.Clock, Project: cfg.Project, ServiceAccount: cfg.ServiceAccount})
	if err != nil {
		return fmt.Errorf("start identity: %w", err)
	}
	c.Triggers, err = triggers.New(triggers.Config{
		Clock: cfg.Clock, Tokens: eventTokens{c}, Project: cfg.Project, DataDir: cfg.folder("firestore", "triggers"),
		Faults: cfg.TriggerFaults, Logger: cfg.Logger, Meter: c.Meter,
	})
	if err != nil {
		return fmt.Errorf("start triggers: %w", err)
	}
	only := ""
	if cfg.SingleProject {
		only = cfg.Project
	}
	c.Firestore, err = firestore.New(firestore.Config{
		Clock: cfg.Clock, DataDir: cfg.folder("firestore", "firestore"), Logger: cfg.Logger,
		Indexes: cfg.Indexes, AllowUnindexed: cfg.AllowUnindexed, Rules: cfg.Rules, AcceptSignedTokens: cfg.AcceptSignedTokens, Databases: cfg.Databases,
		Follower: c.Triggers, Meter: c.Meter, TTL: cfg.TTL, OnlyProject: only,
	})
	if err != nil {
		return cfg.startError("Firestore", err, cfg.file.FirestoreFiles()...)
	}
	c.Triggers.Attach(c.Firestore)
	c.Auth, err = auth.New(auth.Config{Clock: cfg.Clock, Project: cfg.Project, DataDir: cfg.folder("auth", "auth"), Logger: cfg.Logger, Meter: c.Meter})
	if err != nil {
		return fmt.Errorf("start Authentication: %w", err)
	}
	documents, err := c.Firestore.Documents(cfg.Project)
	if err != nil {
		return fmt.Errorf("start Firestore: %w", err)
	}
	c.Storage, err = storage.New(storage.Config{
		Clock: cfg.Clock, Buckets: cfg.Buckets, DataDir: cfg.folder("storage", "storage"), Logger: cfg.Logger,
		Rules: cfg.StorageRules, BucketRules: cfg.BucketRules, AcceptSignedTokens: cfg.AcceptSignedTokens, Documents: documents, Meter: c.Meter,
	})
	if err != nil {
		return cfg.startError("Storage", err, cfg.file.StorageFiles()...)
	}
	return c.openWork(cfg)
}

// openWork makes the emulators that need no other one but the meter and the identity.
func (c *Cloud) openWork(cfg Config) (err error) {
	c.Tasks, err = tasks.New(tasks.Config{
		Clock: cfg.Clock, Tokens: c.Identity, DataDir: cfg.folder("tasks", "tasks"), Logger: cfg.Logger,
		Functions: cfg.functionURLs(), FunctionsAddress: cfg.FunctionsAddress, Meter: c.Meter,
	})
	if err != nil {
		return fmt.Errorf("start Tasks: %w", err)
	}
	c.Scheduler, err = scheduler.New(scheduler.Config{
		Clock: cfg.Clock, Tokens: c.Identity, DataDir: cfg.folder("tasks", "scheduler"), Logger: cfg.Logger, Meter: c.Meter,
	})
	if err != nil {
		return fmt.Errorf("start Scheduler: %w", err)
	}
	c.Run, err = run.New(run.Config{Clock: cfg.Clock, DataDir: cfg.folder("tasks", "run"), Logger: cfg.Logger})
	if err != nil {
		return fmt.Errorf("start Cloud Run: %w", err)
	}
	c.Messaging, err = messaging.New(messaging.Config{Clock: cfg.Clock, DataDir: cfg.folder("messaging", "messaging"), Logger: cfg.Logger, Meter: c.Meter})
	if err != nil {
		return fmt.Errorf("start Cloud Messaging: %w", err)
	}
	return nil
}

// closeTimeout bounds how long running requests may take to finish.
const closeTimeout = 2 * time.Second

// Close stops the cloud: first what sends requests, then the ports, then the emulators behind them.
// Further calls return the error of the first one.
func (c *Cloud) Close() error {
	c.closeOnce.Do(func() { c.closeErr = c.close() })
	return c.closeErr
}

func (c *Cloud) close() error {
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
		c.Firestore.EndStreams() // the port waits for running requests
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	ports := []*muxserver.Server{
		c.hubPort, c.consolePort, c.messagingPort, c.tasksPort, c.storagePort, c.authPort, c.firestorePort,
	}
	for _, p := range slices.Concat(c.takeDoors(), c.hostingPorts, ports) {
		if p != nil {
			errs = append(errs, p.Close(ctx))
		}
	}
	if c.Messaging != nil {
		errs = append(errs, c.Messaging.Close())
	}
	if c.Run != nil {
		errs = append(errs, c.Run.Close())
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
	errs = append(errs, c.Meter.Close())
	return errors.Join(errs...)
}
