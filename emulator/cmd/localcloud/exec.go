package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"heek.kr/heektime/emulator"
)

// The variables that tell the Firebase CLI where the programs of its emulators are, and those with which exec tells
// the program in Java's place what it needs to know.
const (
	firestoreBinary = "FIRESTORE_EMULATOR_BINARY_PATH"
	storageBinary   = "STORAGE_EMULATOR_BINARY_PATH"
	outerPath       = "LOCALCLOUD_OUTER_PATH"
	unindexed       = "LOCALCLOUD_ALLOW_UNINDEXED"
)

const execUsage = `usage: localcloud exec [--allow-unindexed] -- firebase emulators:start …

Runs a command of the Firebase CLI without Java: for it alone, this program's Firestore and rules of Cloud Storage are
where the CLI starts those of the official suite. All else is the CLI's own.

  --allow-unindexed
        run queries without the composite indexes that production would require
`

// execExample is how errors show a right use of exec.
const execExample = "localcloud exec -- firebase emulators:start --only firestore"

// exec runs the Firebase CLI with this program in Java's place.
func (p *program) exec(ctx context.Context, args []string) (code int) {
	flags := flag.NewFlagSet("localcloud exec", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	allow := flags.Bool("allow-unindexed", false, "")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(p.stdout, execUsage)
		return 0
	}
	if err == nil && flags.NArg() == 0 {
		err = errors.New("name a command, such as: localcloud exec -- firebase emulators:start")
	}
	if err != nil {
		fmt.Fprintln(p.stderr, "localcloud exec:", err)
		fmt.Fprintln(p.stderr, "localcloud exec --help lists its flags; those of services belong to the CLI behind it: "+execExample)
		return exitUsage
	}
	err = p.execCommand(ctx, flags.Args(), *allow)
	var command commandError
	if errors.As(err, &command) {
		return command.code
	}
	if err != nil {
		fmt.Fprintln(p.stderr, "localcloud exec:", err)
		return exitFailure
	}
	return 0
}

func (p *program) execCommand(ctx context.Context, command []string, allowUnindexed bool) error {
	if _, err := exec.LookPath(command[0]); errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("there is no command %s: name the Firebase CLI (firebase, or npx firebase-tools), as in %s", command[0], execExample)
	}
	dir, err := os.MkdirTemp("", "localcloud")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	env, err := javaEnvironment(dir)
	if err != nil {
		return err
	}
	if allowUnindexed {
		env[unindexed] = "true"
	}
	return p.runWith(ctx, env, command)
}

// javaEnvironment puts this program into a folder as java, with files in the places of the emulators' own, and returns
// the variables that make the Firebase CLI use them.
func javaEnvironment(dir string) (map[string]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	java := filepath.Join(dir, "java")
	if runtime.GOOS == "windows" {
		java += ".exe"
	}
	if err := os.Symlink(self, java); err != nil {
		if err := os.Link(self, java); err != nil {
			return nil, fmt.Errorf("put this program in Java's place: %w", err)
		}
	}
	env := map[string]string{outerPath: os.Getenv("PATH"), "PATH": dir + string(filepath.ListSeparator) + os.Getenv("PATH")}
	for name, file := range map[string]string{firestoreBinary: "firestore.jar", storageBinary: "storage-rules.jar"} {
		env[name] = filepath.Join(dir, file)
		if err := os.WriteFile(env[name], []byte("The local cloud stands in for this program.\n"), 0o755); err != nil {
			return nil, err
		}
	}
	return env, nil
}

// runCommand runs a command that finds the cloud in its environment.
func (p *program) runCommand(ctx context.Context, cloud *emulator.Cloud, command []string) error {
	env := cloud.CLIEnvironment()
	if os.Getenv("FIREBASE_CONFIG") != "" {
		delete(env, "FIREBASE_CONFIG") // a project may have its own, as with the Firebase CLI
	}
	return p.runWith(ctx, env, command)
}

// isJava reports whether this program was started in Java's place.
func isJava(name string) bool {
	return strings.TrimSuffix(filepath.Base(name), ".exe") == "java" && os.Getenv(firestoreBinary) != ""
}
