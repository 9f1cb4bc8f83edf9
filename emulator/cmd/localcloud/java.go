package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/firebasejson"
	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/firestore/standalone"
	"heek.kr/heektime/emulator/triggers"
)

// java does what the Firebase CLI asks Java for: it tells a version, and runs the Firestore emulator and the rules of
// Cloud Storage. Other programs, such as the Realtime Database, are Java's own.
// Source: lib/emulator/downloadableEmulators.js and commandUtils.js of firebase-tools 15.34.
func (p *program) java(ctx context.Context, args []string) (code int) {
	var err error
	switch at := slices.Index(args, "-jar"); {
	case slices.Contains(args, "-version"):
		fmt.Fprintln(p.stderr, `localcloud version "21" in the place of Java`) // the CLI wants 21
	case at >= 0 && at+1 < len(args) && args[at+1] == os.Getenv(firestoreBinary):
		err = p.javaFirestore(ctx, args[at+2:])
	case at >= 0 && at+1 < len(args) && args[at+1] == os.Getenv(storageBinary):
		err = (&storageRules{in: p.stdin, out: p.stdout}).serve(ctx)
	default:
		err = p.outerJava(ctx, args)
	}
	return p.exitCode(err)
}

// outerJava runs the Java that is installed, if there is one.
func (p *program) outerJava(ctx context.Context, args []string) error {
	for _, dir := range filepath.SplitList(os.Getenv(outerPath)) {
		path := filepath.Join(dir, "java")
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return p.runWith(ctx, map[string]string{"PATH": os.Getenv(outerPath)}, append([]string{path}, args...))
		}
	}
	return fmt.Errorf("java %v: only Firestore and the rules of Cloud Storage run without Java; install it for the others", args)
}

// javaFlags are the flags of the official Firestore emulator that have an effect here.
type javaFlags struct {
	host, port, rules, seed, project, functions string
	single                                      bool
}

// parseJava reads the flags of the official emulator.
func parseJava(args []string) (f javaFlags, err error) {
	flags := flag.NewFlagSet("firestore", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&f.host, "host", "127.0.0.1", "")
	flags.StringVar(&f.port, "port", "8080", "")
	flags.StringVar(&f.rules, "rules", "", "")
	flags.StringVar(&f.seed, "seed_from_export", "", "")
	flags.StringVar(&f.project, "project_id", "", "")
	flags.StringVar(&f.functions, "functions_emulator", "", "")
	var single string // Java's flags have their values in the next argument, also this one
	flags.StringVar(&single, "single_project_mode", "false", "")
	for _, name := range []string{"websocket_port", "webchannel_port", "database-edition"} {
		flags.String(name, "", "")
	}
	if err := flags.Parse(args); err != nil {
		return f, fmt.Errorf("flags of Firestore: %w", err)
	}
	if f.single, err = strconv.ParseBool(single); err != nil {
		return f, fmt.Errorf("flags of Firestore: --single_project_mode: %w", err)
	}
	return f, nil
}

// javaFirestore runs Firestore with the flags of the official emulator.
func (p *program) javaFirestore(ctx context.Context, args []string) (err error) {
	f, err := parseJava(args)
	if err != nil {
		return err
	}
	cfg, err := p.firestoreConfig(f.rules)
	if err != nil {
		return err
	}
	if f.single {
		cfg.OnlyProject = f.project
	}
	var events *triggers.Server
	if f.functions != "" {
		if events, err = triggers.New(triggers.Config{Clock: cfg.Clock, Project: f.project, Logger: cfg.Logger}); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, events.Close()) }()
		cfg.Follower, cfg.Functions = events, events.FunctionsHandler(f.functions)
	}
	server, err := firestore.New(cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	if events != nil {
		events.Attach(server)
	}
	if f.seed != "" {
		db, err := server.Database(f.project, "(default)")
		if err == nil {
			err = db.ImportManaged(f.seed)
		}
		if err != nil {
			return err
		}
	}
	return standalone.Serve(ctx, server, net.JoinHostPort(f.host, f.port), nil, func(address string) {
		fmt.Fprintln(p.stdout, "Firestore of the local cloud listens on", address)
	})
}

// firestoreConfig returns the configuration with the indexes of the nearest firebase.json, and the rules that the CLI
// names. It names none for several databases, which have those of the firebase.json here.
func (p *program) firestoreConfig(rules string) (firestore.Config, error) {
	logger := slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	file, err := firebasejson.Find("")
	if err != nil {
		return firestore.Config{}, err
	}
	var project emulator.Config
	if err := project.UseProject(file); err != nil {
		return firestore.Config{}, err
	}
	cfg := firestore.Config{
		Clock: clock.New(), Logger: logger, Rules: project.Rules, Indexes: project.Indexes, Databases: project.Databases,
		AllowUnindexed: os.Getenv(unindexed) != "" || file.Indexes == "",
	}
	if rules != "" {
		if cfg.Rules, err = os.ReadFile(rules); err != nil {
			return cfg, fmt.Errorf("read the rules: %w", err)
		}
	}
	return cfg, nil
}
