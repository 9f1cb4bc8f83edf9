package firestorebench_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/firestorebench"
	"heek.kr/heektime/cmd/heektime/internal/firestorebench/benchserver"
	"heek.kr/heektime/emulator/firestore/standalone"
)

// TestMain runs the embedded server when a test starts this binary as one, so that tests need no
// compiler.
func TestMain(m *testing.M) {
	if os.Getenv(serverVariable) != "" && os.Getenv(aloneVariable) != "" {
		os.Exit(standalone.Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	if os.Getenv(serverVariable) != "" {
		benchserver.Main()
		return
	}
	os.Setenv(serverVariable, "1") // for the processes that tests start
	os.Exit(m.Run())
}

// With aloneVariable, the server is Firestore's own command.
const (
	serverVariable = "FIRESTOREBENCH_TEST_SERVER"
	aloneVariable  = "FIRESTOREBENCH_TEST_ALONE"
)

// small configures a run of the embedded server that takes about a second.
var small = firestorebench.Options{
	Documents: 200, Sizes: []int{40, 200}, Callers: []int{1, 4}, Window: 20 * time.Millisecond, Rounds: 1, Starts: 1, WithoutNPM: true,
	Server: os.Args[0], Unlimited: true,
}

func TestRun(t *testing.T) {
	t.Setenv("FIRESTORE_EMULATOR_HOST", "")
	r, err := firestorebench.Run(t.Context(), small)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Servers) != 2 || len(r.Starts) != 2 || len(r.Growth) != 2 || r.MissingNPM == "" {
		t.Errorf("servers %v, starts %v, growth %v, missing %q", r.Servers, r.Starts, r.Growth, r.MissingNPM)
	}
	for _, s := range r.Starts {
		if s.Took <= 0 || s.Empty <= 0 || s.Filled <= 0 {
			t.Errorf("start: %+v", s)
		}
	}
	if want := 5*2 + 1; len(r.Loads) != want {
		t.Errorf("%d loads, want %d", len(r.Loads), want)
	}
	for _, l := range r.Loads {
		for i, c := range l.Cells {
			if c.PerSecond <= 0 || c.Unsupported != "" {
				t.Errorf("%s by %d on %s: %+v", l.Operation, l.Callers, r.Servers[i], c)
			}
		}
	}
	for i, n := range r.Increments {
		if n.Lost != 0 || n.Failed != 0 || n.Acknowledged != 200 {
			t.Errorf("%s: %+v", r.Servers[i], n)
		}
	}
	for _, f := range r.Features {
		for i, failure := range f.Failures {
			if failure != "" {
				t.Errorf("%s: %s: %s", r.Servers[i], f.Name, failure)
			}
		}
	}
	var text strings.Builder
	r.Print(&text)
	for _, want := range []string{"was not measured: excluded by --without-npm", "set, 4 callers", "200 documents", "increments lost, embedded, --data"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("missing %q in:\n%s", want, text.String())
		}
	}
}

func TestProfile(t *testing.T) {
	t.Setenv("FIRESTORE_EMULATOR_HOST", "")
	o := small
	o.ProfileDir = t.TempDir()
	if _, err := firestorebench.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"nothing", "set", "get", "query", "transaction", "read-all"} {
		info, err := os.Stat(filepath.Join(o.ProfileDir, name+".pprof"))
		if err != nil || info.Size() == 0 {
			t.Errorf("profile of %s: %v, %v", name, info, err)
		}
	}
}

func TestRunRejectsEmulatorHost(t *testing.T) {
	t.Setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
	if _, err := firestorebench.Run(t.Context(), small); err == nil || !strings.Contains(err.Error(), "FIRESTORE_EMULATOR_HOST") {
		t.Error(err)
	}
}

func TestGoals(t *testing.T) {
	cell := func(perSecond float64, cpu time.Duration) firestorebench.Cell {
		return firestorebench.Cell{PerSecond: perSecond, CPU: cpu}
	}
	r := firestorebench.Results{
		Servers: []string{"embedded", "embedded, --data", "npm"},
		Starts:  []firestorebench.Start{{Took: 31 * time.Millisecond, Empty: 39e6}, {}, {}},
		Loads: []firestorebench.Load{
			{Operation: "set", Callers: 32, Cells: []firestorebench.Cell{cell(200, 20), cell(1, 1), cell(100, 100)}},
			{Operation: "get", Callers: 32, Cells: []firestorebench.Cell{cell(199, 21), cell(1, 1), cell(100, 100)}},
			{Operation: "read all", Callers: 1, Cells: []firestorebench.Cell{cell(1, 1), cell(1, 1), {Unsupported: "not supported"}}},
		},
		Growth:     []firestorebench.Growth{{Documents: 10, Cells: []firestorebench.Cell{cell(100, 1)}}, {Documents: 20, Cells: []firestorebench.Cell{cell(50, 1)}}},
		Increments: []firestorebench.Increments{{Acknowledged: 200}, {Acknowledged: 200, Lost: 1}, {Acknowledged: 200, Lost: 100}},
	}
	want := map[string]bool{
		"start to first response": false, "memory when empty": true,
		"CPU of set, 32 callers, embedded / npm": true, "throughput of set, 32 callers": true,
		"CPU of get, 32 callers, embedded / npm": false, "throughput of get, 32 callers": false,
		"query of 20 against 10 documents": false,
		"increments lost, embedded":        true, "increments lost, embedded, --data": false,
	}
	goals := r.Goals()
	if len(goals) != len(want) {
		t.Errorf("%d goals, want %d: %+v", len(goals), len(want), goals)
	}
	for _, g := range goals {
		if met, ok := want[g.What]; !ok || met != g.Met {
			t.Errorf("%+v, want met = %v (expected goal: %v)", g, met, ok)
		}
	}
}
