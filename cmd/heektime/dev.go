package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/alertwatch"
	"heek.kr/heektime/cmd/heektime/internal/demo"
	"heek.kr/heektime/cmd/heektime/internal/firebase"
	"heek.kr/heektime/cmd/heektime/internal/local"
	"heek.kr/heektime/cmd/heektime/internal/vite"
	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/logging"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/school"
	"heek.kr/heektime/internal/server"
)

// services are the services that package local does not import, by name. Each is added by a file
// that is deleted together with the service.
var services = map[string]server.Open{}

// devOptions are the flags of dev.
type devOptions struct {
	once, json, web          bool
	data, schools, config    string
	importPath               string
	oldServer                string
	project, bucket, logPath string
	prices                   string

	demo    *demoServer // nil with --schools
	demoURL string      // of demo; "" with --schools
}

// dev runs the whole backend in this process.
func dev(ctx context.Context, args []string) error {
	var o devOptions
	flags := flag.NewFlagSet("dev", flag.ContinueOnError)
	flags.BoolVar(&o.once, "once", false, "exit after the first refreshes, with code 1 if any failed")
	flags.BoolVar(&o.json, "json", false, "print JSON lines instead of a table")
	flags.BoolVar(&o.web, "web", false, "serve the web client from its sources, with reload, instead of web/dist; needs Node and npm")
	flags.StringVar(&o.data, "data", "", "keep all data in `DIR` across restarts (default: in memory)")
	flags.StringVar(&o.importPath, "import", "", "begin with an export of Firebase's suite or of Firestore, or with documents in JSON: a file, or a folder with a file for each, `PATH`")
	flags.StringVar(&o.schools, "schools", "", "school `FILE` (default: a demo university)")
	flags.StringVar(&o.config, "config", "", "firebase.json `FILE` with the ports (default: in this folder or a parent)")
	flags.StringVar(&o.project, "project", local.DefaultProject, "project `ID` that clients use (default: "+local.DefaultProject+")")
	flags.StringVar(&o.bucket, "bucket", "", "`NAME` of the bucket that clients use (default: the project ID)")
	flags.StringVar(&o.prices, "prices", "", "prices.yaml `FILE` for the bill (default: the built-in one)")
	flags.StringVar(&o.oldServer, "old-server", "", "let compat-server pass what has not moved to the old server at this `URL`, to rehearse heektime migrate\n(the key of its tokens is that of OLD_TOKEN_KEY)")
	flags.StringVar(&o.logPath, "log", "", "write the services' logs to `FILE`, or to the terminal if it is -\n(default: heektime.log in the data or temporary folder)")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	if o.bucket == "" {
		o.bucket = o.project
	}
	return o.run(ctx)
}

