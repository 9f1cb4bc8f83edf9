package firestorebench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Start is how a server starts, and the memory that it takes.
type Start struct {
	// Took is from the start of the process to the answer of the first Get, the median; Worst of all starts.
	Took, Worst time.Duration
	// Empty is the resident memory after that Get, the median; Filled that with the documents, in bytes.
	Empty, Filled int64
}

// starts measures the servers in turn, so that a machine that changes its mind meanwhile does so for all of them.
func (b *bench) starts(ctx context.Context) ([]Start, error) {
	servers := b.servers()
	took := make([][]time.Duration, len(servers))
	empty := make([][]int64, len(servers))
	for try := range b.Starts {
		b.Progress(fmt.Sprintf("start %d/%d", try+1, b.Starts))
		for i, name := range servers {
			d, memory, err := b.startOnce(ctx, name)
			if err != nil {
				return nil, fmt.Errorf("start %s: %w", name, err)
			}
			took[i], empty[i] = append(took[i], d), append(empty[i], memory)
		}
	}
	results := make([]Start, len(servers))
	for i := range servers {
		same := func(d time.Duration) time.Duration { return d }
		results[i] = Start{Took: median(took[i], same), Empty: median(empty[i], func(n int64) int64 { return n })}
		for _, d := range took[i] {
			results[i].Worst = max(results[i].Worst, d)
		}
	}
	return results, nil
}

// startOnce starts a server and asks it for a document, which there is none of.
func (b *bench) startOnce(ctx context.Context, name string) (took time.Duration, memory int64, err error) {
	t, err := b.open(ctx, name)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, t.stop()) }()
	if _, err := t.client.Doc("nothing/here").Get(ctx); status.Code(err) != codes.NotFound {
		return 0, 0, fmt.Errorf("first Get: want NotFound, got %w", err)
	}
	took = time.Since(t.began)
	memory, err = t.memory()
	return took, memory, err
}

func splitPort(address string) (host, port string) {
	host, port, _ = net.SplitHostPort(address) // a listener's address has both
	return host, port
}
