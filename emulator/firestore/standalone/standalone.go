// Package standalone serves the Firestore emulator alone, on a port of its own. It is the command emulator/cmd/firestore, and
// what localcloud runs in the place of Java.
package standalone

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/internal/cors"
	"heek.kr/heektime/emulator/internal/muxserver"
	"heek.kr/heektime/emulator/internal/version"
)

// settings are the values of the flags.
type settings struct {
	host, port, rules, indexes, origins string
	untilEOF, version                   bool
	config                              firestore.Config
}

// Run runs the command until ctx ends, and returns its exit code: 1 if it could not be started, and 2 if the flags
// make no sense. It is long because of its flags.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var s settings
	flags := flag.NewFlagSet("firestore", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.host, "host", "127.0.0.1", "`ADDRESS` to listen on")
	flags.StringVar(&s.port, "port", "8080", "`PORT` to listen on, 0 for any")
	flags.StringVar(&s.rules, "rules", "", "security rules, a firestore.rules `FILE` (default: everybody may do everything)")
	flags.StringVar(&s.indexes, "indexes", "", "composite indexes, a firestore.indexes.json `FILE`")
	flags.StringVar(&s.config.DataDir, "data", "", "keep documents in `DIR` across restarts (default: in memory)")
	flags.BoolVar(&s.config.AllowUnindexed, "allow-unindexed", false, "run queries without the composite indexes that production would require")
	flags.BoolVar(&s.config.AcceptSignedTokens, "accept-signed-tokens", false, "accept ID tokens of real projects, without verifying their signatures")
	flags.StringVar(&s.origins, "allowed-origins", "", "web pages, as `https://host,…`, that may call it in addition to this machine's; * allows all")
	flags.BoolVar(&s.untilEOF, "until-eof", false, "stop when standard input ends, so that it does not outlive the program that started it")
	flags.BoolVar(&s.version, "version", false, "print the version, and stop")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "firestore: unexpected argument %q; firestore --help lists the flags\n", flags.Arg(0))
		return 2
	case s.version:
		fmt.Fprintln(stdout, version.Of("firestore"))
		return 0
	}
	if s.untilEOF {
		var stop context.CancelFunc
		ctx, stop = context.WithCancel(ctx)
		go func() {
			io.Copy(io.Discard, stdin) // an error is an end, too
			stop()
		}()
	}
	if err := s.serve(ctx, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "firestore:", err)
		return 1
	}
	return 0
}

// closeTimeout bounds how long running requests may take to finish.
const closeTimeout = 2 * time.Second

// serve serves until ctx ends.
func (s *settings) serve(ctx context.Context, stdout, stderr io.Writer) (err error) {
	s.config.Clock = clock.New()
	s.config.Logger = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if s.config.AcceptSignedTokens {
		s.config.Logger.Warn("ID tokens of real projects are accepted without verifying their signatures")
	}
	if s.config.Rules, err = read(s.rules); err != nil {
		return err
	}
	if s.config.Indexes, err = read(s.indexes); err != nil {
		return err
	}
	server, err := firestore.New(s.config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	address := net.JoinHostPort(s.host, s.port)
	var origins []string
	for part := range strings.SplitSeq(s.origins, ",") {
		if part = strings.TrimSpace(part); part != "" {
			origins = append(origins, part)
		}
	}
	return Serve(ctx, server, address, cors.OwnOrigins(origins, []string{address}), func(address string) {
		fmt.Fprintf(stdout, "export FIRESTORE_EMULATOR_HOST=%s\n", address)
	})
}

// Serve serves Firestore on a port until ctx ends, and calls opened with the address when the port is open. Pages of
// origins may call it, see [firestore.Server.Handler].
func Serve(ctx context.Context, server *firestore.Server, address string, origins []string, opened func(address string)) error {
	calls := grpc.NewServer(firestore.ServerOptions()...)
	server.Register(calls)
	port, err := muxserver.Open("firestore", address, calls, server.Handler(origins))
	if err != nil {
		return err
	}
	opened(port.Reachable())
	<-ctx.Done()
	server.EndStreams() // the port waits for running requests
	closing, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return port.Close(closing)
}

// read returns the content of a file, nil for none.
func read(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	return os.ReadFile(path)
}
