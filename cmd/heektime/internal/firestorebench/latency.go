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

// Latency is how long a write of one client takes to another one that listens to the document.
type Latency struct {
	// Clients and the protocol, such as "Chromium, WebChannel", and the server.
	Clients, Server string
	// Acknowledged is from the call of setDoc to its end, the median.
	Acknowledged time.Duration
	// Median and P99 are from the call of setDoc to the snapshot in the other client.
	Median, P99 time.Duration
	// Unsupported says why there are no numbers.
	Unsupported string
}

//go:embed latency.mjs
var scripts embed.FS

// sdkVersion is which of sdktest.Versions is measured.
const sdkVersion = "v12"

// chromium measures from one page of Chromium to another.
func (l *listenBench) chromium(ctx context.Context, t *target) (err error) {
	l.Progress(t.name + ", Chromium")
	browser, err := sdktest.LaunchBrowser()
	var missing *sdktest.MissingError
	if errors.As(err, &missing) {
		l.miss("Pages were not measured: %v.", err)
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
		page, err := browser.Load(ctx, pages.URL(sdkVersion, "latency.mjs"))
		if err != nil {
			return err
		}
		defer page.Close()
		clients[i] = page
	}
	return l.latency(ctx, "Chromium, WebChannel", t, clients[0], clients[1])
}

// node measures from one process of Node to another.
func (l *listenBench) node(ctx context.Context, t *target) (err error) {
	l.Progress(t.name + ", Node")
	if err := os.CopyFS(filepath.Join(l.bench.dir, t.name), scripts); err != nil {
		return err
	}
	script := filepath.Join(l.bench.dir, t.name, "latency.mjs")
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

// written is when a client called setDoc, and when that ended; seen, when a listener had the document. In milliseconds, by the
// clock of the machine.
type written struct{ Called, Acknowledged float64 }

// latency has one client write what another one listens to. That the npm server cannot do it is a result.
func (l *listenBench) latency(ctx context.Context, clients string, t *target, reader, writer sdktest.Script) error {
	r, err := l.writeAndSee(ctx, t, "latencies/"+clients, reader, writer)
	if err != nil && t.name == theirs && ctx.Err() == nil {
		r.Unsupported = unsupported(err)
	} else if err != nil {
		return fmt.Errorf("%s: %w", clients, err)
	}
	r.Clients, r.Server = clients, t.name
	l.results.Latencies = append(l.results.Latencies, r)
	return nil
}

func (l *listenBench) writeAndSee(ctx context.Context, t *target, document string, reader, writer sdktest.Script) (r Latency, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	host, port := splitPort(t.address)
	for _, client := range []sdktest.Script{reader, writer} {
		if err := client.Call(ctx, "start", nil, host, port, document); err != nil {
			return r, err
		}
	}
	if err := first(ctx, reader, writer); err != nil {
		return r, err
	}
	var writes []written
	if err := writer.Call(ctx, "write", &writes, l.Writes); err != nil {
		return r, err
	}
	var seen []float64
	if err := reader.Call(ctx, "seen", &seen, warmUp+len(writes)); err != nil {
		return r, err
	}
	var acknowledged, total []time.Duration
	for i, w := range writes {
		acknowledged = append(acknowledged, duration(w.Acknowledged-w.Called))
		total = append(total, duration(seen[warmUp+i]-w.Called))
	}
	slices.Sort(acknowledged)
	slices.Sort(total)
	return Latency{Acknowledged: quantile(acknowledged, 0.5), Median: quantile(total, 0.5), P99: quantile(total, 0.99)}, nil
}

// warmUp is how many writes are not measured.
const warmUp = 50

// first listens and writes: does the server have it at all?
func first(ctx context.Context, reader, writer sdktest.Script) error {
	ctx, cancel := context.WithTimeoutCause(ctx, attemptTime, fmt.Errorf("no answer within %v", attemptTime))
	defer cancel()
	if err := reader.Call(ctx, "listen", nil); err != nil {
		return err
	}
	return writer.Call(ctx, "write", nil, warmUp)
}

func duration(milliseconds float64) time.Duration {
	return time.Duration(milliseconds * float64(time.Millisecond))
}

// quantile of what is sorted.
func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}
