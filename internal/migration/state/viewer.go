package state

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// readTimeout bounds one read of the states.
const readTimeout = 3 * time.Second

// abortGrace is how much longer than its limit a server sees a switch before it takes it back: the tool
// that started it comes first.
const abortGrace = time.Second

// Viewer lets a server decide by views. It reads a new view when the last one has expired, so all callers
// together cost at most one read of three documents in a lease, and every 50 ms during a switch. It acknowledges changes
// of the state, and takes back switches whose tool has died. It is safe for concurrent use.
type Viewer struct {
	store  *Store
	server string // identifies this server
	now    func() time.Time
	log    *slog.Logger
	flight singleflight.Group
	// readTimeout is shorter in tests.
	readTimeout time.Duration

	mu       sync.Mutex
	view     View
	seen     map[Kind]sighting
	aborting bool
	joined   map[Kind]int64 // the epochs of the last view of each kind whose switch this server has joined
	// unacknowledged are states that have to be acknowledged. A goroutine does it while acknowledging is set.
	unacknowledged map[Kind]State
	acknowledging  bool
	writes         writes
}

// sighting is when a viewer first saw an epoch.
type sighting struct {
	epoch int64
	at    time.Time
}

// NewViewer returns a viewer of a store's states. log is required.
func NewViewer(store *Store, log *slog.Logger) *Viewer {
	return &Viewer{
		store: store, server: rand.Text(), now: store.now, log: log, readTimeout: readTimeout,
		seen: map[Kind]sighting{}, joined: map[Kind]int64{}, unacknowledged: map[Kind]State{},
		writes: writes{running: map[int]int{}, ended: make(chan struct{})},
	}
}

// viewTimeout is how long one call of [Viewer.View] tries: a slow connection or a busy machine can make a read take
// longer than the lease, or than readTimeout.
const viewTimeout = 10 * time.Second

// View returns a view that is valid now. If the states cannot be read, it returns an error: a server that
// decided by an older view could read from one side what others already write to the other. A read that has only
// taken too long is repeated.
func (v *Viewer) View(ctx context.Context) (View, error) {
	valid := func(view View) bool { return v.now().Before(view.Expires()) }
	ctx, cancel := context.WithTimeout(ctx, viewTimeout)
	defer cancel()
	for {
		view, err := v.unless(ctx, valid)
		slow := err != nil && ctx.Err() == nil && isDeadline(err)
		if err == nil && valid(view) || err != nil && !slow {
			v.refresh(view)
			return view, err
		}
	}
}

// refresh reads the next view of a switch in the background, so that this server notices soon how it goes on.
func (v *Viewer) refresh(last View) {
	if last.switching() && v.now().Sub(last.readAt) >= poll {
		v.flight.DoChan("", func() (any, error) { return v.read() })
	}
}

// isDeadline reports whether a read has taken too long.
func isDeadline(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || status.Code(err) == codes.DeadlineExceeded
}

// Newer returns a view whose read began after this call, to find out whether a failed write was rejected
// because of a switch. It reads at most once in [SwitchLease].
func (v *Viewer) Newer(ctx context.Context) (View, error) {
	called := v.now()
	newer := func(view View) bool { return view.readAt.After(called) }
	for {
		if last := v.last(); !newer(last) {
			if err := wait(ctx, last.readAt.Add(SwitchLease).Sub(v.now())); err != nil {
				return View{}, err
			}
		}
		if view, err := v.unless(ctx, newer); err != nil || newer(view) {
			return view, err
		}
	}
}

// AwaitRest waits until none of the kinds is being switched, and returns the view that says so.
func (v *Viewer) AwaitRest(ctx context.Context, kinds ...Kind) (View, error) {
	for {
		view, err := v.View(ctx)
		if err != nil {
			return View{}, err
		}
		resting := true
		for _, kind := range kinds {
			resting = resting && view.Of(kind).Resting()
		}
		if resting {
			return view, nil
		}
		if !view.switching() {
			if err := wait(ctx, view.Expires().Sub(v.now())); err != nil {
				return View{}, err
			}
			continue
		}
		if err := wait(ctx, poll); err != nil {
			return View{}, err
		}
		// View reports the error, if the last view is not valid any more.
		_, _ = v.unless(ctx, func(view View) bool { return v.now().Sub(view.readAt) < poll })
	}
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the migration's state: %w", context.Cause(ctx))
	}
}

// last returns the view that was read last, an expired one if there is none.
func (v *Viewer) last() View {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.view
}

