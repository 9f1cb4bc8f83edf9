// Package local runs the whole backend in one process: the embedded cloud and the services, set up as a deployment sets up
// Google's cloud, through the same APIs.
package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"strings"
	"sync"

	"heek.kr/heektime/cmd/heektime/internal/firebase"
	"heek.kr/heektime/emulator"
	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/cleanup"
	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/server"
)

// Config says what to run.
type Config struct {
	// Firebase says where everything listens.
	Firebase *firebase.Config
	// Project and Bucket are the names that clients are configured with.
	Project, Bucket string
	// DataDir keeps everything across restarts; in memory when empty.
	DataDir string
	// AllowedOrigins are the web pages that browsers may let call. Those of this machine may call the cloud in any case; when
	// empty, those at the usual ports of localhost may call the services.
	AllowedOrigins []string
	// SchoolsFile is the path of the school file.
	SchoolsFile string
	// Variables are set for the services beside what the backend sets itself; ${NAME} in the school file sees them, too.
	Variables map[string]string
	// Guests are services that run beside ours, and may leave one day.
	ExtraServices []ExtraService
	// Log takes the services' and the embedded cloud's lines.
	Log *slog.Logger
}

// Guest is a service that the rest of the backend knows nothing of.
type ExtraService struct {
	// Name that firebase.json gives its port under.
	Name string
	Open server.Open
	// Variables are its settings, when it answers at url.
	Variables func(url string) map[string]string
}

// Backend is everything, running.
type Backend struct {
	Cloud *emulator.Cloud
	// Queue that refreshes wait in.
	Queue *refresh.Queue
	// CoursesURL, RefreshURL, AuthURL and CleanupURL are where the services answer, FunctionsURL where the functions do, each
	// under its name.
	CoursesURL, RefreshURL, AuthURL, CleanupURL, FunctionsURL string
	// GuestURLs are where guests answer, by name.
	ExtraServiceURLs map[string]string

	stop     context.CancelFunc
	services sync.WaitGroup
	mu       sync.Mutex
	errs     []error
}

// Start starts the embedded cloud and the services and sets up queue and schedule. It changes the process's environment, where
// Google's clients look for the cloud; so a process holds one backend.
func Start(ctx context.Context, cfg Config) (_ *Backend, err error) {
	embedded := emulator.Config{
		Project: cfg.Project, Buckets: []string{cfg.Bucket}, DataDir: cfg.DataDir,
		AllowedOrigins: cfg.AllowedOrigins, ServiceAccount: refreshAccount(cfg.Project), Logger: cfg.Log,
	}
	if err := embedded.UseProject(cfg.Firebase.File); err != nil {
		return nil, err
	}
	embedded.UseAddresses(cfg.Firebase.File)
	cloud, err := emulator.Open(embedded)
	if err != nil {
		return nil, cfg.Firebase.Explain(err)
	}
	ctx, stop := context.WithCancel(ctx)
	started := &Backend{Cloud: cloud, stop: stop}
	defer func() {
		if err != nil {
			err = errors.Join(err, started.Close())
		}
	}()
	for name, value := range cloud.Environment() {
		os.Setenv(name, value)
	}
	if err := started.startServices(ctx, cfg); err != nil {
		return nil, err
	}
	if err := started.connectWeb(); err != nil {
		return nil, err
	}
	if started.Queue, err = started.setUp(ctx, cfg.Project); err != nil {
		return nil, err
	}
	if err := started.trigger(cfg.Project); err != nil {
		return nil, err
	}
	return started, nil
}

// startServices listens for all services before it starts any, since each is told the others' addresses.
func (b *Backend) startServices(ctx context.Context, cfg Config) error {
	listeners := map[string]net.Listener{}
	names := []string{"courses", "refresh", "auth-service", "cleanup", "functions"}
	for _, guest := range cfg.ExtraServices {
		names = append(names, guest.Name)
	}
	for _, name := range names {
		l, err := net.Listen("tcp", cfg.Firebase.Address(name))
		if err != nil {
			return fmt.Errorf("port of %s: %w; %s", name, err, cfg.Firebase.Remedy(name))
		}
		listeners[name] = l
	}
	b.CoursesURL = "http://" + listeners["courses"].Addr().String()
	b.RefreshURL = "http://" + listeners["refresh"].Addr().String()
	b.AuthURL = "http://" + listeners["auth-service"].Addr().String()
	b.CleanupURL = "http://" + listeners["cleanup"].Addr().String()
	b.FunctionsURL = "http://" + listeners["functions"].Addr().String()
	origins := cfg.AllowedOrigins
	if len(origins) == 0 {
		// A service lets no page call unless told; a developer's web app is served by one of these.
		origins = append(webOrigins(b.Cloud.HostingAddress()), "http://localhost:5173", "http://localhost:3000")
	}
	variables := map[string]map[string]string{
		"courses": {
			"OIDC_AUDIENCE":   b.CoursesURL,
			"ALLOWED_CALLERS": refreshAccount(cfg.Project),
			"COURSES_FILES":   "/", // file: addresses in a school file are the developer's own
		},
		"refresh": {
			"OIDC_AUDIENCE":         b.RefreshURL,
			"ALLOWED_CALLERS":       schedulerAccount(cfg.Project) + "," + TasksAccount(cfg.Project),
			"LECTURES_BUCKET":       cfg.Bucket,
			"SCHOOLS_FILE":          cfg.SchoolsFile,
			"REFRESH_QUEUE":         Queue(cfg.Project),
			"REFRESH_URL":           b.RefreshURL,
			"TASKS_SERVICE_ACCOUNT": TasksAccount(cfg.Project),
			"COURSES_URL":           b.CoursesURL,
		},
		"auth-service": {
			"FIREBASE_API_KEY": "local", // the embedded Authentication takes any
			"ALLOWED_ORIGINS":  strings.Join(origins, ","),
		},
		"cleanup": {
			"OIDC_AUDIENCE":   b.CleanupURL,
			"ALLOWED_CALLERS": schedulerAccount(cfg.Project),
			"LECTURES_BUCKET": cfg.Bucket,
		},
		"functions": {
			"OIDC_AUDIENCE":   b.FunctionsURL,
			"ALLOWED_CALLERS": eventarcAccount(cfg.Project),
		},
	}
	services := map[string]server.Open{
		"courses": courses.Open, "refresh": refresh.Open, "auth-service": auth.Open, "cleanup": cleanup.Open, "functions": deletion.OpenFunctions,
	}
	b.ExtraServiceURLs = map[string]string{}
	for _, guest := range cfg.ExtraServices {
		b.ExtraServiceURLs[guest.Name] = "http://" + listeners[guest.Name].Addr().String()
		services[guest.Name], variables[guest.Name] = guest.Open, guest.Variables(b.ExtraServiceURLs[guest.Name])
	}
	for name, open := range services {
		own := variables[name]
		maps.Copy(own, b.Cloud.Environment())
		maps.Copy(own, cfg.Variables)
		service, err := open(ctx, environment.Map(own), cfg.Log.With("service", name))
		if err != nil {
			return fmt.Errorf("start %s: %w", name, err)
		}
		b.services.Go(func() {
			if err := server.Serve(ctx, listeners[name], service); err != nil {
				b.mu.Lock()
				defer b.mu.Unlock()
				b.errs = append(b.errs, fmt.Errorf("service %s: %w", name, err))
			}
		})
	}
	return nil
}

// Close stops the services, then the cloud below them.
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
