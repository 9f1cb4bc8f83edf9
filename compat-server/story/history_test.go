package story

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"heek.kr/heektime/internal/longtest"
	"heek.kr/heektime/internal/migration/migrationtest/oldserver"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
	"heek.kr/heektime/internal/migration/state"
)

var (
	histories = flag.Int("histories", 0, "how many histories to run (default: 1, with LONG_TESTS 10)")
	until     = flag.String("until", "", "stop after this step, while developing")
	quiet     = flag.Bool("quiet", false, "make no trouble")
	together  = flag.Int("together", 4, "how many of them to run at the same time")
	firstSeed = flag.Uint64("seed", 1, "the seed of the first history")
	apps      = flag.Int("apps", 3, "how many old apps to run in each history, and a third as many new ones")
	pause     = flag.Duration("pause", 150*time.Millisecond, "how long an app waits at most before its next request")
)

// The apps and their model hold against the old server alone.
func TestOldServerAlone(t *testing.T) {
	w := newWorld(t, 1, postgrestest.Shared(t))
	w.balancer.add(&instance{url: "http://" + w.compatToOld.Address()})
	c := w.crowd()
	for i, u := range w.cleanUsers(4) {
		c.addOld(w.oldApp(u, rand.New(rand.NewPCG(1, uint64(i)))))
	}
	c.addNew(w.newApp(newcomer(0), rand.New(rand.NewPCG(2, 0))))
	c.await(200)
	c.leave()
	for _, a := range c.old {
		if err := a.list(); err != nil {
			w.fail("%v", err)
		}
	}
	w.summary()
}

// What a fault excuses is enough for a proxy without any logic, and no more than that.
func TestFaultsWithoutMove(t *testing.T) {
	h := &history{world: newWorld(t, 1, postgrestest.Start(t, nil)), role: "compat"}
	for range 2 {
		if in := h.startInstance(); in != nil {
			h.balancer.add(in)
		}
	}
	users := h.cleanUsers(5)
	h.probe = probe{h.oldApp(users[0], random(1, 0))}
	c := h.crowd()
	for i, u := range users[1:] {
		c.addOld(h.oldApp(u, random(1, i+1)))
	}
	for _, next := range troubles() {
		c.await(20)
		h.count("fault: " + next.name)
		next.do(h, h.r)
	}
	c.await(20)
	c.leave()
	for _, a := range c.old {
		h.check(a.list())
		h.check(h.compareOldSide(a))
	}
	h.summary()
}

// newcomer is the uid of a user who has never had an old account.
func newcomer(n int) string { return fmt.Sprintf("newcomer%020d", n) }

// history is one run of the whole move.
type history struct {
	*world
	role string // of the instances
	// allowed has the faults that are due.
	allowed chan struct{}
	probe   probe

	mu      sync.Mutex
	tool    *process // the command that is running, nil if none
	follow  *process
	started int // instances of compat-server
	holds   holds
}

// tokenKey signs the tokens of compat-server.
const tokenKey = "bm93LW5vdy1ub3ctbm93LW5vdy1ub3ctbm93LW5vdy0="

// compatVariables is the environment of compat-server, without addresses.
func compatVariables() map[string]string {
	return map[string]string{
		"FIREBASE_API_KEY": "any", "END_DATE": "2027-08-31", "TOKEN_KEY": tokenKey, "PASSWORD_ROUNDS": "10",
		"CALLS_PER_USER": "1000000", "CALLS_PER_ADDRESS": "1000000",
	}
}

