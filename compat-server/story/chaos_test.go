package story

import (
	"context"
	"math/rand/v2"
	"syscall"
	"time"

	"heek.kr/heektime/internal/migration/migrationtest/faultproxy"
)

// trouble is one kind of fault that the test injects. It returns when everything works again.
type trouble struct {
	name string
	do   func(*history, *rand.Rand)
}

// troubles returns all kinds.
func troubles() []trouble {
	return []trouble{
		{"kill the tool", func(h *history, _ *rand.Rand) { h.killTool() }},
		{"kill follow", func(h *history, _ *rand.Rand) { h.killFollow() }},
		{"kill an instance", func(h *history, r *rand.Rand) { h.replaceInstance(r) }},
		{"restart PostgreSQL", func(h *history, _ *rand.Rand) { h.restartPostgres(h.postgres.Stop) }},
		{"kill PostgreSQL", func(h *history, _ *rand.Rand) { h.restartPostgres(h.postgres.Kill) }},
		{"break the old server's connections", func(h *history, _ *rand.Rand) { h.breakOldServer() }},
		{"break compat-server's connections to the old server", func(h *history, r *rand.Rand) {
			h.interrupt("compat-server to the old server", h.compatToOld, everyInstance, r, (*faultproxy.Proxy).Break)
		}},
		{"cut compat-server from Firestore", func(h *history, r *rand.Rand) {
			h.interrupt("compat-server to Firestore", h.compatToFirestore, everyInstance, r, (*faultproxy.Proxy).Cut)
		}},
		{"cut the tool from Firestore", func(h *history, r *rand.Rand) {
			h.interrupt("", h.toolToFirestore, nil, r, (*faultproxy.Proxy).Cut)
		}},
		{"cut the tool from PostgreSQL", func(h *history, r *rand.Rand) {
			h.interrupt("", h.toolToPostgres, nil, r, (*faultproxy.Proxy).Cut)
		}},
		{"break the tool's connections to PostgreSQL", func(h *history, r *rand.Rand) {
			h.interrupt("", h.toolToPostgres, nil, r, (*faultproxy.Proxy).Break)
		}},
		{"stall the tool's connections to Firestore", func(h *history, r *rand.Rand) {
			h.interrupt("", h.toolToFirestore, nil, r, (*faultproxy.Proxy).Stall)
		}},
		// A slow or stalled network breaks nothing, so it excuses nothing.
		{"slow compat-server's connections to the old server", func(h *history, r *rand.Rand) {
			h.interrupt("", h.compatToOld, nil, r, slowly(r))
		}},
		{"slow compat-server's connections to Firestore", func(h *history, r *rand.Rand) {
			h.interrupt("", h.compatToFirestore, nil, r, slowly(r))
		}},
		{"slow the old server's connections to PostgreSQL", func(h *history, r *rand.Rand) {
			h.interrupt("", h.oldToPostgres, nil, r, slowly(r))
		}},
		{"stall compat-server's connections to Firestore", func(h *history, r *rand.Rand) {
			h.interrupt("", h.compatToFirestore, nil, r, (*faultproxy.Proxy).Stall)
		}},
		{"stop an instance for a moment", func(h *history, r *rand.Rand) { h.pauseInstance(r) }},
		{"stall compat-server's connections to the old server", func(h *history, r *rand.Rand) {
			h.interrupt("", h.compatToOld, nil, r, (*faultproxy.Proxy).Stall)
		}},
	}
}

func slowly(r *rand.Rand) func(*faultproxy.Proxy) {
	delay := time.Duration(1+r.IntN(10)) * time.Millisecond
	return func(p *faultproxy.Proxy) { p.Slow(delay) }
}

// injectFaults makes trouble until ctx is done, as often as [history.allowFaults] allows.
func (h *history) injectFaults(ctx context.Context, r *rand.Rand) {
	all := troubles()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.allowed:
		}
		h.wait(time.Duration(r.IntN(500)) * time.Millisecond)
		next := all[r.IntN(len(all))]
		h.count("fault: " + next.name)
		next.do(h, r)
	}
}

// allowFaults allows n more faults. More than one command can survive would prove nothing.
func (h *history) allowFaults(n int) {
	for range n {
		select {
		case h.allowed <- struct{}{}:
		default: // earlier ones are still due
		}
	}
}

// interrupt disturbs a link for a moment. what is empty if that excuses nothing.
func (h *history) interrupt(what string, link *faultproxy.Proxy, excuses func(*instance) bool, r *rand.Rand, disturb func(*faultproxy.Proxy)) {
	var f *fault
	if what != "" {
		f = h.faults.begin(what, excuses)
	}
	disturb(link)
	h.wait(time.Duration(r.IntN(300)) * time.Millisecond)
	link.Heal()
	if f != nil {
		h.prove(f)
	}
}

// wait sleeps unless the history has failed.
func (h *history) wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-h.requests.Done():
	}
}

// breakOldServer breaks the old server's connections to its database. It reports errors until it has new
// ones.
func (h *history) breakOldServer() {
	f := h.faults.begin("the old server to PostgreSQL", everyInstance)
	h.oldToPostgres.Break()
	h.old.Reconnect()
	h.prove(f)
}

// restartPostgres stops PostgreSQL in one of two ways and starts it again.
func (h *history) restartPostgres(stop func()) {
	f := h.faults.begin("PostgreSQL restarts", everyInstance)
	stop()
	if err := h.postgres.Start(); err != nil {
		h.fail("%v", err)
		return
	}
	h.old.Reconnect()
	h.prove(f)
}

// replaceInstance starts an instance of compat-server and then kills another, as a crash does. Requests that
// it was handling are excused.
func (h *history) replaceInstance(r *rand.Rand) {
	all := h.balancer.all()
	victim := all[r.IntN(len(all))]
	replacement := h.startInstance()
	if replacement == nil {
		return
	}
	h.balancer.add(replacement)
	victim.doomed.Store(true)
	victim.kill()
	h.balancer.remove(victim)
}

// pauseInstance stops an instance in whatever it is doing and lets it go on a moment later, as a long garbage
// collection or a busy host does. It may have decided something that is no longer true.
func (h *history) pauseInstance(r *rand.Rand) {
	all := h.balancer.all()
	p := all[r.IntN(len(all))].cmd.Process
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		h.fail("%v", err)
		return
	}
	h.wait(time.Duration(r.IntN(1000)) * time.Millisecond)
	if err := p.Signal(syscall.SIGCONT); err != nil {
		h.fail("%v", err)
	}
}

// prove makes requests through each instance until they succeed, and ends the fault: from then on, no
// request may fail because of it.
func (h *history) prove(f *fault) {
	for _, in := range h.balancer.all() {
		for h.requests.Err() == nil && !in.doomed.Load() && !h.probe.succeeds(in) {
			h.wait(10 * time.Millisecond)
		}
	}
	h.faults.finish(f)
}

// probe is a user who only shows that an instance reaches both sides.
type probe struct{ *oldApp }

// succeeds reads and writes through an instance.
func (p *probe) succeeds(in *instance) bool {
	only := &oldApp{w: p.w, r: p.r, http: p.http, username: p.username, passwords: p.passwords, uid: p.uid, through: in, serial: p.serial}
	defer func() { p.serial = only.serial }()
	return only.signIn() == nil && only.me() == nil && only.createTimetable() == nil
}
