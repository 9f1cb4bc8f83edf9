// Command server is the embedded cloud in a process of its own, for the benchmark to measure: its CPU time is the
// emulator's and nobody else's.
//
// It ends when its standard input does, and so never outlives the benchmark. A line "profile FILE" there begins a CPU
// profile, which ends with the process; "collect FILE" gives back all memory that is not needed and makes the file then.
package main

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

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // as the heektime command does
	}
	address := flag.String("firestore", "127.0.0.1:0", "`ADDRESS` that Firestore listens on")
	data := flag.String("data", "", "`DIR` that keeps everything; in memory when empty")
	indexes := flag.String("indexes", "", "`FILE` with the composite indexes, a firestore.indexes.json")
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
			return fmt.Errorf("read indexes: %w", err)
		}
	}
	cloud, err := emulator.Open(cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cloud.Close()) }()
	return obey(bufio.NewScanner(os.Stdin))
}

// obey carries out one line after the other until there are no more.
func obey(lines *bufio.Scanner) error {
	for lines.Scan() {
		word, name, _ := strings.Cut(lines.Text(), " ")
		switch {
		case word == "collect" && name != "":
			debug.FreeOSMemory()
			if err := os.WriteFile(name, nil, 0o600); err != nil {
				return fmt.Errorf("collect: %w", err)
			}
			continue
		case word != "profile" || name == "":
			return fmt.Errorf("unknown line %q: only \"profile FILE\" and \"collect FILE\" are", lines.Text())
		}
		file, err := os.Create(name)
		if err != nil {
			return fmt.Errorf("profile: %w", err)
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return fmt.Errorf("profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	return lines.Err()
}
