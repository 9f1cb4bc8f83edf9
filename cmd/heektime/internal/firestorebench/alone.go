package firestorebench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// AloneOptions configure [RunAlone].
type AloneOptions struct {
	// Documents are written in commits of 500; 0 means 100,000.
	Documents int
	// Starts is how often the server is started; 0 means 21.
	Starts int
	// Server is the binary of emulator/cmd/firestore. When empty, it is compiled, as for a release.
	Server string
	// Unlimited removes all time limits.
	Unlimited bool
	// Progress is called with the name of each step; it may be nil.
	Progress func(step string)
}

// Alone are the results of [RunAlone].
type Alone struct {
	// Open and Response are the medians from the start of the process to the open port and to the response
	// to the first Get.
	Open, Response time.Duration
	// Resident and Anonymous are the memory before the first Get, in bytes: the former includes the pages of
	// the executable.
	Resident, Anonymous int64
	// Documents is how many were written, first without a listener, then with one.
	Documents         int
	Without, Listened Bulk
}

// Bulk is how long a server took for the documents.
type Bulk struct {
	// Took is the time of all commits, Last that of the last quarter of them, and CPU the time that the server
	// computed.
	Took, Last, CPU time.Duration
	// Told is the time until the listener had every document, in so many Snapshots.
	Told      time.Duration
	Snapshots int
	// Memory is the most resident memory that was seen, in bytes.
	Memory int64
}

// RunAlone measures Firestore's own command, which runs nothing else: how fast it starts, and how it takes many
// documents while a client listens to all of them.
func RunAlone(ctx context.Context, o AloneOptions) (r Alone, err error) {
	if o.Documents == 0 {
		o.Documents = 100_000
	}
	if o.Starts == 0 {
		o.Starts = 21
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if o.Unlimited {
		ctx = withoutLimits(ctx)
	}
	b, err := newBench(o.Server)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	o.Progress("build")
	if err := b.compile(ctx, "heek.kr/heektime/emulator/cmd/firestore"); err != nil {
		return r, err
	}
	if err := b.aloneStarts(ctx, o, &r); err != nil {
		return r, err
	}
	r.Documents = o.Documents
	o.Progress("documents")
	if r.Without, err = b.bulk(ctx, o.Documents, false); err != nil {
		return r, err
	}
	o.Progress("documents with a listener")
	r.Listened, err = b.bulk(ctx, o.Documents, true)
	return r, err
}

// openAlone starts the server and connects to it.
func (b *bench) openAlone(ctx context.Context) (*target, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	p, err := launch(ctx, address, b.server, "--host", host, "--port", port, "--until-eof")
	if err != nil {
		return nil, err
	}
	t := &target{process: p, name: "alone"}
	if err := t.connect(ctx); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return t, nil
}

func (b *bench) aloneStarts(ctx context.Context, o AloneOptions, r *Alone) error {
	var opened, responded []time.Duration
	var resident, anonymous []int64
	for try := range o.Starts {
		o.Progress(fmt.Sprintf("start %d/%d", try+1, o.Starts))
		t, err := b.openAlone(ctx)
		if err != nil {
			return err
		}
		opened = append(opened, time.Since(t.started))
		rss, anon, err := t.residentParts()
		if err == nil {
			resident, anonymous = append(resident, rss), append(anonymous, anon)
			_, err = t.client.Doc("nothing/here").Get(ctx)
		}
		if status.Code(err) != codes.NotFound {
			return errors.Join(fmt.Errorf("first Get: want NotFound, got %w", err), t.stop())
		}
		responded = append(responded, time.Since(t.started))
		if err := t.stop(); err != nil {
			return err
		}
	}
	for _, list := range [][]time.Duration{opened, responded} {
		slices.Sort(list)
	}
	slices.Sort(resident)
	slices.Sort(anonymous)
	r.Open, r.Response = opened[len(opened)/2], responded[len(responded)/2]
	r.Resident, r.Anonymous = resident[len(resident)/2], anonymous[len(anonymous)/2]
	return nil
}

// residentParts returns the resident memory, and its part that is no file's.
func (p *process) residentParts() (resident, anonymous int64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, 0, fmt.Errorf("read memory (the benchmark needs Linux with /proc): %w", err)
	}
	for line := range strings.Lines(string(text)) {
		var kilobytes int64
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kilobytes); n == 1 {
			resident = kilobytes << 10
		}
		if n, _ := fmt.Sscanf(line, "RssAnon: %d kB", &kilobytes); n == 1 {
			anonymous = kilobytes << 10
		}
	}
	return resident, anonymous, nil
}
