package firestorebench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"heek.kr/heektime/emulator/sdktest"
)

// ListenOptions of a run. The zero value is the run that docs/firestore-performance.md shows.
type ListenOptions struct {
	// Writes from one client to another; 500 when 0.
	Writes int
	// Listeners at once; 1,000 when 0.
	Listeners int
	// Window is how long commits to all listeners are repeated; 5 s when 0.
	Window time.Duration
	// WithoutNPM leaves the npm server out.
	WithoutNPM bool
	// WithoutSDK leaves Firebase's JavaScript SDK out, and with it what needs Node, npm and Chromium.
	WithoutSDK bool
	// Progress is told what happens; it may be nil.
	Progress func(what string)
}

func (o ListenOptions) withDefaults() ListenOptions {
	if o.Writes == 0 {
		o.Writes = 500
	}
	if o.Listeners == 0 {
		o.Listeners = 1000
	}
	if o.Window == 0 {
		o.Window = 5 * time.Second
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	return o
}

// ListenResults of a run.
type ListenResults struct {
	// Latencies from one client to another, one for each kind of client and server.
	Latencies []Latency
	// Fans are one document's commits to many listeners, one for each protocol and server.
	Fans []Fan
	// Missing says what was not measured, and why, a sentence each.
	Missing []string
	// Processors that the servers and the clients shared.
	Processors int
	// Took is how long the whole run was.
	Took time.Duration
}

const listenLimit = 5 * time.Minute // the run fails

// RunListen measures listeners. It runs in the project's folder, builds the embedded server there, and installs the npm one and
// Firebase's SDK into the user's cache directory unless they are there.
func RunListen(ctx context.Context, o ListenOptions) (r ListenResults, err error) {
	o = o.withDefaults()
	b, err := newBench()
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	o.Progress("build")
	if err := b.build(ctx); err != nil { // without a time limit: compilers and installers take what they need
		return r, err
	}
	l := &listenBench{ListenOptions: o, bench: b, results: &r}
	if o.WithoutNPM {
		l.miss("@firestore-emulator/server from npm was not asked for.")
	} else if b.npm, err = install(ctx); err != nil {
		l.miss("@firestore-emulator/server from npm was not measured: %v.", err)
	}
	if o.WithoutSDK {
		l.miss("Firebase's JavaScript SDK was not asked for.")
	} else if l.sdks, err = sdktest.InstallSDKs(ctx); err != nil {
		l.miss("Firebase's JavaScript SDK was not measured: %v.", err)
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, listenLimit)
	defer cancel()
	r.Processors = runtime.NumCPU()
	if err := l.measure(ctx); err != nil {
		return r, err
	}
	r.Took = time.Since(began)
	return r, nil
}

// listenBench is a run in progress.
type listenBench struct {
	ListenOptions
	bench   *bench
	sdks    string // where Firebase's SDKs are installed, empty without them
	results *ListenResults
}

func (l *listenBench) miss(format string, args ...any) {
	l.results.Missing = append(l.results.Missing, fmt.Sprintf(format, args...))
}

// measure measures one server after the other, each alone.
func (l *listenBench) measure(ctx context.Context) error {
	names := []string{ours}
	if l.bench.npm != "" {
		names = append(names, theirs)
	}
	for _, name := range names {
		browsers := false
		err := l.with(ctx, name, func(t *target) error {
			if browsers = speaksWebChannel(ctx, t.address); !browsers {
				l.miss("The %s server does not speak WebChannel: browsers cannot listen to it.", name)
			}
			return l.clients(ctx, t, browsers)
		})
		if err == nil && browsers {
			err = l.with(ctx, name, func(t *target) error { return l.fan(ctx, t, "WebChannel", listenByWebChannel) })
		}
		if err == nil {
			err = l.with(ctx, name, func(t *target) error { return l.fan(ctx, t, "gRPC", listenByGRPC) })
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// with measures a server of its own, whose memory nothing else has grown.
func (l *listenBench) with(ctx context.Context, name string, measure func(*target) error) (err error) {
	t, err := l.bench.open(ctx, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.stop()) }()
	return measure(t)
}

// clients measures those that Firebase's SDK makes.
func (l *listenBench) clients(ctx context.Context, t *target, browsers bool) error {
	if l.sdks == "" {
		return nil
	}
	if browsers {
		if err := l.chromium(ctx, t); err != nil {
			return err
		}
	}
	return l.node(ctx, t)
}
