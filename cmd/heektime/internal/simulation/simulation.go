// Package simulation plays a month of students against a local cloud, and counts what it would cost.
//
// A [Behaviour] says how often they open the app and what they do. From it, a month and a seed, a
// program of visits follows. Each visit is played as the apps do it: over the wire, through the ports
// of the local cloud, under the security rules. The cloud's clock stands still during a minute's
// visits and then moves to the next minute in which something happens, so that a month takes minutes.
// The jobs, refreshes and clean-ups run at their times.
//
// Two things are modelled: how long requests of Cloud Run take, because this machine is not one of
// Cloud Run's, and populations larger than the one that was played, whose usage is a multiple of it
// ([Result.Of]). The same program costs the same to the won.
package simulation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/appclient"
	"heek.kr/heektime/cmd/heektime/internal/demo"
	"heek.kr/heektime/cmd/heektime/internal/firebase"
	"heek.kr/heektime/cmd/heektime/internal/local"
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/firebasejson"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/server"
)

// Config says what to simulate.
type Config struct {
	Behaviour *Behaviour
	// Month is the month, in Pacific time as on the bill.
	Month billing.Month
	// Days limits it to its first days; 0 is all of it.
	Days int
	// Students are how many are played.
	Students int
	// Seed decides what they do.
	Seed uint64
	// Concurrency is how many are played at the same time; 0 is 8. The result does not depend on it.
	Concurrency int
	// Firebase is the project whose rules, indexes and web app apply. Its ports are not used.
	Firebase *firebase.Config
	// Services are the services that package local does not import, by name.
	Services map[string]server.Open
	// Progress is called with the part that has been played, from 0 to 1. Nil is not called.
	Progress func(part float64)

	// Distinct is how many different students there are; further ones do what the first ones do. 0 is all
	// of them.
	Distinct int
}

// The demo university's only semester here, and its ID in the REST API.
const (
	school   = "데모대학교-서울"
	oldID    = "demo_univ_seoul"
	semester = schema.SemesterID("2026-0900")
)

// Run plays a month.
func Run(ctx context.Context, cfg Config) (_ *Result, err error) {
	if cfg.Students < 1 {
		return nil, fmt.Errorf("%d students cannot be played: at least 1", cfg.Students)
	}
	if cfg.Concurrency == 0 {
		cfg.Concurrency = 8
	}
	from, to := cfg.Month.Bounds()
	if cfg.Days > 0 {
		to = from.Add(time.Duration(cfg.Days) * 24 * time.Hour)
	}
	w, err := newWorld(ctx, cfg, from)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	program := newProgram(cfg.Behaviour, cfg.Month, cfg.Seed, cfg.Students, cfg.Distinct, cfg.Days)
	if err := w.prepare(ctx, cfg, program); err != nil {
		return nil, fmt.Errorf("prepare the month: %w", err)
	}
	before := w.backend.Cloud.Usage()
	w.log.reset()
	w.player.requests, w.player.counts = map[int64]int{}, Counts{}
	if err := w.play(ctx, cfg, program, to); err != nil {
		return nil, err
	}
	return &Result{
		Month: cfg.Month, Played: cfg.Students, Seed: cfg.Seed, Behaviour: cfg.Behaviour,
		usage: billing.Between(before, w.backend.Cloud.Usage()), log: w.log, minutes: w.minutes, requests: w.player.requests,
		Counts: w.player.counts, Changes: len(program.changes), Errors: w.errors.text(),
	}, nil
}

// world is a local cloud with a university, on a clock that stands still.
type world struct {
	clock      *clock.Clock
	backend    *local.Backend
	university *demo.University
	player     *player
	log        *runLog
	errors     *errorLog
	minutes    map[int64]minute
	closers    []func() error
}

// minute is what Firestore was asked for in a minute.
type minute struct{ reads, writes int64 }

// half is where the clock stands within a second. Each commit is a microsecond later than the one
// before, and times from a quarter of a second on have the same size on the wire.
const half = 500 * time.Millisecond

