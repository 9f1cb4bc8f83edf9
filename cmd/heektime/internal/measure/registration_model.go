package measure

import (
	"cmp"
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/runmodel"
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/gcp"
)

// Call is the CPU time that a service takes for a kind of call.
type Call struct {
	Service, Name string
	// CPU is that of the fastest of several rounds: other work on the machine makes the caches cold.
	CPU time.Duration
	// Requests is how many requests a call is, Waits how many calls to Firestore or Authentication they make, one
	// after another.
	Requests, Waits int
}

// The kinds of calls, with the names in the report.
const (
	callLogin    = "sign in"
	callFirst    = "first sign-in of an old account"
	callOldOpen  = "an old app opens (3 requests)"
	callOldWrite = "an old app adds a lecture"
)

// oldRounds is the work of the dearest old hashes: PASSWORD_ROUNDS of the auth service.
const oldRounds = 260_000

// measureCalls measures the CPU time of each kind of call, by several callers, in rounds.
func (p *campus) measureCalls(ctx context.Context) ([]Call, error) {
	emails, err := p.oldAccounts(ctx, 3*4)
	if err != nil {
		return nil, err
	}
	var first atomic.Int64
	auth, compat := p.services.auth, p.services.compat
	calls := []Call{}
	for _, kind := range []struct {
		service *process
		Call
		rounds, calls int
		do            func(i int) error
	}{
		{auth, Call{"auth", callLogin, 0, 1, 4}, 5, 60, func(i int) error { return p.signIn(ctx, p.pool[i%len(p.pool)]) }},
		{auth, Call{"auth", callFirst, 0, 1, 6}, 3, 4, func(int) error {
			return p.signIn(ctx, &poolAccount{email: emails[first.Add(1)-1]})
		}},
		{compat, Call{compatServer, callOldOpen, 0, 3, 4}, 5, 60, func(i int) error { return p.oldCalls(ctx, p.pool[i%len(p.pool)]) }},
		{compat, Call{compatServer, callOldWrite, 0, 1, 2}, 5, 60, func(i int) error { return p.addOld(ctx, p.pool[i%len(p.pool)], i) }},
	} {
		var rounds []time.Duration
		for range kind.rounds {
			before, err := cpuOf(kind.service.cmd.Process.Pid)
			if err != nil {
				return nil, err
			}
			if err := inParallel(kind.calls, kind.do); err != nil {
				return nil, fmt.Errorf("%s: %w", kind.Name, err)
			}
			after, err := cpuOf(kind.service.cmd.Process.Pid)
			if err != nil {
				return nil, err
			}
			rounds = append(rounds, (after-before)/time.Duration(kind.calls))
		}
		kind.CPU = slices.Min(rounds)
		calls = append(calls, kind.Call)
	}
	return calls, nil
}

