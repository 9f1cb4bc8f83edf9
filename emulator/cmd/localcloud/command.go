package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/firebasejson"
)

// stopTimeout is how long an interrupted command has to end by itself.
const stopTimeout = 10 * time.Second

// runWith runs a command with some more environment variables.
func (p *program) runWith(ctx context.Context, env map[string]string, command []string) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = p.stdin, p.stdout, p.stderr, os.Environ()
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if runtime.GOOS != "windows" { // which cannot interrupt: the command is killed there
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = stopTimeout
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return commandError{max(exit.ExitCode(), exitFailure)}
	}
	if err != nil {
		return fmt.Errorf("run %s: %w", command[0], err)
	}
	return nil
}

// findCommand returns an error if there is no such command. It says what the command line should have been: words of the
// Firebase CLI, and exec behind a flag, look like commands.
func findCommand(command []string) error {
	if len(command) == 0 {
		return nil
	}
	_, err := exec.LookPath(command[0])
	switch {
	case !errors.Is(err, exec.ErrNotFound):
		return nil // whatever else is wrong, running it says
	case command[0] == "exec":
		return errors.New("exec comes first, and flags of services belong to the CLI behind it: " + execExample)
	default:
		return fmt.Errorf("there is no command %s: localcloud alone starts the cloud, localcloud -- COMMAND runs a command beside it, "+
			"and the Firebase CLI runs without Java in %s", command[0], execExample)
	}
}

// printEnvironment prints the variables on standard output, for a shell to evaluate, and everything
// else on standard error.
func (p *program) printEnvironment(cloud *emulator.Cloud, file *firebasejson.File) {
	env := cloud.CLIEnvironment()
	for _, name := range slices.Sorted(maps.Keys(env)) {
		fmt.Fprintf(p.stdout, "export %s=%s\n", name, quote(env[name]))
	}
	fmt.Fprintln(p.stderr)
	if at := cloud.ConsoleURL(); at != "" {
		fmt.Fprintf(p.stderr, "console    %s\n", at)
	}
	for i, at := range cloud.HostingAddresses() {
		fmt.Fprintf(p.stderr, "web app    http://%s %s\n", at, file.Hosting[i].Name)
	}
	fmt.Fprintf(p.stderr, "open to    %s\n", file.Reach())
	fmt.Fprintln(p.stderr, "Ctrl-C stops it; localcloud -- COMMAND runs a command with these variables")
}

// quote returns a value as a shell reads it back.
func quote(value string) string {
	if !strings.ContainsAny(value, " \t\"'$`\\{}()*?&;|<>#~!\n") {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}
