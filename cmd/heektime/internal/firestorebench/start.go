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

// Start is the start-up time and memory of a server.
type Start struct {
	// Took and Slowest are the median and maximum time from the start of the process to the response
	// to the first Get.
	Took, Slowest time.Duration
	// Empty is the median resident memory after that Get, and Filled that with the documents, in
	// bytes.
	Empty, Filled int64
}

// starts measures start-up. It alternates between the servers, so that a change in the machine's load
// affects all of them.
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
		results[i] = Start{
			Took:  median(took[i], func(d time.Duration) time.Duration { return d }),
			Empty: median(empty[i], func(n int64) int64 { return n }),
		}
		for _, d := range took[i] {
			results[i].Slowest = max(results[i].Slowest, d)
		}
	}
	return results, nil
}

// startOnce starts a server and reads a document that does not exist.
func (b *bench) startOnce(ctx context.Context, name string) (took time.Duration, memory int64, err error) {
	t, err := b.open(ctx, name)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, t.stop()) }()
	if _, err := t.client.Doc("nothing/here").Get(ctx); status.Code(err) != codes.NotFound {
		return 0, 0, fmt.Errorf("first Get: want NotFound, got %w", err)
	}
	took = time.Since(t.started)
	memory, err = t.memory()
	return took, memory, err
}

func splitPort(address string) (host, port string) {
	host, port, _ = net.SplitHostPort(address) // cannot fail for a listener's address
	return host, port
}
