// Command firestore runs the Firestore emulator alone, until Ctrl-C. It starts in a few milliseconds, and
// needs less memory than the whole local cloud, which emulator/cmd/localcloud runs.
//
//	firestore --rules firestore.rules --indexes firestore.indexes.json
//
// It prints its address, as a line for a shell to evaluate, when its port is open. firestore --help lists
// the flags. The exit code is 1 if it could not be started, and 2 if the flags make no sense.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"heek.kr/heektime/emulator/firestore/standalone"
)

func main() {
	// Garbage may grow to four times of what is alive, as in localcloud, unless GOGC says otherwise.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := standalone.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