// startInstance starts an instance of compat-server and waits until it responds. It returns nil if the
// history has failed.
func (h *history) startInstance() *instance {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.fail("%v", err)
		return nil
	}
	address := listener.Addr().String()
	listener.Close()
	_, port, _ := net.SplitHostPort(address)
	variables := h.cloud.Environment()
	maps.Copy(variables, compatVariables())
	maps.Copy(variables, map[string]string{
		"PORT": port, "FIRESTORE_EMULATOR_HOST": h.compatToFirestore.Address(), "PUBLIC_URL": "http://" + address,
		"OLD_SERVER_URL": "http://" + h.compatToOld.Address(), "OLD_TOKEN_KEY": oldserver.Key,
	})
	h.mu.Lock()
	number := h.started
	h.started++
	h.mu.Unlock()
	in := &instance{process: run(h, h.role, nil, variables), number: number, url: "http://" + address}
	for h.requests.Err() == nil {
		if in.ended() {
			h.fail("instance %d ended: %v\n%s", number, in.err, in.output())
			return nil
		}
		response, err := (&oldApp{w: h.world, r: rand.New(rand.NewPCG(0, 0)), http: plainHTTP, through: in}).exchange(in, "GET", "/schools", "", nil)
		if err == nil && response.status == 200 {
			return in
		}
		h.wait(10 * time.Millisecond)
	}
	return nil
}

// command runs a command of the tool until it succeeds. Something may kill it, break its network, or be
// slower than a limit; it must be possible to run it again.
func (h *history) command(args ...string) {
	begin := time.Now()
	h.noteHeldWrites()
	h.allowFaults(h.r.IntN(3))
	undisturbed := 0 // attempts that failed without a fault
	for attempt := 1; h.requests.Err() == nil; attempt++ {
		start := h.faults.moment()
		p := run(h, "tool", args, h.toolVariables())
		h.mu.Lock()
		h.tool = p
		h.mu.Unlock()
		select {
		case <-p.done:
		case <-h.requests.Done(): // the history has failed, and nobody mends the network any more
			p.kill()
		}
		h.mu.Lock()
		h.tool = nil
		h.mu.Unlock()
		h.noteHold(p.output())
		if p.err == nil {
			h.Logf("%s: done in attempt %d, %v", strings.Join(args, " "), attempt, time.Since(begin).Round(time.Millisecond))
			return
		}
		h.count("attempts of " + args[0])
		h.Logf("%s: %v\n%s", strings.Join(args, " "), p.err, tail(p.output()))
		if h.faults.noneSince(start) {
			undisturbed++
		}
		if undisturbed == 30 {
			h.fail("%s fails again and again: %v\n%s", strings.Join(args, " "), p.err, p.output())
		}
	}
}

func (h *history) toolVariables() map[string]string {
	variables := h.cloud.Environment()
	variables["FIRESTORE_EMULATOR_HOST"] = h.toolToFirestore.Address()
	variables["OLD_DATABASE_URL"] = h.through(h.toolToPostgres)
	variables["OLD_SERVER_URL"] = h.old.URL
	return variables
}

func (h *history) killTool() {
	h.mu.Lock()
	p := h.tool
	h.mu.Unlock()
	if p != nil {
		p.kill()
	}
}

func (h *history) killFollow() {
	h.mu.Lock()
	p := h.follow
	h.mu.Unlock()
	if p != nil {
		p.kill()
	}
}

// keepFollowing runs follow, again and again when it ends, until ctx is done.
func (h *history) keepFollowing(ctx context.Context) {
	for ctx.Err() == nil {
		p := run(h, "tool", []string{"follow"}, h.toolVariables())
		h.mu.Lock()
		h.follow = p
		h.mu.Unlock()
		select {
		case <-p.done:
			h.count("runs of follow")
			h.Logf("follow ended: %v\n%s", p.err, tail(p.output()))
		case <-ctx.Done():
			if h.Failed() {
				h.Logf("the end of follow:\n%s", tail(p.output()))
			}
			p.kill()
		}
	}
}

func tail(text string) string { return text[max(0, len(text)-3000):] }

