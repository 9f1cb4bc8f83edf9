// Package firestorebench compares the embedded Firestore with @firestore-emulator/server from npm, using
// Google's client and the same operations for both. Each server has its own process, so its CPU time
// is separate from the client's, which is most of the elapsed time.
//
// [Run] measures operations (heektime bench-firestore), [RunListen] listeners (heektime bench-listen).
// Because the machine may have other work, the servers alternate within each round, and results are
// medians.
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

// Options configure [Run]. The zero value is the run in docs/firestore-performance.md.
type Options struct {
	// Documents is the size of the collection that is read and queried; 0 means 10,000.
	Documents int
	// Sizes are the sizes of the collections for which the query is compared; nil means 1,000,
	// 10,000 and 100,000.
	Sizes []int
	// Callers are the numbers of concurrent callers to measure; nil means 1 and 32.
	Callers []int
	// Window is how long each operation is repeated in each round; 0 means 250 ms.
	Window time.Duration
	// Rounds is how often all operations are measured on all servers; 0 means 9. A slow machine
	// completes fewer, because a run is limited to three minutes.
	Rounds int
	// Starts is how often each server is started; 0 means 11.
	Starts int
	// WithoutNPM skips the npm server.
	WithoutNPM bool
	// Server is the binary of the embedded server. When empty, it is compiled, as for a release.
	Server string
	// Against are binaries of other builds of the embedded server, such as one of an earlier commit, to compare
	// with. Their columns have the names of the files.
	Against []string
	// Unlimited removes all time limits, so that a busy machine cannot make the run fail.
	Unlimited bool
	// ProfileDir, if not empty, makes Run write a CPU profile of the embedded server for each
	// operation to this folder instead of measuring.
	ProfileDir string
	// Progress is called with the name of each step; it may be nil.
	Progress func(step string)
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

// Results are the results of [Run].
type Results struct {
	// Servers are the measured servers: the embedded one in memory and with a data directory, and
	// the npm one if it is available.
	Servers []string
	// MissingNPM is why the npm server was not measured, or empty.
	MissingNPM string
	// Processors is the number of processors, which the servers and the client share.
	Processors int
	// Starts are the start-up times and memory, in the order of Servers.
	Starts []Start
	// Loads are the results for each operation and number of callers.
	Loads []Load
	// Growth is the indexed query for each size of collection.
	Growth []Growth
	// Increments is the test of concurrent increments, in the order of Servers.
	Increments []Increments
	// Features are further features, and which servers support them.
	Features []Feature
	// Took is the duration of the run.
	Took time.Duration
}

// The servers, in the order of the columns.
const (
	embedded        = "embedded"
	embeddedDurable = "embedded, --data"
	npmServer       = "npm"
)

// Time limits for slow machines, measured from the start of the run.
const (
	loadsDeadline  = 80 * time.Second  // no further round of operations starts
	growthDeadline = 145 * time.Second // no further round of the query over several sizes starts
	limit          = 178 * time.Second // the run fails
)

// Run measures operations. It must run in the repository, where it builds the embedded server. It
// installs the npm server in the user's cache directory, if it is not there yet.
func Run(ctx context.Context, o Options) (r Results, err error) {
	if os.Getenv("FIRESTORE_EMULATOR_HOST") != "" {
		return r, errors.New("FIRESTORE_EMULATOR_HOST is set and would direct all clients to one server: unset it")
	}
	o = o.withDefaults()
	if o.Unlimited {
		ctx = withoutLimits(ctx)
	}
	b, err := newBench(o.Server)
	if err != nil {
		return r, err
	}
	b.Options = o
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	o.Progress("build")
	if err := b.build(ctx); err != nil { // not limited: compiling and installing may take long
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
		r.MissingNPM = "excluded by --without-npm"
	}
	b.started = time.Now()
	ctx, cancel := withTimeout(ctx, limit)
	defer cancel()
	r.Servers, r.Processors = b.servers(), runtime.NumCPU()
	if err := b.measure(ctx, &r); err != nil {
		return r, err
	}
	r.Took = time.Since(b.started)
	return r, nil
}

// bench is a run in progress.
type bench struct {
	Options
	dir     string // temporary files
	started time.Time
	npm     string // the folder with the npm server; empty without it
	server  string // the binary of the embedded server
}

// newBench creates a temporary folder, which the caller must remove. build compiles the server if the
// name of its binary is empty.
func newBench(server string) (*bench, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("find the cache directory: %w", err)
	}
	// The system's temporary directory may be in memory, but commits must reach a disk.
	dir, err := tempDir(filepath.Join(cache, "heektime"))
	if err != nil {
		return nil, err
	}
	return &bench{dir: dir, server: server}, nil
}

// servers returns the names of the servers to measure.
func (b *bench) servers() []string {
	names := []string{embedded, embeddedDurable}
	for _, binary := range b.Against {
		names = append(names, filepath.Base(binary))
	}
	if b.npm != "" {
		names = append(names, npmServer)
	}
	return names
}

// measure runs all measurements after the build, and adds the results to r.
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

// tempDir creates a temporary folder in parent.
func tempDir(parent string) (string, error) {
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", fmt.Errorf("create the cache directory: %w", err)
	}
	dir, err := os.MkdirTemp(parent, "firestorebench-")
	if err != nil {
		return "", fmt.Errorf("create a temporary directory: %w", err)
	}
	return dir, nil
}
