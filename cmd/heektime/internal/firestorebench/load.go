package firestorebench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Load is the result for an operation and a number of concurrent callers.
type Load struct {
	Operation string
	Callers   int
	// Cells are the results in the order of the servers.
	Cells []Cell
}

// Cell is the result of one server.
type Cell struct {
	// PerSecond is the number of operations per second, by all callers together.
	PerSecond float64
	// CPU is the server's CPU time per operation.
	CPU time.Duration
	// ClientCPU is the client's CPU time per operation. It is similar for all servers, and limits
	// PerSecond because client and server share the processors.
	ClientCPU time.Duration
	// Relative is the CPU time of the first server in relation to this one's: the median of the rounds, in
	// each of which both had the same load from other processes.
	Relative float64
	// Unsupported is why there are no numbers, or empty.
	Unsupported string
}

// loads measures all operations on all servers.
func (b *bench) loads(ctx context.Context, targets []*target) ([]Load, error) {
	var loads []Load
	var run []operation
	for _, op := range b.operations() {
		for _, callers := range b.Callers {
			if op.single && callers > 1 {
				continue
			}
			loads, run = append(loads, Load{op.name, callers, make([]Cell, len(targets))}), append(run, op)
		}
	}
	return loads, b.rounds(ctx, targets, loads, run, loadsDeadline)
}

// rounds measures loads[i] with the operation run[i], and fills its cells. After the first round, it
// starts no further one later than deadline after the start of the run.
func (b *bench) rounds(ctx context.Context, targets []*target, loads []Load, run []operation, deadline time.Duration) error {
	for i, op := range run {
		for j, t := range targets {
			if op.ours && t.name == npmServer {
				loads[i].Cells[j].Unsupported = "not measured"
			}
			if loads[i].Cells[j].Unsupported != "" {
				continue
			}
			if err := attempt(ctx, t, op); err != nil {
				if t.name != npmServer {
					return fmt.Errorf("%s on %s: %w", op.name, t.name, err)
				}
				loads[i].Cells[j].Unsupported = unsupported(err)
			}
		}
	}
	samples := map[*Cell][]Cell{}
	for round := range b.Rounds {
		if round > 0 && !unlimited(ctx) && time.Since(b.started) > deadline {
			break
		}
		for i := range loads {
			b.Progress(fmt.Sprintf("round %d/%d %s", round+1, b.Rounds, loads[i].Operation))
			for n := range targets {
				j := (n + round) % len(targets)
				if loads[i].Cells[j].Unsupported != "" {
					continue
				}
				s, err := repeat(ctx, targets[j], run[i], loads[i].Callers, b.Window)
				if err != nil {
					return fmt.Errorf("%s with %d callers on %s: %w", loads[i].Operation, loads[i].Callers, targets[j].name, err)
				}
				samples[&loads[i].Cells[j]] = append(samples[&loads[i].Cells[j]], s)
			}
		}
	}
	for _, l := range loads {
		first := samples[&l.Cells[0]]
		for j := range l.Cells {
			cell := &l.Cells[j]
			list := samples[cell]
			for i := range min(len(list), len(first)) {
				list[i].Relative = float64(first[i].CPU) / float64(max(1, list[i].CPU))
			}
			if len(list) > 0 {
				*cell = medians(list)
			}
		}
	}
	return nil
}

// attemptTimeout bounds the first execution of an operation.
const attemptTimeout = 10 * time.Second

// attempt executes an operation once, to find out whether the server supports it.
func attempt(ctx context.Context, t *target, op operation) error {
	ctx, cancel := withTimeout(ctx, attemptTimeout)
	defer cancel()
	err := op.run(ctx, t, 0, 0)
	if ctx.Err() != nil {
		return fmt.Errorf("no response within %v", attemptTimeout)
	}
	return err
}

// unsupported returns the text that replaces the numbers after an error.
func unsupported(err error) string {
	if status.Code(err) == codes.Unimplemented {
		return "not supported"
	}
	return "not supported: " + err.Error()
}

// repeat lets callers repeat an operation until the window is over, at least once each.
func repeat(ctx context.Context, t *target, op operation, callers int, window time.Duration) (Cell, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	serverBefore, err := t.cpu()
	if err != nil {
		return Cell{}, err
	}
	clientBefore, err := cpuOf("self")
	if err != nil {
		return Cell{}, err
	}
	started := time.Now()
	var done atomic.Int64
	errs := make([]error, callers)
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			for i := 0; i == 0 || time.Since(started) < window; i++ {
				if errs[caller] = op.run(ctx, t, caller, i); errs[caller] != nil {
					cancel()
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	took := time.Since(started)
	if err := firstCause(errs); err != nil {
		return Cell{}, err
	}
	serverAfter, err := t.cpu()
	if err != nil {
		return Cell{}, err
	}
	clientAfter, err := cpuOf("self")
	if err != nil {
		return Cell{}, err
	}
	n := done.Load()
	return Cell{
		PerSecond: float64(n) / took.Seconds(),
		CPU:       (serverAfter - serverBefore) / time.Duration(n), ClientCPU: (clientAfter - clientBefore) / time.Duration(n),
	}, nil
}

// firstCause returns the error that caused the others to be canceled.
func firstCause(errs []error) error {
	var canceled error
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		canceled = errors.Join(canceled, err)
	}
	return canceled
}

// medians returns the median of each number.
func medians(list []Cell) Cell {
	return Cell{
		PerSecond: median(list, func(c Cell) float64 { return c.PerSecond }),
		CPU:       median(list, func(c Cell) time.Duration { return c.CPU }),
		ClientCPU: median(list, func(c Cell) time.Duration { return c.ClientCPU }),
		Relative:  median(list, func(c Cell) float64 { return c.Relative }),
	}
}

// median returns the median of the numbers of a list.
func median[T any, N float64 | int64 | time.Duration](list []T, number func(T) N) N {
	numbers := make([]N, len(list))
	for i, x := range list {
		numbers[i] = number(x)
	}
	slices.Sort(numbers)
	return numbers[len(numbers)/2]
}
