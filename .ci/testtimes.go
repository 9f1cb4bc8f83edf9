// Command testtimes prints what the time of a test run goes into, from the file that
// go test -debug-actiongraph=FILE writes:
//
//	go test -debug-actiongraph=graph.json ./...
//	go run .ci/testtimes.go graph.json
//
// Compiling, vetting and linking are in seconds of processor time, which other work on the machine hardly
// changes. Tests are in seconds from start to end, because the graph has no processor time for them.
package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"
)

// action is a step of a run.
type action struct {
	Mode, Package       string
	CmdUser, CmdSys     time.Duration
	TimeStart, TimeDone time.Time
}

// took is zero for what came from Go's cache.
func (a action) took() time.Duration {
	if a.Mode == "test run" {
		return a.TimeDone.Sub(a.TimeStart)
	}
	return a.CmdUser + a.CmdSys
}

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: go run .ci/testtimes.go GRAPH"))
	}
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		fail(err)
	}
	var graph []action
	if err := json.Unmarshal(text, &graph); err != nil {
		fail(fmt.Errorf("decode %s: %w", os.Args[1], err))
	}
	for _, mode := range []string{"build", "vet", "link", "test run"} {
		report(mode, graph)
	}
}

// report prints the sum of a mode's steps and the longest ones.
func report(mode string, graph []action) {
	const longest = 15
	var steps []action
	var sum time.Duration
	for _, a := range graph {
		if a.Mode == mode && a.took() > 0 {
			steps = append(steps, a)
			sum += a.took()
		}
	}
	slices.SortFunc(steps, func(a, b action) int { return cmp.Compare(b.took(), a.took()) })
	fmt.Printf("%-9s %5d steps %8.1f s\n", mode, len(steps), sum.Seconds())
	for _, a := range steps[:min(longest, len(steps))] {
		fmt.Printf("%26.1f s  %s\n", a.took().Seconds(), a.Package)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "testtimes:", err)
	os.Exit(1)
}
