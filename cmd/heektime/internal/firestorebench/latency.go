package firestorebench

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"heek.kr/heektime/emulator/sdktest"
)

// Latency is how long a write takes to reach another client that listens to the document.
type Latency struct {
	// Clients is the kind of clients and the protocol, such as "Chromium, WebChannel".
	Clients, Server string
	// Acknowledged is the median time from calling setDoc until it returns.
	Acknowledged time.Duration
	// Median and P99 are the times from calling setDoc until the other client has the snapshot.
	Median, P99 time.Duration
	// Unsupported is why there are no numbers, or empty.
	Unsupported string
}

//go:embed client.mjs
var scripts embed.FS

// sdkVersion is the measured version, one of sdktest.Versions.
const sdkVersion = "v12"

// measureChromium measures the latency between two pages of Chromium.
func (l *listenBench) measureChromium(ctx context.Context, t *target) (err error) {
	l.Progress(t.name + ", Chromium")
	browser, err := sdktest.LaunchBrowser()
	var missing *sdktest.MissingError
	if errors.As(err, &missing) {
		l.skip("Web pages were not measured: %v.", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer browser.Close()
	pages, err := sdktest.ServePages(l.sdks, scripts)
	if err != nil {
		return err
	}
	defer pages.Close()
	var clients [2]sdktest.Script
	for i := range clients {
		page, err := browser.Load(ctx, pages.URL(sdkVersion, "client.mjs"))
		if err != nil {
			return err
		}
		defer page.Close()
		clients[i] = page
	}
	return l.latency(ctx, "Chromium, WebChannel", t, clients[0], clients[1])
}

// measureNode measures the latency between two processes of Node.
func (l *listenBench) measureNode(ctx context.Context, t *target) (err error) {
	l.Progress(t.name + ", Node")
	if err := os.CopyFS(filepath.Join(l.bench.dir, t.name), scripts); err != nil {
		return err
	}
	script := filepath.Join(l.bench.dir, t.name, "client.mjs")
	var clients [2]sdktest.Script
	for i := range clients {
		n, err := sdktest.LaunchNode(filepath.Join(l.sdks, sdkVersion), script)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, n.Close()) }()
		clients[i] = n
	}
	return l.latency(ctx, "Node, gRPC", t, clients[0], clients[1])
}

// writeTimes are the times at which setDoc was called and returned, in milliseconds by the machine's
// clock.
type writeTimes struct{ Called, Acknowledged float64 }

// latency measures one kind of clients. A failure of the npm server is a result, not an error.
func (l *listenBench) latency(ctx context.Context, clients string, t *target, reader, writer sdktest.Script) error {
	r, err := l.measureLatency(ctx, t, "latencies/"+clients, reader, writer)
	if err != nil && t.name == npmServer && ctx.Err() == nil {
		r.Unsupported = unsupported(err)
	} else if err != nil {
		return fmt.Errorf("%s: %w", clients, err)
	}
	r.Clients, r.Server = clients, t.name
	l.results.Latencies = append(l.results.Latencies, r)
	return nil
}

// measureLatency lets one client write a document to which the other listens.
func (l *listenBench) measureLatency(ctx context.Context, t *target, document string, reader, writer sdktest.Script) (r Latency, err error) {
	ctx, cancel := withTimeout(ctx, time.Minute)
	defer cancel()
	host, port := splitPort(t.address)
	for _, client := range []sdktest.Script{reader, writer} {
		if err := client.Call(ctx, "start", nil, host, port, document); err != nil {
			return r, err
		}
	}
	if err := warmUpClients(ctx, reader, writer); err != nil {
		return r, err
	}
	var writes []writeTimes
	if err := writer.Call(ctx, "write", &writes, l.Writes); err != nil {
		return r, err
	}
	var received []float64
	if err := reader.Call(ctx, "received", &received, warmUp+len(writes)); err != nil {
		return r, err
	}
	var acknowledged, total []time.Duration
	for i, w := range writes {
		acknowledged = append(acknowledged, duration(w.Acknowledged-w.Called))
		total = append(total, duration(received[warmUp+i]-w.Called))
	}
	slices.Sort(acknowledged)
	slices.Sort(total)
	return Latency{Acknowledged: quantile(acknowledged, 0.5), Median: quantile(total, 0.5), P99: quantile(total, 0.99)}, nil
}

// warmUp is the number of writes that are not measured.
const warmUp = 50

// warmUpClients starts listening and writes, to find out whether the server supports these clients.
func warmUpClients(ctx context.Context, reader, writer sdktest.Script) error {
	ctx, cancel := context.WithTimeoutCause(ctx, attemptTimeout, fmt.Errorf("no response within %v", attemptTimeout))
	defer cancel()
	if err := reader.Call(ctx, "listen", nil); err != nil {
		return err
	}
	return writer.Call(ctx, "write", nil, warmUp)
}

// duration converts milliseconds.
func duration(milliseconds float64) time.Duration {
	return time.Duration(milliseconds * float64(time.Millisecond))
}

// quantile returns the q-quantile of a sorted list.
func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}
