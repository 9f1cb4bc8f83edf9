package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"slices"

	"heek.kr/heektime/cmd/heektime/internal/firebase"
	"heek.kr/heektime/cmd/heektime/internal/local"
	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/triggers"
	"heek.kr/heektime/internal/environment"
)

// emulatorOptions are the flags of emulator.
type emulatorOptions struct {
	config, data, project, bucket string
	fixtures, export, triggers    string
	unindexed                     bool
}

// runEmulator runs the embedded cloud alone, for other projects: until Ctrl-C, or while a command runs.
func runEmulator(ctx context.Context, args []string) error {
	var o emulatorOptions
	flags := flag.NewFlagSet("emulator", flag.ContinueOnError)
	flags.StringVar(&o.config, "config", "", "firebase.json `FILE` with ports and indexes (default: the nearest one in this folder and those above it)")
	flags.StringVar(&o.data, "data", "", "keep everything in `DIR` across restarts (default: in memory)")
	flags.StringVar(&o.project, "project", local.DefaultProject, "project `ID`")
	flags.StringVar(&o.bucket, "bucket", "", "`NAME` of the bucket that exists from the start (default: the project's id)")
	flags.StringVar(&o.fixtures, "import", "", "read documents from a JSON file or a folder of them, `PATH`, before anybody calls")
	flags.StringVar(&o.export, "export", "", "write all documents to `FILE` when it ends")
	flags.StringVar(&o.triggers, "triggers", "", "call functions when documents change: a JSON `FILE`, see docs/triggers.md")
	flags.BoolVar(&o.unindexed, "allow-unindexed", false, "answer queries that production would ask a composite index for")
	flags.SetOutput(os.Stderr)
	flags.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: heektime emulator [--flags] [-- COMMAND …]; with a command it ends when that does")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.bucket == "" {
		o.bucket = o.project
	}
	return o.run(ctx, flags.Args())
}

func (o *emulatorOptions) run(ctx context.Context, command []string) (err error) {
	config, err := firebase.Find(o.config)
	if err != nil {
		return err
	}
	indexes, err := config.ReadIndexes()
	if err != nil {
		return err
	}
	rules, err := config.ReadRules()
	if err != nil {
		return err
	}
	storageRules, err := config.ReadStorageRules()
	if err != nil {
		return err
	}
	registered, err := o.readTriggers()
	if err != nil {
		return err
	}
	cloud, err := emulator.Open(emulator.Config{
		Project: o.project, Buckets: []string{o.bucket}, DataDir: o.data, Addresses: local.Addresses(config),
		Indexes: indexes, AllowUnindexed: o.unindexed, Rules: rules, StorageRules: storageRules, Hosting: config.Hosting,
		AllowedOrigins: environment.Process().OptionalList("ALLOWED_ORIGINS"),
		Log:            slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return local.Remedy(err, config)
	}
	defer func() { err = errors.Join(err, cloud.Close()) }()
	db, err := cloud.Firestore.Database(o.project, "(default)")
	if err != nil {
		return err
	}
	if err := o.load(db); err != nil {
		return err
	}
	for _, t := range registered { // after the fixtures, which are no news
		if err := cloud.Triggers.Register(t); err != nil {
			return err
		}
	}
	cloud.Triggers.RemoveAbsent() // those that the file had when the data folder was last used
	if len(command) > 0 {
		err = runBeside(ctx, cloud, command)
	} else {
		printEnvironment(cloud, config.Reach())
		<-ctx.Done()
	}
	return errors.Join(err, o.save(db))
}

func (o *emulatorOptions) readTriggers() ([]triggers.Trigger, error) {
	if o.triggers == "" {
		return nil, nil
	}
	text, err := os.ReadFile(o.triggers)
	if err != nil {
		return nil, fmt.Errorf("read the triggers: %w", err)
	}
	list, err := triggers.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.triggers, err)
	}
	return list, nil
}

// load reads the fixtures.
func (o *emulatorOptions) load(db *firestore.Database) error {
	if o.fixtures == "" {
		return nil
	}
	info, err := os.Stat(o.fixtures)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	if info.IsDir() {
		err = db.ImportDir(os.DirFS(o.fixtures))
	} else {
		var f fs.File
		if f, err = os.Open(o.fixtures); err == nil {
			defer f.Close()
			err = db.Import(f)
		}
	}
	if err != nil {
		return fmt.Errorf("import %s: %w", o.fixtures, err)
	}
	return nil
}

// save writes the documents beside the old file first, so that a failure leaves that as it was.
func (o *emulatorOptions) save(db *firestore.Database) error {
	if o.export == "" {
		return nil
	}
	f, err := os.Create(o.export + ".new")
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	err = errors.Join(db.Export(f), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), o.export)
	}
	if err != nil {
		return fmt.Errorf("export to %s: %w", o.export, err)
	}
	return nil
}

// runBeside runs a command that finds the cloud in its environment.
func runBeside(ctx context.Context, cloud *emulator.Cloud, command []string) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = os.Stdin, os.Stdout, os.Stderr, os.Environ()
	for name, value := range cloud.Environment() {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exitCode(max(exit.ExitCode(), 1)) // the command has said why
	}
	if err != nil {
		return fmt.Errorf("run %s: %w", command[0], err)
	}
	return nil
}

// printEnvironment prints what a shell needs for programs to find the cloud.
func printEnvironment(cloud *emulator.Cloud, reach string) {
	env := cloud.Environment()
	for _, name := range slices.Sorted(maps.Keys(env)) {
		fmt.Printf("export %s=%s\n", name, env[name])
	}
	fmt.Fprintln(os.Stderr, "\nlook into it at "+cloud.ConsoleURL())
	fmt.Fprintln(os.Stderr, "open to "+reach+"; running until Ctrl-C; heektime emulator -- COMMAND runs a command beside it")
}
