package main

import (
	"context"
	"encoding/json"
	"flag"
	"maps"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/scheduler/apiv1/schedulerpb"

	"heek.kr/heektime/cmd/heektime/internal/actions"
	"heek.kr/heektime/cmd/heektime/internal/demo"
	"heek.kr/heektime/cmd/heektime/internal/local"
	"heek.kr/heektime/cmd/heektime/internal/operator"
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/sdktest"
	"heek.kr/heektime/internal/pushtask"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/schema"
)

var update = flag.Bool("update", false, "measure what actions cost, and write internal/actions/counts.json and docs/cost.md")

const (
	// hangTimeout bounds each wait. It is so long that exceeding it means a hang, however busy the machine
	// is.
	hangTimeout = 5 * time.Minute
	// countTimeout is how long the meter may take to count what a request has cost: services and Cloud
	// Storage count when the response is sent.
	countTimeout = 20 * time.Second
	// quietTime is how long nothing must be counted for an action to be over, when it is measured for the
	// table.
	quietTime = time.Second
	pollTime  = 5 * time.Millisecond
)

// actionWorld is a local cloud with all services, in which clients play the actions of the table.
type actionWorld struct {
	*privilegeWorld
	t     *testing.T
	node  *sdktest.Node
	auth  *httptest.Server // passes the client's requests to Authentication, and counts them
	calls atomic.Int64
	table map[string]actions.Counts
	// played are the counts of the actions that were played.
	played map[string]actions.Counts
}

// actionSchools is a school file without schedules: lists are refreshed only when the test says so.
const actionSchools = `
schools:
  - id: 데모대학교-서울
    name: 데모대학교
    legacyId: demo_univ_seoul
    source: {adapter: korea, options: {url: "${` + demo.URLVariable + `}"}}
    periods:
      - {period: 1, timeBegin: "09:00", timeEnd: "10:15"}
      - {period: 2, timeBegin: "10:25", timeEnd: "11:40"}
      - {period: 3, timeBegin: "11:50", timeEnd: "13:05"}
      - {period: 4, timeBegin: "13:15", timeEnd: "14:30"}
      - {period: 5, timeBegin: "14:40", timeEnd: "15:55"}
      - {period: 6, timeBegin: "16:05", timeEnd: "17:20"}
      - {period: 7, timeBegin: "17:30", timeEnd: "18:20"}
      - {period: 8, timeBegin: "18:30", timeEnd: "19:20"}
      - {period: 9, timeBegin: "19:30", timeEnd: "20:20"}
    semesters:
      - {id: 2026-1200, year: 2026, term: 겨울학기, status: normal}
      - {id: 2026-0900, year: 2026, term: 2학기, status: normal}
`

func newActionWorld(t *testing.T) *actionWorld {
	t.Helper()
	nodes := sdktest.OpenNodes(t, "v12", "testdata/actions.mjs")
	w := &actionWorld{
		t: t, node: nodes.Reuse(t), table: map[string]actions.Counts{}, played: map[string]actions.Counts{},
		privilegeWorld: startPrivilegeWorld(t, demo.NewUniversity(1, actions.ListLength), actionSchools),
	}
	all, err := actions.All()
	w.check(err)
	for _, a := range all {
		w.table[a.ID] = a.Counts
	}
	w.pauseJobs()
	target := &url.URL{Scheme: "http", Host: w.Cloud.AuthAddress()}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		w.calls.Add(1)
	}}
	w.auth = httptest.NewServer(proxy)
	t.Cleanup(w.auth.Close)
	return w
}

// pauseJobs pauses the scheduler's jobs, so that they run only when the test says so.
func (w *actionWorld) pauseJobs() {
	w.t.Helper()
	client, err := local.Scheduler(w.t.Context())
	w.check(err)
	defer client.Close()
	for _, job := range w.Cloud.Scheduler.Jobs() {
		_, err := client.PauseJob(w.t.Context(), &schedulerpb.PauseJobRequest{Name: job.Job.Name})
		w.check(err)
	}
}

