// Package measure implements heektime bench. It measures the services as they are deployed: compiled
// binaries, each in its own process, against the local cloud. The results are ratios to a baseline
// measured in the same run, so they depend little on the machine.
package measure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"heek.kr/heektime/emulator"
)

// Results are the results of a run.
type Results struct {
	Starts  []Start
	Refresh Refresh
}

// Run builds the services and measures them. shared is the folder with real course lists; if it does
// not exist, Run generates a list. Run calls progress with the name of each step.
func Run(ctx context.Context, shared string, tries int, progress func(string)) (results Results, err error) {
	dir, err := os.MkdirTemp("", "heektime-bench-")
	if err != nil {
		return results, fmt.Errorf("create a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	progress("build")
	if err := buildServices(ctx, dir); err != nil {
		return results, err
	}
	cloud, err := emulator.Open(emulator.Config{Project: project})
	if err != nil {
		return results, err
	}
	defer func() { err = errors.Join(err, cloud.Close()) }()
	file := filepath.Join(dir, "one.yaml")
	const one = "schools: [{id: a, name: a, source: {adapter: sheet}, semesters: [{id: 2026-0900, year: 2026, term: 2학기}]}]\n"
	if err := os.WriteFile(file, []byte(one), 0o600); err != nil {
		return results, fmt.Errorf("write the school file: %w", err)
	}
	env, err := environments(cloud, file, benchURLs)
	if err != nil {
		return results, err
	}
	if results.Starts, err = starts(ctx, dir, env, tries, progress); err != nil {
		return results, err
	}
	results.Refresh, err = refreshes(ctx, dir, shared, tries, progress)
	return results, err
}
