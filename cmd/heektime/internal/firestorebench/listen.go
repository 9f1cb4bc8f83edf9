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

// ListenOptions configure [RunListen]. The zero value is the run in docs/firestore-performance.md.
type ListenOptions struct {
	// Writes is the number of writes from one client to another; 0 means 500.
	Writes int
	// Listeners is the number of listeners to one document; 0 means 1,000.
	Listeners int
	// Window is how long commits to that document are repeated; 0 means 5 s.
	Window time.Duration
	// WithoutNPM skips the npm server.
	WithoutNPM bool
	// WithoutSDK skips the clients that use Firebase's JavaScript SDK, which need Node, npm and Chromium.
	WithoutSDK bool
	// Server is the binary of the embedded server. When empty, it is compiled, as for a release.
	Server string
	// Unlimited removes all time limits, so that a busy machine cannot make the run fail.
	Unlimited bool
	// Progress is called with the name of each step; it may be nil.
	Progress func(step string)
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

// ListenResults are the results of [RunListen].
type ListenResults struct {
	// Latencies has a result for each kind of clients and server.
	Latencies []Latency
	// FanOuts has a result for each protocol and server.
	FanOuts []FanOut
	// Skipped are sentences about what was not measured and why.
	Skipped []string
	// Processors is the number of processors, which the servers and the clients share.
	Processors int
	// Took is the duration of the run.
	Took time.Duration
}

// listenLimit bounds the duration of a run.
const listenLimit = 5 * time.Minute

// RunListen measures listeners. It must run in the repository, where it builds the embedded server. It
// installs the npm server and Firebase's SDK in the user's cache directory, if they are not there yet.
func RunListen(ctx context.Context, o ListenOptions) (r ListenResults, err error) {
	o = o.withDefaults()
	if o.Unlimited {
		ctx = withoutLimits(ctx)
	}
	b, err := newBench(o.Server)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	o.Progress("build")
	if err := b.build(ctx); err != nil { // not limited: compiling and installing may take long
		return r, err
	}
	l := &listenBench{ListenOptions: o, bench: b, results: &r}
	if o.WithoutNPM {
		l.skip("@firestore-emulator/server from npm was excluded.")
	} else if b.npm, err = install(ctx); err != nil {
		l.skip("@firestore-emulator/server from npm was not measured: %v.", err)
	}
	if o.WithoutSDK {
		l.skip("Firebase's JavaScript SDK was excluded.")
	} else if l.sdks, err = sdktest.InstallSDKs(ctx); err != nil {
		l.skip("Firebase's JavaScript SDK was not measured: %v.", err)
	}
	started := time.Now()
	ctx, cancel := withTimeout(ctx, listenLimit)
	defer cancel()
	r.Processors = runtime.NumCPU()
	if err := l.measure(ctx); err != nil {
		return r, err
	}
	r.Took = time.Since(started)
	return r, nil
}

// listenBench is a run in progress.
type listenBench struct {
	ListenOptions
	bench   *bench
	sdks    string // the folder with Firebase's SDKs; empty without them
	results *ListenResults
}

// skip records what was not measured.
func (l *listenBench) skip(format string, args ...any) {
	l.results.Skipped = append(l.results.Skipped, fmt.Sprintf(format, args...))
}

// measure measures one server after the other.
func (l *listenBench) measure(ctx context.Context) error {
	names := []string{embedded}
	if l.bench.npm != "" {
		names = append(names, npmServer)
	}
	for _, name := range names {
		browsers := false
		err := l.withServer(ctx, name, func(t *target) error {
			if browsers = supportsWebChannel(ctx, t.address); !browsers {
				l.skip("The %s server does not support WebChannel, which browsers need to listen.", name)
			}
			return l.measureClients(ctx, t, browsers)
		})
		if err == nil && browsers {
			err = l.withServer(ctx, name, func(t *target) error { return l.fanOut(ctx, t, "WebChannel", listenWithWebChannel) })
		}
		if err == nil {
			err = l.withServer(ctx, name, func(t *target) error { return l.fanOut(ctx, t, "gRPC", listenWithGRPC) })
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// withServer calls measure with a new server, whose memory no other measurement has increased.
func (l *listenBench) withServer(ctx context.Context, name string, measure func(*target) error) (err error) {
	t, err := l.bench.open(ctx, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.stop()) }()
	return measure(t)
}

// measureClients measures the clients that use Firebase's SDK.
func (l *listenBench) measureClients(ctx context.Context, t *target, browsers bool) error {
	if l.sdks == "" {
		return nil
	}
	if browsers {
		if err := l.measureChromium(ctx, t); err != nil {
			return err
		}
	}
	return l.measureNode(ctx, t)
}