// unless returns the last view if it is good enough, and reads another if it is not. Concurrent callers
// share one read.
func (v *Viewer) unless(ctx context.Context, good func(View) bool) (View, error) {
	if last := v.last(); last.states != nil && good(last) {
		return last, nil
	}
	// The first caller may disconnect while others still wait for the result.
	reading := v.flight.DoChan("", func() (any, error) {
		if last := v.last(); last.states != nil && good(last) {
			return last, nil // by a read that has just ended
		}
		return v.read()
	})
	select {
	case <-ctx.Done():
		return View{}, fmt.Errorf("wait for the migration's state: %w", context.Cause(ctx))
	case result := <-reading:
		return result.Val.(View), result.Err
	}
}

// read reads a view. If it is of a switch that this server has not joined, it joins it and reads again: the tool must
// know of every server that decides by a view of the switch.
func (v *Viewer) read() (View, error) {
	ctx, cancel := context.WithTimeout(context.Background(), v.readTimeout)
	defer cancel()
	for {
		view, err := v.store.Read(ctx)
		if err != nil {
			return View{}, err
		}
		unjoined := v.unjoined(view)
		if len(unjoined) == 0 {
			v.keep(ctx, view)
			return view, nil
		}
		for _, s := range unjoined {
			if !s.Resting() {
				s.Epoch-- // writes by an earlier state may be running
			}
			if err := v.store.acknowledge(ctx, v.server, s); err != nil {
				return View{}, err
			}
			v.mu.Lock()
			v.joined[s.Kind] = s.Epoch
			v.mu.Unlock()
		}
	}
}

// unjoined returns the states of switches that this server may not have joined. If there are any, views before this one
// are no longer valid.
func (v *Viewer) unjoined(view View) (unjoined []State) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for kind, s := range view.states {
		joined := v.joined[kind] == s.Epoch || !s.Resting() && v.joined[kind] == s.Epoch-1
		if s.switching() && !joined {
			unjoined = append(unjoined, s)
		}
	}
	if len(unjoined) > 0 {
		v.view = View{}
	}
	return unjoined
}

// acknowledgeAll acknowledges what is unacknowledged until nothing is.
func (v *Viewer) acknowledgeAll() {
	ctx, cancel := context.WithTimeout(context.Background(), abortTimeout)
	defer cancel()
	for {
		v.mu.Lock()
		var next *State
		for kind, s := range v.unacknowledged {
			next = &s
			delete(v.unacknowledged, kind)
			break
		}
		v.acknowledging = next != nil
		before := v.writes.generation
		v.mu.Unlock()
		if next == nil {
			return
		}
		if err := v.awaitWrites(ctx, before); err != nil {
			continue
		}
		if err := v.store.acknowledge(ctx, v.server, *next); err != nil {
			v.log.WarnContext(ctx, "the switch waits for the lease of this server", "error", err.Error())
		}
	}
}

// keep stores a view, acknowledges it, and starts to take back a switch that this viewer has seen for too long.
func (v *Viewer) keep(ctx context.Context, view View) {
	now := v.now()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.view = view
	var stale []State
	for kind, s := range view.states {
		if first, ok := v.seen[kind]; !ok || first.epoch != s.Epoch {
			v.seen[kind] = sighting{s.Epoch, now}
		} else if !s.Resting() && now.Sub(first.at) > s.Limit()+abortGrace {
			stale = append(stale, s)
		}
		if s.switching() && v.joined[kind] != s.Epoch {
			v.joined[kind], v.unacknowledged[kind] = s.Epoch, s
			v.writes.generation++
		}
	}
	if len(v.unacknowledged) > 0 && !v.acknowledging {
		v.acknowledging = true
		go v.acknowledgeAll()
	}
	if len(stale) > 0 && !v.aborting {
		v.aborting = true
		go v.abort(context.WithoutCancel(ctx), stale)
	}
}

// abortTimeout bounds taking switches back.
const abortTimeout = 10 * time.Second

// abort takes switches back. Another server or the tool may be faster; all follow what is stored.
func (v *Viewer) abort(ctx context.Context, stale []State) {
	ctx, cancel := context.WithTimeout(ctx, abortTimeout)
	defer cancel()
	for _, s := range stale {
		switch rested, err := v.store.Abort(ctx, s); {
		case err == nil:
			v.log.WarnContext(ctx, "took back a switch whose tool has not finished it in time", "state", s.String(), "now", rested.String())
		case !errors.Is(err, ErrChanged):
			v.log.ErrorContext(ctx, "cannot take back a switch", "state", s.String(), "error", err.Error())
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.aborting = false
}