func (w *actionWorld) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// hosts are the addresses for the JavaScript clients.
func (w *actionWorld) hosts() map[string]any {
	return map[string]any{"project": w.config.Project, "hosts": map[string]string{
		"auth": w.auth.Listener.Addr().String(), "firestore": w.Cloud.FirestoreAddress(), "storage": w.Cloud.StorageAddress(),
	}}
}

// js calls a function of actions.mjs.
func (w *actionWorld) js(function string, args ...any) {
	w.t.Helper()
	w.ask(nil, function, args...)
}

// ask is like js and stores the function's result.
func (w *actionWorld) ask(result any, function string, args ...any) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), hangTimeout)
	defer cancel()
	w.check(w.node.Call(ctx, function, result, args...))
}

// http calls a service, as a client in its network.
func (w *actionWorld) http(method, url, token string, body, result any) {
	w.t.Helper()
	w.check(w.call(w.t.Context(), method, url, token, body, result))
}

// runJob runs a scheduled job now, and waits for what it causes.
func (w *actionWorld) runJob(id string) {
	w.t.Helper()
	client, err := local.Scheduler(w.t.Context())
	w.check(err)
	defer client.Close()
	_, err = client.RunJob(w.t.Context(), &schedulerpb.RunJobRequest{Name: local.Table().JobName(w.config.Project, id)})
	w.check(err)
	w.idle()
}

// idle waits until tasks, jobs and events are done.
func (w *actionWorld) idle() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), hangTimeout)
	defer cancel()
	w.check(w.Cloud.Idle(ctx))
}

// pass closes the app on a device, and lets time pass.
func (w *actionWorld) pass(device string, minutes int) {
	w.t.Helper()
	w.js("close", device, minutes)
	ctx, cancel := context.WithTimeout(w.t.Context(), hangTimeout)
	defer cancel()
	w.check(w.Cloud.Advance(ctx, time.Duration(minutes)*time.Minute))
}

// moment is what was counted until a moment.
type moment struct {
	usage       billing.Usage
	rules, auth int64
}

func (w *actionWorld) now() moment {
	return moment{w.Cloud.Usage(), int64(w.Cloud.Firestore.RulesReads(w.config.Project)), w.calls.Load()}
}

// since returns what was counted since a moment.
func (w *actionWorld) since(before moment) actions.Counts {
	now := w.now()
	u := billing.Between(before.usage, now.usage)
	return actions.Counts{
		Reads: u.Amount(billing.FirestoreReads), RulesReads: now.rules - before.rules,
		Writes: u.Amount(billing.FirestoreWrites), Deletes: u.Amount(billing.FirestoreDeletes),
		ClassA: u.Amount(billing.StorageClassA), ClassB: u.Amount(billing.StorageClassB),
		Run: u.Amount(billing.RunRequests), Auth: now.auth - before.auth,
		Tasks: u.Amount(billing.TasksOperations), Events: u.Amount(billing.EventarcEvents),
		FirestoreBytes: u.Amount(billing.FirestoreEgress), StorageBytes: u.Amount(billing.StorageEgress), RunBytes: u.Amount(billing.RunEgress), TransferBytes: u.Amount(billing.StorageTransfer),
	}
}

// play performs an action of the table and compares what it costs with the table. With -update, it notes the
// costs instead.
func (w *actionWorld) play(id string, do func()) {
	w.t.Helper()
	want, known := w.table[id]
	if !known {
		w.t.Fatalf("the table has no action %q", id)
	}
	before := w.now()
	do()
	w.idle()
	if *update {
		got := rounded(w.settled(before))
		if last, again := w.played[id]; again && !fits(got, last) {
			w.t.Errorf("%s costs\n     %s\nand before\n     %s", id, text(got), text(last))
		}
		w.played[id] = got
		return
	}
	got := w.since(before)
	for deadline := time.Now().Add(countTimeout); !fits(got, want) && time.Now().Before(deadline); got = w.since(before) {
		time.Sleep(pollTime)
	}
	if !fits(got, want) {
		w.t.Errorf("%s costs\n     %s\nbut the table says\n     %s\nIf that is right: go test ./cmd/heektime -run TestBudgets -update", id, text(got), text(want))
	}
	w.played[id] = got
}