func newWorld(ctx context.Context, cfg Config, from time.Time) (_ *world, err error) {
	w := &world{
		clock: clock.NewStopped(from.Add(half)), university: demo.NewUniversity(cfg.Seed, cfg.Behaviour.List.Lectures),
		errors: &errorLog{}, minutes: map[int64]minute{},
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	schools, url, err := w.startUniversity(cfg.Behaviour.List.Schedule)
	if err != nil {
		return nil, err
	}
	w.log = &runLog{now: w.clock.Now, times: cfg.Behaviour.Run, services: map[string]*specService{}, requests: map[string][]runRequest{}}
	w.backend, err = local.Start(ctx, local.Config{
		Firebase: anyPorts(cfg.Firebase), Project: local.DefaultProject, Bucket: local.DefaultProject, SchoolsFile: schools,
		Variables: map[string]string{demo.URLVariable: url, "PASSWORD_ROUNDS": "1", "CALLS_PER_USER": "1000", "CALLS_PER_ADDRESS": "1000000"},
		Services:  cfg.Services, Log: w.errors.logger(), Clock: w.clock, TTL: true, AsDeployed: true, Metered: w.log.metered,
	})
	if err != nil {
		return nil, err
	}
	w.closers = append(w.closers, w.backend.Close)
	w.player, err = w.newPlayer(ctx, cfg)
	return w, err
}

// startUniversity starts the university's server, and writes a school file with its semester.
func (w *world) startUniversity(schedule string) (file, url string, err error) {
	dir, err := os.MkdirTemp("", "heektime-")
	if err != nil {
		return "", "", fmt.Errorf("create a folder for the school file: %w", err)
	}
	w.closers = append(w.closers, func() error { return os.RemoveAll(dir) })
	l, err := listen()
	if err != nil {
		return "", "", err
	}
	s := &http.Server{Handler: w.university.Handler(), ReadTimeout: time.Minute}
	w.closers = append(w.closers, s.Close)
	go s.Serve(l)
	file = filepath.Join(dir, "schools.yaml")
	if err := os.WriteFile(file, []byte(schoolFile(schedule)), 0o600); err != nil {
		return "", "", fmt.Errorf("write the school file: %w", err)
	}
	return file, "http://" + l.Addr().String(), nil
}

// newPlayer connects the students to the cloud.
func (w *world) newPlayer(ctx context.Context, cfg Config) (*player, error) {
	cloud := w.backend.Cloud
	connection, err := appclient.Connect(ctx, cloud.Project, cloud.FirestoreAddress())
	if err != nil {
		return nil, err
	}
	w.closers = append(w.closers, connection.Close)
	transport := &http.Transport{MaxIdleConnsPerHost: cfg.Concurrency, DisableCompression: true}
	w.closers = append(w.closers, func() error { transport.CloseIdleConnections(); return nil })
	site := "http://" + cloud.HostingAddress()
	return &player{
		now: w.clock.Now, connection: connection, client: connection.Client,
		cloud: &appclient.Cloud{
			Project: cloud.Project, Bucket: local.DefaultProject, Authentication: cloud.AuthAddress(), Storage: cloud.StorageAddress(),
			Auth: site, REST: site + "/apis/v2", HTTP: &http.Client{Transport: transport},
		},
		semester: schema.SemesterRef(connection.Client, school, semester), oldSemester: oldID + "/2026-2학기",
		concurrency: cfg.Concurrency, requests: map[int64]int{},
	}, nil
}

// prepare makes what exists before the month: the schools, a published list, and most students' accounts.
func (w *world) prepare(ctx context.Context, cfg Config, program *program) error {
	db, err := w.backend.Cloud.Firestore.Database(local.DefaultProject, gcp.DefaultDatabase)
	if err != nil {
		return err
	}
	docs := map[string]map[string]any{}
	for i := range cfg.Behaviour.Schools - 1 {
		fields := schema.School{Name: fmt.Sprintf("대학교%d", i+2)}.MergeFields()
		delete(fields, schema.FieldLegacyID)
		docs[schema.Schools(w.player.client).ID+"/"+fmt.Sprintf("대학교%d-서울", i+2)] = fields
	}
	if err := db.Seed(docs); err != nil {
		return err
	}
	w.backend.Cloud.Meter.SetLevel(billing.ImagesStored, "images", imagesStored)
	if _, err := w.backend.Queue.Enqueue(ctx, refresh.Task{School: school, Semester: semester, Slot: w.clock.Now()}); err != nil {
		return err
	}
	if err := w.backend.Cloud.Idle(ctx); err != nil {
		return err
	}
	w.player.students = newStudents(program.profiles, cfg.Seed, cfg.Distinct)
	for _, s := range w.player.students {
		w.player.install(s)
	}
	reader := &student{profile: profile{client: currentClient, warm: true}, address: "100.64.0.0", resume: map[int32][]byte{}}
	w.player.install(reader)
	if err := w.player.signUpReader(ctx, reader); err != nil {
		return err
	}
	list, err := w.player.loadList(ctx, reader)
	if err != nil {
		return err
	}
	if err := w.player.prepare(ctx, list.lectures, cfg.Behaviour.Plans, cfg.Behaviour.Lectures); err != nil {
		return err
	}
	return w.backend.Cloud.Idle(ctx) // the events of what was written are not of the month
}

// imagesStored is what Artifact Registry stores: the ten releases that are kept, 53 MB each.
// Source: docs/images.md
const imagesStored = 530_000_000

// jobStep is how often the most frequent job of Cloud Scheduler runs: the clock stops at least that
// often.
const jobStep = 5

// play plays the month until a time, minute by minute.
func (w *world) play(ctx context.Context, cfg Config, program *program, to time.Time) error {
	visits, changes, done := program.visits, program.changes, 0
	last := to.Add(-1).Unix() / 60
	total := func(item billing.Item) int64 { return w.backend.Cloud.Meter.Total(item) }
	for m := w.clock.Now().Unix() / 60; m <= last; m++ {
		n := 0
		for n < len(visits) && visits[n].at.Unix()/60 == m {
			n++
		}
		if n == 0 && m%jobStep != 0 && m != last {
			continue
		}
		for len(changes) > 0 && changes[0].at.Unix()/60 <= m {
			w.university.Change(cfg.Behaviour.List.LecturesPerChange)
			changes = changes[1:]
		}
		reads, writes := total(billing.FirestoreReads), total(billing.FirestoreWrites)
		if err := w.backend.Cloud.Advance(ctx, time.Unix(m*60, 0).Add(half).Sub(w.clock.Now())); err != nil {
			return err
		}
		if err := w.player.play(ctx, visits[:n]); err != nil {
			return err
		}
		// The events of what was written are of this minute, and the clock stands still until they are delivered.
		if err := w.backend.Cloud.Idle(ctx); err != nil {
			return err
		}
		w.minutes[m] = minute{total(billing.FirestoreReads) - reads, total(billing.FirestoreWrites) - writes}
		visits, done = visits[n:], done+n
		if cfg.Progress != nil {
			cfg.Progress(float64(done) / float64(max(1, len(program.visits))))
		}
	}
	return w.backend.Cloud.Advance(ctx, to.Add(-time.Millisecond).Sub(w.clock.Now())) // what is stored is billed to the end
}

func (w *world) close() error {
	var errs []error
	for i := len(w.closers) - 1; i >= 0; i-- {
		errs = append(errs, w.closers[i]())
	}
	return errors.Join(errs...)
}

// anyPorts returns a project with free ports in place of its own.
func anyPorts(c *firebase.Config) *firebase.Config {
	file := *c.File
	file.Emulators = firebasejson.Emulators{}
	for _, name := range []string{"auth", "firestore", "storage", "tasks", "messaging", "ui", "hub", "hosting"} {
		file.Emulators[name] = firebasejson.Emulator{Port: new(int)}
	}
	services := firebasejson.Emulators{}
	for _, s := range deployed() {
		services[s.Name] = firebasejson.Emulator{Port: new(int)}
	}
	free := *c
	free.File, free.Services = &file, services
	return &free
}
