package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/operator"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/logging"
)

// operatorConsole serves the operator's console until it is interrupted. It listens on loopback only: it acts
// with the operator's own credentials.
func operatorConsole(ctx context.Context, args []string) error {
	var t target
	flags := flag.NewFlagSet("console", flag.ContinueOnError)
	t.register(flags)
	mapping := flags.String("mapping", "", "migrate.yaml `FILE` that describes the old database, if "+oldDatabaseVariable+" is set (default: HeekTime's)")
	port := flags.Int("port", 0, "`PORT` on 127.0.0.1 (default: a free one)")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	users, err := t.users(ctx)
	if err != nil {
		return err
	}
	defer users.Firestore.Close()
	log := logging.New(os.Stderr, t.project)
	config := operator.Config{Google: t.google, Users: users, Firestore: users.Firestore, Usage: t.usage, Log: log}
	if config.Objects, err = gcp.Storage(ctx); err != nil {
		return err
	}
	defer config.Objects.Close()
	if queue, err := t.queue(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "the console starts no refreshes: %v\n", err)
	} else {
		config.Queue = queue
		defer queue.Client.Close()
	}
	if queue, err := t.pushQueue(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "the console sends no notifications: %v\n", err)
	} else {
		config.PushQueue = queue
		defer queue.Client.Close()
	}
	if os.Getenv(oldDatabaseVariable) != "" {
		m := migration{mappingPath: *mapping}
		if config.OldDatabase, err = m.open(ctx, true); err != nil {
			config.OldDatabaseError = err.Error()
		} else {
			defer config.OldDatabase.Close()
		}
	}
	console, err := operator.NewConsole(config)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		return fmt.Errorf("listen for the console: %w", err)
	}
	fmt.Printf("open %s\nCtrl-C ends the console\n", console.URL(listener.Addr().String()))
	server := &http.Server{Handler: console, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the console: %w", err)
	}
	return nil
}