// later lets so much time pass that the function that handles events of lectures looks for the user's devices again.
func (w *actionWorld) later() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), hangTimeout)
	defer cancel()
	w.check(w.Cloud.Advance(ctx, pushtask.FollowAgain))
}

// prepare does what is no action, and waits until so many requests to services were counted.
func (w *actionWorld) prepare(run int64, do func()) {
	w.t.Helper()
	before := w.now()
	do()
	w.idle()
	for deadline := time.Now().Add(hangTimeout); w.since(before).Run < run; time.Sleep(pollTime) {
		if time.Now().After(deadline) {
			w.t.Fatalf("the meter did not count %d requests: %s", run, text(w.since(before)))
		}
	}
	if *update {
		w.settled(before)
	}
}

// settled waits until nothing is counted any more.
func (w *actionWorld) settled(before moment) actions.Counts {
	got := w.since(before)
	for changed := time.Now(); time.Since(changed) < quietTime; time.Sleep(pollTime) {
		if now := w.since(before); now != got {
			got, changed = now, time.Now()
		}
	}
	return got
}

// fits reports whether an action costs what the table says. Bytes depend on the lengths of random IDs and on
// how a listener's messages are batched.
func fits(got, want actions.Counts) bool {
	for _, b := range [][2]*int64{
		{&got.FirestoreBytes, &want.FirestoreBytes}, {&got.StorageBytes, &want.StorageBytes}, {&got.RunBytes, &want.RunBytes}, {&got.TransferBytes, &want.TransferBytes},
	} {
		if *b[0] > *b[1]*5/4+noise || *b[0] < *b[1]*3/5-noise {
			return false
		}
		*b[0] = *b[1]
	}
	return got == want
}

// noise is how many bytes are not worth a row in the table: listeners receive some while nothing happens.
const noise = 300

// rounded rounds bytes up to two digits, and a few to none.
func rounded(c actions.Counts) actions.Counts {
	for _, b := range []*int64{&c.FirestoreBytes, &c.StorageBytes, &c.RunBytes, &c.TransferBytes} {
		if *b < noise {
			*b = 0
		}
		unit := int64(1)
		for *b/unit >= 100 {
			unit *= 10
		}
		*b = (*b + unit - 1) / unit * unit
	}
	return c
}

func text(c actions.Counts) string {
	out, err := json.Marshal(c)
	if err != nil {
		return err.Error()
	}
	return string(out)
}

// refreshed refreshes a semester's list, as an operator does.
func (w *actionWorld) refreshed(semester schema.SemesterID) {
	w.t.Helper()
	task, err := operator.NewTask(demoSchool, string(semester), false, time.Now())
	w.check(err)
	_, err = w.Queue.Enqueue(w.t.Context(), task)
	w.check(err)
	w.idle()
}

// published fails the test unless the last refresh of a semester ended well.
func (w *actionWorld) published(semester schema.SemesterID, want refresh.Outcome) {
	w.t.Helper()
	record, err := refresh.ReadRecord(w.t.Context(), w.fs, demoSchool, semester)
	w.check(err)
	if last := record.LastRun; last.Outcome != want {
		w.t.Fatalf("the refresh of %s is %s, want %s: %s", semester, last.Outcome, want, last.Reason)
	}
}

// unplayed returns the actions of the table that were not played.
func (w *actionWorld) unplayed() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(w.table)), func(id string) bool { _, ok := w.played[id]; return ok })
}
