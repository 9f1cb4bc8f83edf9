// Command localcloud runs a local cloud: Firestore with triggers, Firebase Authentication, Cloud
// Storage, Firebase Hosting, Cloud Messaging, Cloud Tasks and Cloud Scheduler, in one process, until
// Ctrl-C or while a command runs.
//
//	localcloud                  prints the environment variables that programs need to find it
//	localcloud -- npm test      runs a command with these variables, and ends when it does
//	localcloud exec -- firebase emulators:start
//	                            runs the Firebase CLI without Java: see exec.go
//
// It reads the rules, indexes, web app and ports of the nearest firebase.json. localcloud --help
// lists the flags.
//
// The exit code is the command's own; 1 if the cloud or the command could not be started, if data
// could not be read or written, or if a signal ended the command; 2 if the flags make no sense.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/firebasejson"
	"heek.kr/heektime/emulator/internal/version"
)

func main() {
	// The cloud makes much garbage and holds little: let it grow to four times of what is alive,
	// unless GOGC says otherwise.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := &program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	var code int
	if isJava(os.Args[0]) {
		code = p.java(ctx, os.Args[1:])
	} else {
		code = p.main(ctx, os.Args[1:])
	}
	stop()
	os.Exit(code)
}

// program is one run of the command.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer

	config, project, bucket, data, origins string
	host, only                             string
	importPath, exportPath, triggers       string
	exportDir                              exportDir
	prices                                 string
	unindexed, signedTokens, version       bool
	functions                              map[string]string // URLs by name
}

// The exit codes that are not the command's own.
const (
	exitFailure = 1
	exitUsage   = 2
)

// commandError says that the command failed. It has printed why.
type commandError struct{ code int }

func (e commandError) Error() string {
	return fmt.Sprintf("the command ended with exit code %d", e.code)
}

func (p *program) main(ctx context.Context, args []string) (code int) {
	if len(args) > 0 && args[0] == "exec" {
		return p.exec(ctx, args[1:])
	}
	flags := p.flags()
	if err := flags.Parse(joinExportDir(args)); errors.Is(err, flag.ErrHelp) {
		p.help(flags, p.stdout)
		return 0
	} else if err != nil {
		fmt.Fprintln(p.stderr, "localcloud:", err)
		fmt.Fprintln(p.stderr, "localcloud --help lists the flags")
		return exitUsage
	}
	if p.version {
		fmt.Fprintln(p.stdout, version.Of("localcloud"))
		return 0
	}
	return p.exitCode(p.run(ctx, flags.Args()))
}

// exitCode prints an error, if it is not a command's own, and returns the exit code for it.
func (p *program) exitCode(err error) int {
	var command commandError
	if errors.As(err, &command) {
		return command.code
	}
	if err != nil {
		fmt.Fprintln(p.stderr, "localcloud:", err)
		return exitFailure
	}
	return 0
}