// inParallel calls do for 0 to n-1, by four callers.
func inParallel(n int, do func(i int) error) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for caller := range errs {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && errs[caller] == nil; i = int(next.Add(1)) - 1 {
				errs[caller] = do(i)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// oldAccounts creates accounts of the old system, whose hashes the first sign-in checks.
func (p *campus) oldAccounts(ctx context.Context, n int) (emails []string, err error) {
	db, err := gcp.Firestore(ctx, project, gcp.DefaultDatabase)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	sum, err := pbkdf2.Key(sha256.New, minutePassword, []byte("salt"), oldRounds, 32)
	if err != nil {
		return nil, fmt.Errorf("hash a password: %w", err)
	}
	for i := range n {
		email := fmt.Sprintf("old%04d@user.heektime.heek.kr", i)
		c := credential.Credential{Email: email, UID: fmt.Sprintf("old-%04d", i), Hash: fmt.Sprintf("pbkdf2:sha256:%d$salt$%s", oldRounds, hex.EncodeToString(sum))}
		if err := credential.Add(ctx, db, c); err != nil {
			return nil, err
		}
		emails = append(emails, email)
	}
	return emails, nil
}

// batch is calls to a service in the minute.
type batch struct {
	list   []runmodel.Request
	billed int64 // HTTP requests: a call can be several
}

// scenario says which calls students make to a service.
type scenario struct {
	service, name string
	calls         func() batch
}

// modelOf returns the model of a service, whose process takes so long to start.
func modelOf(o RegistrationOptions, name string, start time.Duration) (runmodel.Service, error) {
	s, ok := deployment.Table().Service(name)
	if !ok {
		return runmodel.Service{}, fmt.Errorf("the deployment has no service %s", name)
	}
	return runmodel.Service{
		MilliCPU: s.MilliCPU, MemoryMiB: s.MemoryMiB, Concurrency: cmp.Or(s.Concurrency, 80), MaxInstances: s.MaxInstances, Start: o.PlatformStart + start,
	}, nil
}

// The names of the scenarios.
var (
	someSignIn  = fmt.Sprintf("%.0f %% sign in", 100*signInShare)
	someFirst   = fmt.Sprintf("%.0f %% sign in for the first time since the move", 100*signInShare)
	someOldApps = fmt.Sprintf("%.0f %% have old apps", 100*oldShare)
	allSignIn   = "everybody signs in"
	allFirst    = "everybody signs in for the first time since the move"
	allOldApps  = "everybody has an old app"
)

// scenarios are the calls to each service that apps call, as planned and at its worst. It is long because of its
// table.
func scenarios(o RegistrationOptions, visits []visit, calls []Call) []scenario {
	call := func(name string) Call {
		return calls[slices.IndexFunc(calls, func(c Call) bool { return c.Name == name })]
	}
	scale := func(d time.Duration) time.Duration {
		return time.Duration(float64(d) * float64(time.Minute) / float64(o.Minute))
	}
	requests := func(kind string, at func(v visit) (time.Duration, bool)) (b batch) {
		c, random := call(kind), rand.New(rand.NewPCG(o.Seed, 2))
		for _, v := range visits {
			if t, ok := at(v); ok {
				b.billed += int64(c.Requests)
				b.list = append(b.list, runmodel.Request{At: scale(t) + time.Duration(random.Int64N(1e6)), CPU: c.CPU, Wait: time.Duration(c.Waits) * o.BackendCall})
			}
		}
		return b
	}
	both := func(a, b batch) batch { return batch{slices.Concat(a.list, b.list), a.billed + b.billed} }
	opens := func(is func(visit) bool) func(visit) (time.Duration, bool) {
		return func(v visit) (time.Duration, bool) { return v.at, is(v) }
	}
	writes := func(is func(visit) bool) func(visit) (time.Duration, bool) {
		return func(v visit) (time.Duration, bool) { return v.at + v.writes, v.writes > 0 && is(v) }
	}
	all, old := func(visit) bool { return true }, func(v visit) bool { return v.old }
	return []scenario{
		{"auth", someSignIn, func() batch { return requests(callLogin, opens(func(v visit) bool { return v.signsIn })) }},
		{"auth", allSignIn, func() batch { return requests(callLogin, opens(all)) }},
		{"auth", someFirst, func() batch { return requests(callFirst, opens(func(v visit) bool { return v.signsIn })) }},
		{"auth", allFirst, func() batch { return requests(callFirst, opens(all)) }},
		{compatServer, someOldApps, func() batch { return both(requests(callOldOpen, opens(old)), requests(callOldWrite, writes(old))) }},
		{compatServer, allOldApps, func() batch { return both(requests(callOldOpen, opens(all)), requests(callOldWrite, writes(all))) }},
	}
}

// modelServices plays the minute against the model of each service that apps call.
func modelServices(o RegistrationOptions, visits []visit, calls []Call, starts map[string]time.Duration) (list []ServiceMinute, err error) {
	for _, c := range scenarios(o, visits, calls) {
		m, err := modelOf(o, c.service, starts[c.service])
		if err != nil {
			return nil, err
		}
		calls := c.calls()
		r := m.Play(calls.list)
		meter := billing.NewMeter(clock.New())
		meter.Add(billing.RunRequests, billing.Cause{Service: c.service}, calls.billed)
		meter.Add(billing.RunCPU, billing.Cause{Service: c.service}, r.Billed.Milliseconds()*int64(m.MilliCPU)/1000)
		meter.Add(billing.RunMemory, billing.Cause{Service: c.service}, r.Billed.Milliseconds()*int64(m.MemoryMiB))
		list = append(list, ServiceMinute{c.service, c.name, m.MaxInstances, m.Start, r, meter.Usage()})
	}
	return list, nil
}