// run starts everything and waits for Ctrl-C. It is long because whatever it has opened is closed when it returns, in the
// reverse order.
func (o *devOptions) run(ctx context.Context) (err error) {
	config, err := firebase.Find(o.config)
	if err != nil {
		return err
	}
	logFile, err := o.openLog()
	if err != nil {
		return err
	}
	defer logFile.Close()
	screen := &screen{out: os.Stderr, quiet: o.json}
	watcher := alertwatch.New(deployment.Table().Alerts, screen.printf)
	log := slog.New(tee{logging.New(io.MultiWriter(logFile, watcher), o.project).Handler(), screen})

	path, variables, closeDemo, err := o.schoolFile()
	if err != nil {
		return err
	}
	defer closeDemo()
	o.passToOldServer(variables)
	schools, err := school.Read(path, lookup(variables))
	if err != nil {
		return err
	}
	prices, err := billing.ReadPrices(o.prices)
	if err != nil {
		return err
	}
	began := time.Now()
	b, err := local.Start(ctx, local.Config{
		Clock:    clock.New(), // shared with the services: the console advances it
		Firebase: config, Project: o.project, Bucket: o.bucket, DataDir: o.data, Import: o.importPath, SchoolsFile: path, Variables: variables, Log: log,
		AllowedOrigins: environment.Process().OptionalList("ALLOWED_ORIGINS"), Services: services,
		Alerts: watcher.Alerts, Prices: prices,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	defer o.serveBeside(ctx, b, watcher, screen)()
	screen.printf("started a local cloud, project %s, in %d ms; refreshing the course lists", o.project, time.Since(began).Milliseconds())
	rows, err := o.refreshAll(ctx, b, schools, screen)
	if err != nil {
		return err
	}
	if err := o.printRuns(rows); err != nil || o.once {
		return errors.Join(err, requirePublished(rows))
	}
	hasStudent := o.createStudent(ctx, b, rows, screen)
	webApp, closeWeb, err := o.serveWeb(ctx, b, config, screen, logFile)
	if err != nil {
		return err
	}
	defer closeWeb()
	if !o.json {
		o.printStartScreen(b, hasStudent, webApp, logFile.Name(), config)
	}
	screen.startShowingRefreshes()
	<-ctx.Done()
	screen.printf("stopping")
	return nil
}

// serveWeb returns the address of the web app, "" if there is none: Hosting's, or with --web that of Vite, which it starts
// beside the folder that Hosting serves.
func (o *devOptions) serveWeb(ctx context.Context, b *local.Backend, config *firebase.Config, screen *screen, log io.Writer) (url string, closeWeb func(), err error) {
	address := b.Cloud.HostingAddress()
	if address != "" {
		url = "http://" + address
	}
	if !o.web {
		return url, func() {}, nil
	}
	if url == "" {
		return "", nil, errors.New("--web needs a firebase.json with a hosting section")
	}
	server, err := vite.Start(ctx, filepath.Dir(config.Hosting[0].Public), url, screen.printf, log)
	if err != nil {
		return "", nil, err
	}
	return server.URL, server.Close, nil
}

// printRuns prints what became of the refreshes.
func (o *devOptions) printRuns(rows []row) error {
	if o.json {
		return printJSON(rows)
	}
	printRuns(rows)
	return nil
}

// serveBeside starts what runs beside the backend: the alerts, the look for changed rules and the demo university. It
// returns a function that stops the first two.
func (o *devOptions) serveBeside(ctx context.Context, b *local.Backend, watcher *alertwatch.Watcher, screen *screen) context.CancelFunc {
	ctx, stop := context.WithCancel(ctx)
	go watcher.Run(ctx, b.Cloud.Clock.Now)
	go b.Cloud.WatchRules(ctx, func(sentence string) { screen.printf("%s", sentence) })
	if o.demo != nil {
		go o.demo.serve(b.Cloud)
	}
	return stop
}

// refreshAll refreshes every semester of the school file and waits for the results.
func (o *devOptions) refreshAll(ctx context.Context, b *local.Backend, schools *school.File, screen *screen) ([]row, error) {
	client, err := gcp.Firestore(ctx, o.project, gcp.DefaultDatabase)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	slot := b.Cloud.Clock.Now().UTC().Truncate(time.Millisecond)
	var tasks []refresh.Task
	for _, s := range schools.Schools {
		for _, sem := range s.Semesters {
			t := refresh.Task{School: s.ID, Semester: sem.ID, Slot: slot}
			if _, err := b.Queue.Enqueue(ctx, t); err != nil {
				return nil, err
			}
			tasks = append(tasks, t)
		}
	}
	ended := 0
	return waitForTasks(ctx, client, b.Queue, tasks, func(r row) {
		ended++
		screen.printf("[%d/%d] %s %s %s", ended, len(tasks), r.School, r.Semester, summary(r.Run))
	})
}

// schoolFile returns the path of the school file and the variables that the file needs. Without
// --schools it starts a server for the demo university and writes that school's file.
func (o *devOptions) schoolFile() (path string, variables map[string]string, closeDemo func(), err error) {
	if o.schools != "" {
		path, err = filepath.Abs(o.schools)
		return path, map[string]string{}, func() {}, err
	}
	dir, err := os.MkdirTemp("", "heektime-")
	if err != nil {
		return "", nil, nil, fmt.Errorf("create a folder for the demo's school file: %w", err)
	}
	path = filepath.Join(dir, "schools.yaml")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		err = os.WriteFile(path, []byte(demo.SchoolFile()), 0o600)
	}
	if err != nil {
		return "", nil, nil, errors.Join(fmt.Errorf("start the demo university: %w", err), os.RemoveAll(dir))
	}
	o.demo = &demoServer{listener: l, server: &http.Server{ReadTimeout: 10 * time.Second}}
	o.demoURL = "http://" + l.Addr().String()
	return path, map[string]string{demo.URLVariable: o.demoURL}, func() {
		l.Close()
		o.demo.server.Close()
		os.RemoveAll(dir)
	}, nil
}

// passToOldServer adds the variables with which compat-server stands in front of an old server. It does so only if a
// flag asks for it: an operator's shell may have the variables of production.
func (o *devOptions) passToOldServer(variables map[string]string) {
	if o.oldServer != "" {
		variables["OLD_SERVER_URL"], variables["OLD_TOKEN_KEY"] = o.oldServer, os.Getenv("OLD_TOKEN_KEY")
	}
}

// demoServer is the demo university's server. Its port is open before it serves, because the services
// need its URL.
type demoServer struct {
	listener net.Listener
	server   *http.Server
}

// serve serves until the server is closed. The university obeys anyone, so cloud guards it from web
// pages.
func (s *demoServer) serve(cloud *emulator.Cloud) {
	university := demo.NewUniversity(demoSeed, demoLectures)
	handler := university.Handler()
	s.server.Handler = cloud.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		university.Drift(time.Now()) // changes a few lectures every ten minutes, as in registration season
		handler.ServeHTTP(w, r)
	}), s.listener.Addr().String())
	s.server.Serve(s.listener)
}

// The demo university is the same at every start.
const (
	demoSeed     = 2026
	demoLectures = 5000
)

// openLog opens the file for the services' logs.
func (o *devOptions) openLog() (*os.File, error) {
	path := o.logPath
	switch {
	case path == "-":
		return os.Stderr, nil
	case path == "" && o.data == "":
		path = filepath.Join(os.TempDir(), "heektime.log")
	case path == "":
		if err := os.MkdirAll(o.data, 0o700); err != nil {
			return nil, fmt.Errorf("create the data folder: %w; choose another with --data", err)
		}
		path = filepath.Join(o.data, "heektime.log")
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w; choose another file with --log", err)
	}
	return f, nil
}

// lookup finds a variable in variables, which dev sets itself, or else in the environment.
func lookup(variables map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if v, ok := variables[name]; ok {
			return v, true
		}
		return os.LookupEnv(name)
	}
}