func (p *program) flags() *flag.FlagSet {
	flags := flag.NewFlagSet("localcloud", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // main prints errors and help
	flags.StringVar(&p.config, "config", "", "`firebase.json` or its folder (default: the nearest one in this folder and those above it)")
	flags.StringVar(&p.project, "project", "", "project `ID`, or its alias in .firebaserc (default: the alias default, or "+emulator.DefaultProject+")")
	flags.StringVar(&p.bucket, "bucket", "", "`NAME` of the bucket that exists from the start (default: two, PROJECT and PROJECT.appspot.com)")
	flags.StringVar(&p.data, "data", "", "keep everything in `DIR` across restarts (default: in memory)")
	flags.StringVar(&p.importPath, "import", "", "load, before the command starts, an export of Firebase's suite or of Firestore, or documents in JSON: a file with those of all databases, or a folder with a file for each of the default one, `PATH`")
	flags.StringVar(&p.exportPath, "export", "", "write the documents of all databases to `FILE` at the end")
	flags.Var(&p.exportDir, "export-on-exit", "write documents, accounts and objects to `[DIR]` at the end, as Firebase's suite does; passwords are in it as plain text (default: the folder of --import)")
	flags.StringVar(&p.triggers, "triggers", "", "call functions when documents change, as a JSON `FILE` says")
	flags.StringVar(&p.prices, "prices", "", "what Google charges, a prices.yaml `FILE` (default: the built-in one)")
	flags.Func("function", "a task queue function and the URL that emulates it, `NAME=URL`: creates its queue, for the Admin SDKs' taskQueue(NAME); repeat it for others", p.addFunction)
	flags.StringVar(&p.only, "only", "", "start only these services, `NAME,…` as for the Firebase CLI: firestore, auth, storage, hosting, tasks, messaging (default: all)")
	flags.StringVar(&p.host, "host", "", "listen on this `ADDRESS`, whatever firebase.json says; 0.0.0.0, as in a container, lets other machines in")
	flags.BoolVar(&p.version, "version", false, "print the version, and stop")
	flags.BoolVar(&p.unindexed, "allow-unindexed", false, "run queries without the composite indexes that production would require")
	flags.BoolVar(&p.signedTokens, "accept-signed-tokens", false, "accept ID tokens of real projects, without verifying their signatures")
	flags.StringVar(&p.origins, "allowed-origins", os.Getenv("ALLOWED_ORIGINS"),
		"web pages, as `https://host,…`, that may call the cloud in addition to this machine's; * allows all (default: $ALLOWED_ORIGINS)")
	return flags
}

func (p *program) help(flags *flag.FlagSet, w io.Writer) {
	fmt.Fprint(w, `usage: localcloud [flags] [-- COMMAND [ARGUMENT …]]
       localcloud exec [--allow-unindexed] -- firebase emulators:start …

Runs Firestore, Authentication, Cloud Storage, Hosting, Cloud Messaging, Cloud Tasks and Cloud
Scheduler on this machine, until Ctrl-C or, with a command, until the command ends.

`)
	flags.VisitAll(func(f *flag.Flag) {
		name, usage := flag.UnquoteUsage(f)
		fmt.Fprintf(w, "  --%s\n        %s\n", strings.TrimSpace(f.Name+" "+name), usage)
	})
	fmt.Fprint(w, `
The exit code is the command's; 1 if the cloud or the command could not be started or data could
not be read or written; 2 if the flags make no sense.
`)
}

// run starts the cloud, runs the command beside it, and stops it.
func (p *program) run(ctx context.Context, command []string) (err error) {
	if err := findCommand(command); err != nil {
		return err
	}
	exportDir, err := p.exportDir.path(p.importPath)
	if err != nil {
		return err
	}
	file, err := firebasejson.Find(p.config)
	if err != nil {
		return err
	}
	if p.host != "" {
		file.ListenOn(p.host)
	}
	cfg, err := p.configuration(file)
	if err != nil {
		return err
	}
	registered, err := readTriggers(p.triggers)
	if err != nil {
		return err
	}
	cloud, err := emulator.Open(cfg)
	var inUse *emulator.PortInUseError
	if errors.As(err, &inUse) {
		return fmt.Errorf("%w; %s", inUse, file.Remedy(inUse.All()))
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cloud.Close()) }()
	if err := p.load(cloud, p.importPath, exportDir); err != nil {
		return err
	}
	for _, t := range registered { // after the import, which is not news to them
		if err := cloud.Triggers.Register(t); err != nil {
			return err
		}
	}
	cloud.Triggers.RemoveAbsent() // those of an earlier file, which the data directory remembers
	for _, line := range file.DescribeRules(cfg.Only) {
		fmt.Fprintf(p.stderr, "rules      %s\n", line)
	}
	defer p.watchRules(ctx, cloud)()
	if len(command) > 0 {
		err = p.runCommand(ctx, cloud, command)
	} else {
		p.printEnvironment(cloud, file)
		<-ctx.Done()
	}
	if exportDir != "" {
		err = errors.Join(err, cloud.Export(exportDir))
	}
	return errors.Join(err, save(cloud.Firestore, cloud.Project, p.exportPath))
}

// configuration is that of firebase.json, with the flags.
func (p *program) configuration(file *firebasejson.File) (emulator.Config, error) {
	project := file.ProjectID(cmp.Or(p.project, "default"))
	cfg := emulator.Config{
		Project: project, SingleProject: file.Path != "" && !file.SeveralProjects, DataDir: p.data, AllowUnindexed: p.unindexed,
		AcceptSignedTokens: p.signedTokens, AllowedOrigins: split(p.origins), Functions: p.functions,
		Logger: slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	var err error
	if cfg.Only, err = p.services(cfg.Logger); err != nil {
		return cfg, err
	}
	if cfg.Prices, err = billing.ReadPrices(p.prices); err != nil {
		return cfg, err
	}
	cfg.Buckets = []string{p.bucket}
	if p.bucket == "" { // the second is the Firebase CLI's default one
		id := cmp.Or(project, emulator.DefaultProject)
		cfg.Buckets = []string{id, id + ".appspot.com"}
	}
	if err := cfg.UseProject(file); err != nil {
		return cfg, err
	}
	cfg.UseAddresses(file)
	if project != "" && !strings.HasPrefix(project, "demo-") {
		log := cfg.Logger.With("project", project)
		if aliases := file.OtherAliases(project); aliases != nil {
			log = log.With("aliases in "+firebasejson.RCName, strings.Join(aliases, ", "))
		}
		log.Warn("the project may exist: clients that are not told of the local cloud reach the real one. One whose ID begins with demo- has none")
	}
	return cfg, nil
}

// services returns the services of --only, nil for all. What the Firebase CLI would start and there is not here is named.
func (p *program) services(log *slog.Logger) (only []string, err error) {
	for _, name := range split(p.only) {
		name, _, _ = strings.Cut(name, ":") // the CLI lets a codebase or site follow
		missing, ok := firebasejson.Starts(name)
		switch {
		case !ok:
			return nil, fmt.Errorf("--only: there is no emulator %q", name)
		case missing != "":
			log.Warn("--only " + name + " has no effect: " + missing)
		case name != "ui" && name != "hub": // which start in any case
			only = append(only, name)
		}
	}
	if p.only != "" && only == nil {
		return nil, fmt.Errorf("--only: nothing of %q starts here; localcloud --help lists the services", p.only)
	}
	return only, nil
}

// addFunction adds a value of --function.
func (p *program) addFunction(value string) error {
	name, target, ok := strings.Cut(value, "=")
	if !ok || name == "" || target == "" {
		return errors.New("it must be NAME=URL, such as resize=http://127.0.0.1:8081/resize")
	}
	if p.functions == nil {
		p.functions = map[string]string{}
	}
	p.functions[name] = target
	return nil
}

// split returns the parts of a comma-separated list.
func split(list string) (parts []string) {
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}
