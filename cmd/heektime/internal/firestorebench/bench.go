// Package firestorebench measures the embedded Firestore against @firestore-emulator/server from npm: the same Google
// client, the same operations, one run. Each server is a process of its own, so that its CPU time can be told from the
// client's, which is most of the wall clock.
//
// The machine may have other work. So the servers take turns within every round, and medians count.
package firestorebench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Options of a run. The zero value is the run that docs/firestore-performance.md shows.
type Options struct {
	// Documents in the collection that is read and queried; 10,000 when 0.
	Documents int
	// Sizes of the collections that the same query runs over; 1,000, 10,000 and 100,000 documents when nil.
	Sizes []int
	// Callers at once, one column each; 1 and 32 when nil.
	Callers []int
	// Window is how long each operation is repeated in each round; 250 ms when 0.
	Window time.Duration
	// Rounds of all operations on all servers, of which the median counts; 9 when 0, and fewer on a slow machine, for a
	// run never takes longer than three minutes.
	Rounds int
	// Starts of each server, of which the median counts; 11 when 0.
	Starts int
	// WithoutNPM leaves the npm server out.
	WithoutNPM bool
	// ProfileDir takes a CPU profile of the embedded server for each operation with the most callers, instead of
	// measuring anything else; empty measures.
	ProfileDir string
	// Progress is told what happens; it may be nil.
	Progress func(what string)
}

func (o Options) withDefaults() Options {
	if o.Documents == 0 {
		o.Documents = 10_000
	}
	if o.Sizes == nil {
		o.Sizes = []int{1000, 10_000, 100_000}
	}
	if o.Callers == nil {
		o.Callers = []int{1, 32}
	}
	if o.Window == 0 {
		o.Window = 250 * time.Millisecond
	}
	if o.Rounds == 0 {
		o.Rounds = 9
	}
	if o.Starts == 0 {
		o.Starts = 11
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	return o
}

// Results of a run.
type Results struct {
	// Servers that were measured: the embedded one in memory, with a data directory, and the npm one if it is there.
	Servers []string
	// MissingNPM says why the npm server was not measured; empty when it was.
	MissingNPM string
	// Processors that the servers and the client shared.
	Processors int
	// Starts and memory, one a server.
	Starts []Start
	// Loads are the operations, each with each number of callers.
	Loads []Load
	// Growth is the indexed query over collections of several sizes.
	Growth []Growth
	// Increments is what became of callers that increment one field, one a server.
	Increments []Increments
	// Features that the comparison does not need, and who has them.
	Features []Feature
	// Took is how long the whole run was.
	Took time.Duration
}

// The servers, in the order of the columns.
const (
	ours    = "embedded"
	durable = "embedded --data"
	theirs  = "npm"
)

// A slow machine must not make a run endless: so long after its beginning
const (
	loadsTime  = 80 * time.Second  // no further round of the operations begins
	growthTime = 145 * time.Second // no further round of the query over several sizes begins
	limit      = 178 * time.Second // the run fails
)

// Run measures. It runs in the project's folder, builds the embedded server there, and installs the npm one into the
// user's cache directory unless it is there.
func Run(ctx context.Context, o Options) (r Results, err error) {
	if os.Getenv("FIRESTORE_EMULATOR_HOST") != "" {
		return r, errors.New("FIRESTORE_EMULATOR_HOST is set, which would lead all clients to one server: unset it")
	}
	o = o.withDefaults()
	b, err := newBench()
	if err != nil {
		return r, err
	}
	b.Options = o
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	o.Progress("build")
	if err := b.build(ctx); err != nil { // without a time limit: compilers and installers take what they need
		return r, err
	}
	if o.ProfileDir != "" {
		return r, b.profile(ctx)
	}
	if !o.WithoutNPM {
		o.Progress("install")
		if b.npm, err = install(ctx); err != nil {
			r.MissingNPM = err.Error()
		}
	} else {
		r.MissingNPM = "not asked for"
	}
	b.began = time.Now()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	r.Servers, r.Processors = b.servers(), runtime.NumCPU()
	if err := b.measure(ctx, &r); err != nil {
		return r, err
	}
	r.Took = time.Since(b.began)
	return r, nil
}

// bench is a run in progress.
type bench struct {
	Options
	dir   string
	began time.Time
	npm   string // where the npm server is installed, empty without it
}

// newBench has a folder of its own, which the caller removes.
func newBench() (*bench, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("find the cache directory: %w", err)
	}
	// Not in the system's temporary directory, which may be memory: a commit must reach a disk.
	dir, err := tempDir(filepath.Join(cache, "heektime"))
	if err != nil {
		return nil, err
	}
	return &bench{dir: dir}, nil
}

func (b *bench) servers() []string {
	if b.npm == "" {
		return []string{ours, durable}
	}
	return []string{ours, durable, theirs}
}

func (b *bench) measure(ctx context.Context, r *Results) (err error) {
	if r.Starts, err = b.starts(ctx); err != nil {
		return err
	}
	var targets []*target
	defer func() {
		for _, t := range targets {
			err = errors.Join(err, t.stop())
		}
	}()
	for i, name := range r.Servers {
		t, err := b.open(ctx, name)
		if err != nil {
			return err
		}
		targets = append(targets, t)
		b.Progress("fill " + name)
		if err := t.fill(ctx, lectures, b.Documents); err != nil {
			return fmt.Errorf("fill %s: %w", name, err)
		}
		if r.Starts[i].Filled, err = t.memory(); err != nil {
			return err
		}
	}
	if r.Loads, err = b.loads(ctx, targets); err != nil {
		return err
	}
	if r.Increments, err = b.increments(ctx, targets); err != nil {
		return err
	}
	if r.Growth, err = b.growth(ctx, targets); err != nil {
		return err
	}
	r.Features, err = b.features(ctx, targets)
	return err
}

func tempDir(parent string) (string, error) {
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", fmt.Errorf("make the cache directory: %w", err)
	}
	dir, err := os.MkdirTemp(parent, "firestorebench-")
	if err != nil {
		return "", fmt.Errorf("make a temporary directory: %w", err)
	}
	return dir, nil
}
