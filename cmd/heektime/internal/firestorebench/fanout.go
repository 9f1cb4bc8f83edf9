package firestorebench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"cloud.google.com/go/firestore"
)

// FanOut is the cost of delivering a document's changes to many listeners.
type FanOut struct {
	Protocol, Server string
	// Listeners is the number of listeners. Each has its own stream and, with WebChannel, its own
	// connection, as web pages do.
	Listeners int
	// PerSecond is the number of snapshots received per second, by all listeners together. Each
	// commit waits until all listeners have the previous one.
	PerSecond float64
	// CPU is the server's CPU time per snapshot.
	CPU time.Duration
	// Median and P99 are the times from a commit's call until the last listener has received it.
	Median, P99 time.Duration
	// Memory is the server's memory per idle listener, in bytes.
	Memory int64
	// Unsupported is why there are no numbers, or empty.
	Unsupported string
}

// listenFunc opens listeners to a document, which run until ctx ends. Each sends nil to received for
// each snapshot, or the error that ended it.
type listenFunc func(ctx context.Context, t *target, document string, listeners int, received chan<- error) error

// fanOut measures one protocol. A failure of the npm server is a result, not an error.
func (l *listenBench) fanOut(ctx context.Context, t *target, protocol string, listen listenFunc) error {
	l.Progress(fmt.Sprintf("%s, %d listeners, %s", t.name, l.Listeners, protocol))
	f, err := l.measureFanOut(ctx, t, listen)
	if err != nil && t.name == npmServer && ctx.Err() == nil {
		f.Unsupported = unsupported(err)
	} else if err != nil {
		return fmt.Errorf("%d listeners, %s: %w", l.Listeners, protocol, err)
	}
	f.Protocol, f.Server, f.Listeners = protocol, t.name, l.Listeners
	l.results.FanOuts = append(l.results.FanOuts, f)
	return nil
}

func (l *listenBench) measureFanOut(ctx context.Context, t *target, listen listenFunc) (f FanOut, err error) {
	ctx, cancel := withTimeout(ctx, time.Minute)
	defer cancel()
	const document = "documents/one"
	if _, err := t.client.Doc(document).Set(ctx, lecture(0)); err != nil {
		return f, err
	}
	before, err := l.settledMemory(ctx, t)
	if err != nil {
		return f, err
	}
	received := make(chan error, l.Listeners)
	if err := listen(ctx, t, document, l.Listeners, received); err != nil {
		return f, err
	}
	if err := l.allReceived(ctx, received); err != nil {
		return f, fmt.Errorf("receive the first snapshots: %w", err)
	}
	after, err := l.settledMemory(ctx, t)
	if err != nil {
		return f, err
	}
	f.Memory = (after - before) / int64(l.Listeners)
	cpuBefore, err := t.cpu()
	if err != nil {
		return f, err
	}
	took, err := l.commitRepeatedly(ctx, t, document, received)
	if err != nil {
		return f, err
	}
	cpuAfter, err := t.cpu()
	if err != nil {
		return f, err
	}
	var total time.Duration
	for _, d := range took {
		total += d
	}
	snapshots := len(took) * l.Listeners
	f.PerSecond, f.CPU = float64(snapshots)/total.Seconds(), (cpuAfter-cpuBefore)/time.Duration(snapshots)
	slices.Sort(took)
	f.Median, f.P99 = quantile(took, 0.5), quantile(took, 0.99)
	return f, nil
}

// commitRepeatedly commits until the window is over, at least once, and returns how long each commit
// took to reach all listeners.
func (l *listenBench) commitRepeatedly(ctx context.Context, t *target, document string, received <-chan error) (took []time.Duration, err error) {
	for started := time.Now(); time.Since(started) < l.Window || len(took) == 0; {
		called := time.Now()
		if _, err := t.client.Doc(document).Set(ctx, lecture(len(took)+1)); err != nil {
			return nil, err
		}
		if err := l.allReceived(ctx, received); err != nil {
			return nil, fmt.Errorf("commit %d: %w", len(took)+1, err)
		}
		took = append(took, time.Since(called))
	}
	return took, nil
}

// allReceived waits for one snapshot per listener.
func (l *listenBench) allReceived(ctx context.Context, received <-chan error) error {
	for range l.Listeners {
		select {
		case err := <-received:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// settledMemory returns the memory of the server's process. The embedded server first returns unused
// memory to the system.
func (l *listenBench) settledMemory(ctx context.Context, t *target) (int64, error) {
	if t.name != npmServer {
		done := filepath.Join(l.bench.dir, "collected")
		if _, err := fmt.Fprintln(t.in, "collect "+done); err != nil {
			return 0, fmt.Errorf("make the server free memory: %w", err)
		}
		for {
			if err := os.Remove(done); err == nil {
				break
			}
			select {
			case <-t.ended:
				return 0, fmt.Errorf("the server ended: %s", t.output)
			case <-ctx.Done():
				return 0, ctx.Err()
			case <-time.After(time.Millisecond):
			}
		}
	}
	return t.memory()
}

// listenWithGRPC listens with Google's client for Go, which opens a stream per listener.
func listenWithGRPC(ctx context.Context, t *target, document string, listeners int, received chan<- error) error {
	for range listeners {
		go receive(ctx, t.client.Doc(document).Snapshots(ctx), received)
	}
	return nil
}

// receive sends the result of each snapshot to received, until an error or until ctx ends.
func receive(ctx context.Context, snapshots *firestore.DocumentSnapshotIterator, received chan<- error) {
	defer snapshots.Stop()
	for {
		_, err := snapshots.Next()
		if ctx.Err() != nil {
			return
		}
		received <- err
		if err != nil {
			return
		}
	}
}
