// Package benchserver runs the local cloud in a process of its own, so that the benchmark can measure its
// CPU time separately. Command server is that process, except in tests, which run their own binary
// instead of compiling one.
//
// The process exits when its standard input is closed, so it never outlives the benchmark. The line "profile FILE"
// on standard input starts a CPU profile, which ends with the process; "collect FILE" returns unused
// memory to the system and then creates the file.
package benchserver

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"strings"

	"heek.kr/heektime/emulator"
)

// Main is the process's main function.
func Main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // as the heektime command does
	}
	address := flag.String("firestore", "127.0.0.1:0", "`ADDRESS` on which Firestore listens")
	data := flag.String("data", "", "`DIR` for the data (default: in memory)")
	indexes := flag.String("indexes", "", "firestore.indexes.json `FILE` with the composite indexes")
	flag.Parse()
	if err := run(*address, *data, *indexes); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

func run(address, data, indexes string) (err error) {
	cfg := emulator.Config{
		DataDir: data, Addresses: emulator.Addresses{Firestore: address},
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	if indexes != "" {
		if cfg.Indexes, err = os.ReadFile(indexes); err != nil {
			return fmt.Errorf("read the indexes: %w", err)
		}
	}
	cloud, err := emulator.Open(cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cloud.Close()) }()
	return runCommands(bufio.NewScanner(os.Stdin))
}

// runCommands executes the commands on lines until standard input is closed.
func runCommands(lines *bufio.Scanner) error {
	for lines.Scan() {
		command, name, _ := strings.Cut(lines.Text(), " ")
		switch {
		case command == "collect" && name != "":
			debug.FreeOSMemory()
			if err := os.WriteFile(name, nil, 0o600); err != nil {
				return fmt.Errorf("create the file of collect: %w", err)
			}
			continue
		case command != "profile" || name == "":
			return fmt.Errorf("unknown command %q: use profile FILE or collect FILE", lines.Text())
		}
		file, err := os.Create(name)
		if err != nil {
			return fmt.Errorf("start the profile: %w", err)
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return fmt.Errorf("start the profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	return lines.Err()
}
