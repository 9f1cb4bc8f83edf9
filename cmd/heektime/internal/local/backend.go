// Package local runs the whole deployment in one process: the local cloud and everything in
// internal/deployment's table. It creates queues and jobs through the same APIs as on Google Cloud.
package local

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"

	"heek.kr/heektime/cmd/heektime/internal/firebase"
	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/console"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/server"
)

// DefaultProject is the local cloud's project. By Firebase's convention, a project ID that starts
// with demo- never belongs to a real project.
const DefaultProject = "demo-heektime"

// Config says what to run.
type Config struct {
	// Firebase holds the addresses of everything.
	Firebase *firebase.Config
	// Project and Bucket are the names that clients use.
	Project, Bucket string
	// DataDir keeps everything across restarts; empty keeps everything in memory.
	DataDir string
	// Import is the path of what the cloud begins with, see [emulator.Cloud.ImportAny]; empty for nothing.
	Import string
	// AllowedOrigins are the origins of web pages that may call the cloud and the services, in addition
	// to pages served by this machine or its private network.
	AllowedOrigins []string
	// SchoolsFile is the path of the school file.
	SchoolsFile string
	// Variables are added to the environment of each service, and to ${NAME} in the school file.
	Variables map[string]string
	// Services are the table's services that this package does not import, by name.
	Services map[string]server.Open
	// Alerts returns the alerts that the console shows; nil for none.
	Alerts func() []console.Alert
	// Prices are what Google charges; nil stands for [billing.DefaultPrices].
	Prices *billing.Prices
	// Grants are the roles of the service accounts; nil stands for the table's.
	Grants []spec.AccountGrant
	// Clock is the time of the cloud and of the services; nil shows the machine's.
	Clock *clock.Clock
	// TTL deletes expired documents, as production does.
	TTL bool
	// AsDeployed keeps the schedules and retries of the deployment's table. Otherwise they are faster, because
	// a developer is waiting.
	AsDeployed bool
	// Metered wraps a service's handler so that meter counts what Cloud Run bills. Nil measures the handler.
	Metered func(meter *billing.Meter, s *spec.Service, next http.Handler) http.Handler
	// Log receives the logs of the services and of the local cloud, with a line for each request that a
	// service handles, as from Cloud Run.
	Log *slog.Logger
}

// Backend is a running deployment.
type Backend struct {
	Cloud *emulator.Cloud
	// Queue is the refresh queue.
	Queue *refresh.Queue
	// URLs are the base URLs of the services, by name.
	URLs map[string]string

	deployment *spec.Deployment
	place      spec.Place

	stop     context.CancelFunc
	services sync.WaitGroup
	mu       sync.Mutex
	errs     []error
}

// Start starts the local cloud and the services, and creates queues, jobs, triggers and the entries of
// Cloud Run. It sets this process's environment variables that direct Google's clients to the cloud, so
// a process can run only one backend.
func Start(ctx context.Context, cfg Config) (_ *Backend, err error) {
	d := Table()
	if cfg.AsDeployed {
		d = deployment.Table()
	}
	if cfg.Clock != nil {
		ctx = server.WithNow(ctx, cfg.Clock.Now)
	}
	cloud, err := openCloud(d, cfg)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	b := &Backend{Cloud: cloud, deployment: d, stop: stop}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.Close())
		}
	}()
	if err := b.importData(cfg); err != nil {
		return nil, err
	}
	setAll(cloud.Environment())
	if err := b.startServices(ctx, cfg); err != nil {
		return nil, err
	}
	if err := b.connectHosting(); err != nil {
		return nil, err
	}
	if err := b.createQueues(ctx); err != nil {
		return nil, err
	}
	if err := b.createJobs(ctx); err != nil {
		return nil, err
	}
	if err := b.createServices(ctx); err != nil {
		return nil, err
	}
	return b, b.registerTriggers()
}

// importData imports what the cloud begins with, before there is a trigger that it would be news to.
func (b *Backend) importData(cfg Config) error {
	if cfg.Import == "" {
		return nil
	}
	leftOut, err := b.Cloud.ImportAny(cfg.Import)
	for _, what := range leftOut {
		cfg.Log.Warn(what, "import", cfg.Import)
	}
	return err
}

// openCloud starts the local cloud with the rules, indexes, web app and addresses in firebase.json.
func openCloud(d *spec.Deployment, cfg Config) (*emulator.Cloud, error) {
	c := emulator.Config{
		Project: cfg.Project, Buckets: []string{cfg.Bucket}, DataDir: cfg.DataDir,
		AllowedOrigins: cfg.AllowedOrigins, ServiceAccount: metadataAccount(cfg.Project), Logger: cfg.Log,
		Alerts: cfg.Alerts, Prices: cfg.Prices, AccountServices: accountServices(d, cfg.Project),
		Clock: cfg.Clock, TTL: cfg.TTL,
	}
	var err error
	if c.IAM, err = policy(d, cfg); err != nil {
		return nil, err
	}
	if err := c.UseProject(cfg.Firebase.File); err != nil {
		return nil, err
	}
	c.UseAddresses(cfg.Firebase.File)
	cloud, err := emulator.Open(c)
	if err != nil {
		return nil, cfg.Firebase.Explain(err)
	}
	return cloud, nil
}

// metadataAccount returns the account of the metadata server, which all services share: that of
// refresh, the only service that calls another.
func metadataAccount(project string) string {
	refresh, _ := deployment.Table().Service("refresh")
	return spec.Email(project, refresh.Account)
}

// Close stops the services, then the cloud.
func (b *Backend) Close() error {
	b.stop()
	b.services.Wait()
	b.mu.Lock()
	errs := b.errs
	b.mu.Unlock()
	if b.Queue != nil {
		errs = append(errs, b.Queue.Client.Close())
	}
	return errors.Join(append(errs, b.Cloud.Close())...)
}
