// Command heektime is the one tool of HeekTime's developers and operators.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// command is one thing that the tool does.
type command struct {
	name, arguments, summary string
	run                      func(ctx context.Context, args []string) error
}

var commands = []command{
	{"dev", "", "run everything on this machine: the embedded cloud, the services, the course lists", dev},
	{"refresh", "SCHOOL SEMESTER", "read a semester's course list from its school now", refreshNow},
	{"status", "", "show the last refresh of every semester", status},
	{"auth", "status", "show how many old password hashes are left", authStatus},
	{"user", "delete|restore|show USER", "end an account, take it back, or show what there is of it", userCommand},
	{"cleanup", "purge|sweep", "run the purge of deleted accounts, or the sweeper, now", cleanupNow},
	{"deployment", "[--write]", "print what is deployed with which settings, or write it into docs/deployment.md", showDeployment},
	{"rules", "check|test|mutate", "check the security rules, run their tests, or prove that these notice every change", rulesCommand},
	{"bench", "", "measure the services and print the ratios that docs/performance.md explains", bench},
	{"bench-listen", "", "measure listeners: from a write to the snapshot in another client, and a thousand at once", benchListen},
	{"bench-firestore", "", "measure the embedded Firestore against one from npm", benchFirestore},
}

// errReported ends the process with a failure that has been printed already.
var errReported = exitCode(1)

// exitCode ends the process with that code and without another word.
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

// relaxCollector lets garbage grow to four times of what is alive: the embedded cloud makes much of it and holds little. GOGC,
// where it is set, says otherwise.
func relaxCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage()
		return nil
	}
	for _, c := range commands {
		if c.name == args[0] {
			return c.run(ctx, args[1:])
		}
	}
	usage()
	return fmt.Errorf("no command %q", args[0])
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: heektime COMMAND [--flags] [arguments]; heektime COMMAND --help lists its flags")
	for _, c := range commands {
		fmt.Fprintf(os.Stderr, "  %-29s %s\n", c.name+" "+c.arguments, c.summary)
	}
}

// parse reads a command's flags, which may stand before and behind its arguments, and checks how many arguments there are.
func parse(flags *flag.FlagSet, args []string, want ...string) ([]string, error) {
	flags.SetOutput(os.Stderr)
	flags.Usage = func() {
		fmt.Fprintf(os.Stderr, "usage: heektime %s [--flags]", flags.Name())
		for _, name := range want {
			fmt.Fprint(os.Stderr, " ", name)
		}
		fmt.Fprintln(os.Stderr)
		flags.PrintDefaults()
	}
	var rest []string
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		if args = flags.Args(); len(args) == 0 {
			break
		}
		rest, args = append(rest, args[0]), args[1:]
	}
	if len(rest) != len(want) {
		flags.Usage()
		return nil, fmt.Errorf("%s takes %d arguments, not %d", flags.Name(), len(want), len(rest))
	}
	return rest, nil
}
