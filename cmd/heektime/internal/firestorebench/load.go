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

// Load is one operation with a number of callers.
type Load struct {
	Operation string
	Callers   int
	// Cells are in the order of the servers.
	Cells []Cell
}

// Cell is what one server did.
type Cell struct {
	// PerSecond is how many operations were answered a second, all callers together.
	PerSecond float64
	// CPU is the processor time of the server for one operation.
	CPU time.Duration
	// ClientCPU is that of the client, which is the same for all and bounds PerSecond on a machine that they share.
	ClientCPU time.Duration
	// Unsupported says why there are no numbers.
	Unsupported string
}

// loads measures all operations on all servers, which take turns.
func (b *bench) loads(ctx context.Context, targets []*target) ([]Load, error) {
	var loads []Load
	var run []operation
	for _, op := range b.operations() {
		for _, callers := range b.Callers {
			if op.alone && callers > 1 {
				continue
			}
			loads, run = append(loads, Load{op.name, callers, make([]Cell, len(targets))}), append(run, op)
		}
	}
	return loads, b.rounds(ctx, targets, loads, run, loadsTime)
}

// rounds fills the cells of loads, each of which has its operation in run. But for the first, no round begins that long
// after the run began.
func (b *bench) rounds(ctx context.Context, targets []*target, loads []Load, run []operation, last time.Duration) error {
	for i, op := range run {
		for j, t := range targets {
			if loads[i].Cells[j].Unsupported != "" {
				continue
			}
			if err := attempt(ctx, t, op); err != nil {
				if t.name != theirs {
					return fmt.Errorf("%s: %s: %w", t.name, op.name, err)
				}
				loads[i].Cells[j].Unsupported = unsupported(err)
			}
		}
	}
	samples := map[*Cell][]Cell{}
	for round := range b.Rounds {
		if round > 0 && time.Since(b.began) > last {
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
					return fmt.Errorf("%s: %s with %d callers: %w", targets[j].name, loads[i].Operation, loads[i].Callers, err)
				}
				samples[&loads[i].Cells[j]] = append(samples[&loads[i].Cells[j]], s)
			}
		}
	}
	for cell, list := range samples {
		*cell = medians(list)
	}
	return nil
}

// attemptTime is how long a server may take for an operation that it does for the first time.
const attemptTime = 10 * time.Second

// attempt does an operation before it is measured: does the server have it at all?
func attempt(ctx context.Context, t *target, op operation) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	err := op.run(ctx, t, 0, 0)
	if ctx.Err() != nil {
		return fmt.Errorf("no answer within %v", attemptTime)
	}
	return err
}

// unsupported is what a table says instead of a number.
func unsupported(err error) string {
	if status.Code(err) == codes.Unimplemented {
		return "not supported"
	}
	return "not supported: " + err.Error()
}

// repeat has callers do an operation until the window is over, once at least.
func repeat(ctx context.Context, t *target, op operation, callers int, window time.Duration) (Cell, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server, err := t.cpu()
	if err != nil {
		return Cell{}, err
	}
	client, err := cpuOf("self")
	if err != nil {
		return Cell{}, err
	}
	began := time.Now()
	var done atomic.Int64
	errs := make([]error, callers)
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			for i := 0; i == 0 || time.Since(began) < window; i++ {
				if errs[caller] = op.run(ctx, t, caller, i); errs[caller] != nil {
					cancel()
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	if err := firstReal(errs); err != nil {
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
		CPU:       (serverAfter - server) / time.Duration(n), ClientCPU: (clientAfter - client) / time.Duration(n),
	}, nil
}

// firstReal is the error that made the others give up.
func firstReal(errs []error) error {
	var given error
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		given = errors.Join(given, err)
	}
	return given
}

func medians(list []Cell) Cell {
	return Cell{
		PerSecond: median(list, func(c Cell) float64 { return c.PerSecond }),
		CPU:       median(list, func(c Cell) time.Duration { return c.CPU }),
		ClientCPU: median(list, func(c Cell) time.Duration { return c.ClientCPU }),
	}
}

func median[T any, N float64 | int64 | time.Duration](list []T, number func(T) N) N {
	numbers := make([]N, len(list))
	for i, x := range list {
		numbers[i] = number(x)
	}
	slices.Sort(numbers)
	return numbers[len(numbers)/2]
}