// TestHistories is the whole story, once per seed, each with a PostgreSQL of its own. A history waits half of its time,
// for leases and for faults, so that several run together: two at first, and more once one was quick. On a machine so
// busy that go test's time limit is near, it begins no more of them, and says so.
func TestHistories(t *testing.T) {
	postgrestest.Shared(t) // skips the test without PostgreSQL
	began, last := time.Now(), *firstSeed+numberOfHistories()
	s := &series{slots: make(chan struct{}, *together), reserved: max(*together-2, 0)}
	for range s.reserved {
		s.slots <- struct{}{}
	}
	for seed := *firstSeed; seed < last; seed++ {
		s.slots <- struct{}{}
		if t.Failed() {
			break // the others would only cost time
		}
		if limit, ok := t.Deadline(); ok && time.Until(limit) < time.Minute+2*s.longestSoFar() {
			t.Logf("no time for %d more histories", last-seed)
			break
		}
		s.all.Go(func() {
			began := time.Now()
			ok := t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { tell(t, seed, postgrestest.Start(t, nil)) })
			s.ended(ok, time.Since(began))
		})
	}
	s.all.Wait()
	t.Logf("%d histories passed in %v; the longest took %v", s.passed, time.Since(began).Round(time.Second), s.longest.Round(time.Second))
	allHolds.log(t, "all switches of all histories")
	processor.log(t)
}

// quick is how long a history takes at most on a machine that can run more of them together.
const quick = time.Minute

// series is the histories of a test.
type series struct {
	all   sync.WaitGroup
	slots chan struct{} // has an element for each history that is running or must not begin yet

	mu       sync.Mutex
	reserved int // elements of slots that stand for no history
	passed   int
	longest  time.Duration
}

func (s *series) longestSoFar() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.longest
}

func (s *series) ended(passed bool, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.longest = max(s.longest, took)
	<-s.slots
	if passed {
		s.passed++
	}
	if took < quick {
		for ; s.reserved > 0; s.reserved-- {
			<-s.slots
		}
	}
}

func numberOfHistories() uint64 {
	switch {
	case *histories > 0:
		return uint64(*histories)
	case longtest.Enabled():
		return 10
	}
	return 1
}

// tell runs the history of a seed. It is long because it is the story, in its order.
func tell(t *testing.T, seed uint64, postgres *postgrestest.Server) {
	h := &history{world: newWorld(t, seed, postgres), role: "compat", allowed: make(chan struct{}, 3)}
	h.holds.epochs = map[state.Kind]int64{}
	defer func() {
		h.summary()
		h.holds.log(t, "switches")
		allHolds.merge(&h.holds)
	}()
	h.startFunctions()
	for range 2 {
		if in := h.startInstance(); in != nil {
			h.balancer.add(in)
		}
	}
	users := h.cleanUsers(1 + *apps)
	c := h.crowd()
	h.probe = probe{h.oldApp(users[0], random(seed, 0))}
	for i, u := range users[1:] {
		c.addOld(h.oldApp(u, random(seed, i+1)))
	}
	for i := range max(1, *apps/3) {
		c.addNew(h.newApp(newcomer(i), random(seed, 1000+i)))
	}
	chaos, peace := context.WithCancel(h.requests)
	var faults sync.WaitGroup
	if !*quiet {
		faults.Go(func() { h.injectFaults(chaos, random(seed, 3000)) })
	}
	following, stopFollowing := context.WithCancel(h.requests)
	var follow sync.WaitGroup
	defer follow.Wait()
	defer stopFollowing()

	c.await(20)
	h.command("plan")
	h.command("copy")
	follow.Go(func() { h.keepFollowing(following) })
	c.await(20)
	h.command("verify")
	if *until == "verify" {
		c.leave()
		peace()
		faults.Wait()
		return
	}
	h.command("shadow-reads")
	h.command("switch", "schools")
	h.command("switch", "accounts")
	c.await(20)
	h.command("switch", "timetables")
	for i, u := range users[1:max(2, *apps/3)] {
		c.addNew(h.newApp(u.ID, random(seed, 2000+i)))
	}
	c.await(40)
	h.command("back", "timetables")
	c.await(40)
	if seed%2 == 0 {
		h.command("back", "accounts")
		c.await(40)
		h.command("switch", "accounts")
	}
	h.command("switch", "timetables")
	c.await(40)
	c.leave()
	peace()
	faults.Wait()
	h.compareAll(c)
	stopFollowing()
	follow.Wait()
	if !h.Failed() {
		h.check(h.nothingOrphaned())
		h.command("finish")
		h.check(h.nothingLeft())
	}
}

func random(seed uint64, n int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(n))) }
