package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"heek.kr/heektime/cmd/heektime/internal/firebase"
	"heek.kr/heektime/cmd/heektime/internal/rulescheck"
)

// rulesUsage is what the command takes.
const rulesUsage = `usage: heektime rules check [FILE ...]   say what is wrong with rules files (default: those that firebase.json names)
       heektime rules test             try what clients do, and attacks on it, with the project's rules
       heektime rules mutate           weaken each condition in turn: the tests must notice
docs/rules.md explains them`

// rulesCommand is for people who edit security rules.
func rulesCommand(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("rules", flag.ContinueOnError)
	config := flags.String("config", "", "firebase.json `FILE` that names the rules (default: the nearest one in this folder and those above it)")
	flags.Usage = func() {
		fmt.Fprintln(os.Stderr, rulesUsage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	what := flags.Arg(0)
	switch {
	case what == "check":
		return checkRules(*config, flags.Args()[1:])
	case what == "test" && flags.NArg() == 1:
		return testRules(ctx, "^Test(Allowed|Attacks|AccessCalls|Storage|Race|Renames)$")
	case what == "mutate" && flags.NArg() == 1:
		return testRules(ctx, "Mutants$")
	}
	flags.Usage()
	return fmt.Errorf("heektime rules knows check, test and mutate, not %q", strings.Join(flags.Args(), " "))
}

// checkRules checks the files, and all of them even when the first is broken.
func checkRules(config string, files []string) error {
	if len(files) == 0 {
		c, err := firebase.Find(config)
		if err != nil {
			return err
		}
		for _, name := range []string{c.Rules, c.StorageRules} {
			if name != "" {
				files = append(files, name)
			}
		}
		if len(files) == 0 {
			return errors.New("name a rules file: there is no firebase.json that does")
		}
	}
	failures := 0
	for _, name := range files {
		n, err := rulescheck.File(os.Stdout, shortest(name))
		if err != nil {
			return err
		}
		failures += n
	}
	if failures > 0 {
		return errReported
	}
	return nil
}

// shortest is the path from here, when that is shorter.
func shortest(path string) string {
	dir, err := os.Getwd()
	if err != nil {
		return path
	}
	if relative, err := filepath.Rel(dir, path); err == nil && len(relative) < len(path) {
		return relative
	}
	return path
}

func testRules(ctx context.Context, pattern string) error {
	dir, err := source()
	if err != nil {
		return err
	}
	err = rulescheck.Run(ctx, os.Stdout, dir, pattern)
	if errors.Is(err, rulescheck.ErrFailed) {
		return errReported
	}
	return err
}

// source is the folder of HeekTime's source that this folder is in.
func source() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the project: %w", err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		_, err := os.Stat(filepath.Join(dir, rulescheck.Package))
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("find the project: %w", err)
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no folder from %s upwards has %s: run it in HeekTime's source", start, rulescheck.Package)
		}
	}
}
