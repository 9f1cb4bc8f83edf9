// Command rehearsal runs the old side of a move on this machine, to rehearse heektime migrate with: a PostgreSQL of
// its own with a demo database whose dirt is real, and a stand-in for the old server. docs/migrate.md has the whole
// rehearsal. Everything is gone when it ends.
//
//	go run ./internal/migration/migrationtest/rehearsal              # the old side
//	go run ./internal/migration/migrationtest/rehearsal --apps URL   # old apps that use the server at a URL
//
// It is not part of heektime, which an operator runs in production, because it consists of test packages.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrationtest/oldserver"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
)

const (
	// database is the name of the old database.
	database = "heektime"
	// tokenKey is the key of the old server's tokens. A shell needs no quotes for it.
	tokenKey = "key-of-the-old-server-in-a-rehearsal"
)

func main() {
	users := flag.Int("users", 2000, "`N` users, one in ten with something that does not fit into Firestore")
	address := flag.String("address", "127.0.0.1:8095", "`HOST:PORT` of the old server")
	through := flag.String("apps", "", "run old apps instead, which use the server at this `URL`, and say once a second how they are")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	data := olddata.New(olddata.Config{Users: *users})
	var err error
	if *through != "" {
		err = runApps(ctx, os.Stdout, strings.TrimSuffix(*through, "/"), data)
	} else {
		err = serve(ctx, *address, data)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve runs the old side until ctx ends.
func serve(ctx context.Context, address string, data *olddata.Generator) (err error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("the old server's port: %w; choose another with --address", err)
	}
	defer listener.Close()
	postgres, err := postgrestest.Run()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, postgres.Close()) }()
	if err := errors.Join(postgres.Exec("postgres", "CREATE DATABASE "+database), postgres.Exec(database, olddata.Schema)); err != nil {
		return err
	}
	url := postgres.URL(database)
	counts, err := fill(ctx, url, data)
	if err != nil {
		return err
	}
	old, err := oldserver.New(ctx, url, oldserver.Config{Key: tokenKey, Failed: func(r *http.Request, err error) {
		fmt.Fprintf(os.Stderr, "old server: %s %s: %v\n", r.Method, r.URL.Path, err)
	}})
	if err != nil {
		return err
	}
	defer old.Close()
	fmt.Printf("The old side has %d users, %d timetables and %d lectures, until you press Ctrl-C.\n\n", counts.Users, counts.Timetables, counts.Lectures)
	fmt.Printf("  export OLD_DATABASE_URL='%s'\n  export OLD_TOKEN_KEY=%s\n", url, tokenKey)
	fmt.Printf("  go run ./cmd/heektime dev --old-server http://%s\n\n", listener.Addr())
	describeUsers(data)
	server := &http.Server{Handler: old}
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func fill(ctx context.Context, url string, data *olddata.Generator) (olddata.Counts, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return olddata.Counts{}, err
	}
	defer conn.Close(ctx)
	return olddata.Fill(ctx, conn, data)
}

// describeUsers prints how to sign in as a user who keeps their name, and as one who does not.
func describeUsers(data *olddata.Generator) {
	fmt.Println("To sign in:")
	print := func(note string, u *olddata.User) {
		if u != nil {
			fmt.Printf("  %-48s %q, password %q\n", note, *u.Username, u.Password)
		}
	}
	print("a user like most", cleanUsers(data, 1)[0])
	print("keeps this name to sign in, but not for others", data.Dirty("username has spaces"))
	print("will sign in with another name", data.Dirty("username differs from another in case only"))
}

// cleanUsers returns users without dirt, with whose names none collides.
func cleanUsers(data *olddata.Generator, n int) (users []*olddata.User) {
	for i := 0; i < data.Len() && len(users) < n; i++ {
		if u := data.User(i); u.Dirt == "" && i%10 != 4 {
			users = append(users, u)
		}
	}
	return users
}
