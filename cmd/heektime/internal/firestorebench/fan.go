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

// Fan is what many listeners to one document hear of its commits.
type Fan struct {
	Protocol, Server string
	// Listeners, each with a stream of its own; with WebChannel also a connection of its own, as pages have.
	Listeners int
	// PerSecond is how many snapshots all of them together got a second. The next commit waits for all.
	PerSecond float64
	// CPU is the processor time of the server for one snapshot.
	CPU time.Duration
	// Median and P99 are from the call of the commit until the last listener had it.
	Median, P99 time.Duration
	// Memory that the server's process has for an idle listener, in bytes.
	Memory int64
	// Unsupported says why there are no numbers.
	Unsupported string
}

// listenBy opens listeners to a document and says to heard, each time, that one of them got it. It returns when all are open;
// they end with ctx.
type listenBy func(ctx context.Context, t *target, document string, listeners int, heard chan<- error) error

// fan measures with as many listeners as asked for. That the npm server cannot do it is a result.
func (l *listenBench) fan(ctx context.Context, t *target, protocol string, open listenBy) error {
	l.Progress(fmt.Sprintf("%s, %d listeners, %s", t.name, l.Listeners, protocol))
	f, err := l.fanOut(ctx, t, open)
	if err != nil && t.name == theirs && ctx.Err() == nil {
		f.Unsupported = unsupported(err)
	} else if err != nil {
		return fmt.Errorf("%d listeners, %s: %w", l.Listeners, protocol, err)
	}
	f.Protocol, f.Server, f.Listeners = protocol, t.name, l.Listeners
	l.results.Fans = append(l.results.Fans, f)
	return nil
}

func (l *listenBench) fanOut(ctx context.Context, t *target, open listenBy) (f Fan, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	const document = "fans/one"
	if _, err := t.client.Doc(document).Set(ctx, lecture(0)); err != nil {
		return f, err
	}
	before, err := l.settled(ctx, t)
	if err != nil {
		return f, err
	}
	heard := make(chan error, l.Listeners)
	if err := open(ctx, t, document, l.Listeners, heard); err != nil {
		return f, err
	}
	if err := l.allHeard(ctx, heard); err != nil {
		return f, fmt.Errorf("the first snapshots: %w", err)
	}
	after, err := l.settled(ctx, t)
	if err != nil {
		return f, err
	}
	f.Memory = (after - before) / int64(l.Listeners)
	began, err := t.cpu()
	if err != nil {
		return f, err
	}
	took, err := l.commits(ctx, t, document, heard)
	if err != nil {
		return f, err
	}
	ended, err := t.cpu()
	if err != nil {
		return f, err
	}
	var all time.Duration
	for _, d := range took {
		all += d
	}
	snapshots := len(took) * l.Listeners
	f.PerSecond, f.CPU = float64(snapshots)/all.Seconds(), (ended-began)/time.Duration(snapshots)
	slices.Sort(took)
	f.Median, f.P99 = quantile(took, 0.5), quantile(took, 0.99)
	return f, nil
}

// commits commits until the window is over, once at least, and returns how long each took until all had heard of it.
func (l *listenBench) commits(ctx context.Context, t *target, document string, heard <-chan error) (took []time.Duration, err error) {
	for began := time.Now(); time.Since(began) < l.Window || len(took) == 0; {
		called := time.Now()
		if _, err := t.client.Doc(document).Set(ctx, lecture(len(took)+1)); err != nil {
			return nil, err
		}
		if err := l.allHeard(ctx, heard); err != nil {
			return nil, fmt.Errorf("commit %d: %w", len(took)+1, err)
		}
		took = append(took, time.Since(called))
	}
	return took, nil
}

// allHeard waits until each listener heard once more.
func (l *listenBench) allHeard(ctx context.Context, heard <-chan error) error {
	for range l.Listeners {
		select {
		case err := <-heard:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// settled is the memory of the server's process; of the embedded one after it has given back what it does not need.
func (l *listenBench) settled(ctx context.Context, t *target) (int64, error) {
	if t.name != theirs {
		done := filepath.Join(l.bench.dir, "collected")
		if _, err := fmt.Fprintln(t.in, "collect "+done); err != nil {
			return 0, fmt.Errorf("ask for memory: %w", err)
		}
		for {
			if err := os.Remove(done); err == nil {
				break
			}
			select {
			case <-t.ended:
				return 0, fmt.Errorf("the server ended: %s", t.said)
			case <-ctx.Done():
				return 0, ctx.Err()
			case <-time.After(time.Millisecond):
			}
		}
	}
	return t.memory()
}

// listenByGRPC uses Google's client for Go: a stream for each listener.
func listenByGRPC(ctx context.Context, t *target, document string, listeners int, heard chan<- error) error {
	for range listeners {
		go hear(ctx, t.client.Doc(document).Snapshots(ctx), heard)
	}
	return nil
}

func hear(ctx context.Context, snapshots *firestore.DocumentSnapshotIterator, heard chan<- error) {
	defer snapshots.Stop()
	for {
		_, err := snapshots.Next()
		if ctx.Err() != nil {
			return
		}
		heard <- err
		if err != nil {
			return
		}
	}
}
