// Command heektime is the command-line tool for HeekTime's developers and operators.
//
// Each subcommand has a file of its own; commands lists them. dev runs the whole backend locally
// (dev.go, startscreen.go, screen.go). Other commands work on the local cloud that runs on this
// machine or, with --google, on a Google Cloud project; target.go selects which.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"heek.kr/heektime/cmd/heektime/internal/table"
)

// command is a subcommand of heektime.
type command struct {
	name, arguments, summary string
	run                      func(ctx context.Context, args []string) error
}

var commands = []command{
	{"dev", "", "run the backend locally, with a demo university", dev},
	{"status", "[--diff [SCHOOL SEMESTER]]", "show the last refresh of each semester, or what the last lists changed", status},
	{"refresh", "SCHOOL SEMESTER", "refresh one semester's course list now", refreshNow},
	{"school", "try FILE|SCHOOL", "read a course list and show what is found, without publishing it", schoolCommand},
	{"user", "show|block|unblock|delete|restore USER", "show, block, unblock, delete or restore an account", userCommand},
	{"announce", "list|add|end", "list, add or end announcements to users", announce},
	{"console", "", "serve the operator's console on this machine", operatorConsole},
	{"check-data", "", "report what is inconsistent in a database", checkData},
	{"stop", "", "let clients only read: close the rules for writes", stopWrites},
	{"start", "", "let clients write again after stop", startWrites},
	{"restore", "copy PATH|references", "copy lost documents back from a backup or the past", restoreData},
	{"migrate", "plan|copy|follow|verify|switch|…", "move the old database's data to Firestore", migrate},
	{"auth", "status", "count the old password hashes that remain", authStatus},
	{"cleanup", "purge|sweep", "start the purge of deleted accounts, or the sweeper", cleanupNow},
	{"rules", "check|test|mutate", "check or test the security rules", rulesCommand},
	{"image", "build|push", "build the services' container images, or push them", imageCommand},
	{"archive", "", "pack the local cloud for other people's machines", packArchives},
	{"bill", "", "show what a month costs, and what costs most", showBill},
	{"simulate", "", "play a month of students, and show what it would cost", simulate},
	{"doctor", "", "compare a project with what should be deployed", examine},
	{"release", "[SERVICE…]", "deploy images, check them, and move the traffic to them", releaseServices},
	{"rollback", "[SERVICE…]", "move the traffic back to what served before", rollBack},
	{"deployment", "[--write]", "print or update docs/deployment.md", showDeployment},
	{"bench", "[registration]", "measure the services, or play the minute in which registration begins", bench},
	{"bench-alone", "", "measure Firestore's own command: start, memory, 100,000 documents with a listener", benchAlone},
	{"bench-firestore", "", "compare our Firestore with an npm emulator", benchFirestore},
	{"bench-listen", "", "measure listeners of our Firestore", benchListen},
}

// errReported makes the process exit with code 1 after the failure has been printed.
var errReported = exitCode(1)

// exitCode makes the process exit with this code without printing anything.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

func main() {
	relaxCollector()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	var code exitCode
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.As(err, &code):
		os.Exit(int(code))
	default:
		fmt.Fprintln(os.Stderr, "heektime:", err)
		os.Exit(1)
	}
}

// relaxCollector lets the heap grow to five times the live data, unless GOGC is set: the local
// cloud produces much garbage and keeps little.
func relaxCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(os.Stdout)
		return nil
	}
	for _, c := range commands {
		if c.name == args[0] {
			return c.run(ctx, args[1:])
		}
	}
	usage(os.Stderr)
	return fmt.Errorf("unknown command %q", args[0])
}

func usage(w io.Writer) {
	fmt.Fprint(w, "usage: heektime COMMAND [flags] [arguments]\n\n")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-44s %s\n", c.name+" "+c.arguments, c.summary)
	}
	fmt.Fprint(w, "\nheektime COMMAND --help lists the flags of a command; docs/run-it.md explains dev.\n")
}

// parse reads a command's flags, which may come before, between or after its arguments, and
// returns the arguments. want names those that the command requires.
func parse(flags *flag.FlagSet, args []string, want ...string) ([]string, error) {
	line := strings.Join(append([]string{"usage: heektime", flags.Name(), "[flags]"}, want...), " ")
	rest, err := parseFlags(flags, args, line)
	if err == nil && len(rest) != len(want) {
		err = explainFlags(flags, line, fmt.Errorf("%s takes %s, got %d", flags.Name(), table.Counted(len(want), "argument"), len(rest)))
	}
	return rest, err
}

// parseFlags is parse for a command with any number of arguments.
func parseFlags(flags *flag.FlagSet, args []string, usage string) (rest []string, err error) {
	quietly(flags)
	for {
		if err := flags.Parse(args); err != nil {
			return nil, explainFlags(flags, usage, err)
		}
		if args = flags.Args(); len(args) == 0 {
			return rest, nil
		}
		rest, args = append(rest, args[0]), args[1:]
	}
}

// quietly stops package flag from printing: explainFlags prints the usage, and main the error.
func quietly(flags *flag.FlagSet) {
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
}

// explainFlags prints a command's usage, to standard output if the user asked for it, and returns
// err.
func explainFlags(flags *flag.FlagSet, usage string, err error) error {
	w := os.Stderr
	if errors.Is(err, flag.ErrHelp) {
		w = os.Stdout
	}
	fmt.Fprintln(w, usage)
	flags.VisitAll(func(f *flag.Flag) {
		value, text := flag.UnquoteUsage(f)
		text = strings.ReplaceAll(text, "\n", "\n        ")
		fmt.Fprintf(w, "  --%s\n        %s\n", strings.TrimSpace(f.Name+" "+value), text)
	})
	return err
}
