// Command conformance runs the integration tests of Google's Firestore client for Go, unchanged,
// against the Firestore emulator. Each subtest runs in a process of its own, so that one that hangs
// does not affect the others. It prints a line for each and fails when fewer pass than expected.
//
//	go run ./emulator/firestore/conformance
//
// docs/firestore-emulator.md lists the tests that cannot run against an emulator, and why.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

// The subtests of the test parent in the package suite are run.
const (
	suite  = "cloud.google.com/go/firestore"
	parent = "TestIntegration_DefaultDB"
)

// indexes are the index definitions of the suite's own project, inferred from its queries.
//
//go:embed firestore.indexes.json
var indexes []byte

func main() {
	want := flag.Int("want", 47, "how many `tests` must pass")
	only := flag.String("run", "", "run only the subtests whose names match this `regexp`")
	timeout := flag.Duration("timeout", time.Minute, "how long one subtest may take")
	verbose := flag.Bool("v", false, "print the output of failing subtests")
	flag.Parse()
	if err := run(*want, *only, *timeout, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run(want int, only string, timeout time.Duration, verbose bool) error {
	filter, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "firestore-conformance-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "suite.test")
	build := exec.Command("go", "test", "-c", "-o", binary, suite)
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the tests of %s: %w", suite, err)
	}
	names, src, err := subtests()
	if err != nil {
		return err
	}
	key := filepath.Join(dir, "key.json")
	if err := writeKey(key); err != nil {
		return fmt.Errorf("make a service account key: %w", err)
	}
	addr, stop, err := serve()
	if err != nil {
		return err
	}
	defer stop()
	passed, skipped, failed := 0, 0, 0
	for _, name := range names {
		if !filter.MatchString(name) {
			continue
		}
		start := time.Now()
		out, result := runOne(binary, src, addr, key, name, timeout)
		switch result {
		case "pass":
			passed++
		case "skip":
			skipped++
		default:
			failed++
		}
		fmt.Printf("%-4s %-40s %6d ms\n", result, name, time.Since(start).Milliseconds())
		if verbose && result == "fail" {
			fmt.Println(out)
		}
	}
	fmt.Printf("%d passed, %d failed, %d skipped by the suite itself\n", passed, failed, skipped)
	if only != "" && failed > 0 {
		return fmt.Errorf("%d of the selected tests failed", failed)
	}
	if only == "" && passed < want {
		return fmt.Errorf("%d tests passed, want %d", passed, want)
	}
	return nil
}
