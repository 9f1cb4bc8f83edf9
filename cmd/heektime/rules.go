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

const rulesUsage = `usage: heektime rules [flags] check [FILE ...]
       heektime rules test
       heektime rules mutate

  check    report errors and warnings in rules files (default: those of firebase.json)
  test     test the project's rules against what clients do and against attacks
  mutate   weaken each condition in turn and verify that a test fails (slow)

docs/rules.md explains them. The flags of check:`

// rulesCommand checks and tests security rules.
func rulesCommand(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("rules", flag.ContinueOnError)
	config := flags.String("config", "", "firebase.json `FILE` (default: in this folder or a parent)")
	quietly(flags)
	if err := flags.Parse(args); err != nil {
		return explainFlags(flags, rulesUsage, err)
	}
	action := flags.Arg(0)
	switch {
	case action == "check":
		return checkRules(*config, flags.Args()[1:])
	case action == "test" && flags.NArg() == 1:
		return testRules(ctx, "^Test(Allowed|Attacks|AccessCalls|Storage|Race|Renames)$")
	case action == "mutate" && flags.NArg() == 1:
		return testRules(ctx, "Mutants$")
	}
	err := fmt.Errorf("unknown action %q: use check, test or mutate", strings.Join(flags.Args(), " "))
	if flags.NArg() == 0 {
		err = errors.New("missing action: use check, test or mutate")
	}
	return explainFlags(flags, rulesUsage, err)
}

// checkRules checks all files, even if the first has errors.
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
			return errors.New("name a rules file: no firebase.json names one")
		}
	}
	failures := 0
	for _, name := range files {
		n, err := rulescheck.File(os.Stdout, shorterPath(name))
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

// shorterPath returns path relative to the working directory, if that is shorter.
func shorterPath(path string) string {
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
	dir, err := repository()
	if err != nil {
		return err
	}
	err = rulescheck.Run(ctx, os.Stdout, dir, pattern)
	if errors.Is(err, rulescheck.ErrFailed) {
		return errReported
	}
	return err
}

// repository returns the root of HeekTime's repository, which contains the working directory.
func repository() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		_, err := os.Stat(filepath.Join(dir, rulescheck.Package))
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("find the repository: %w", err)
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is not in a folder at or above %s: run heektime rules inside the repository", rulescheck.Package, start)
		}
	}
}
