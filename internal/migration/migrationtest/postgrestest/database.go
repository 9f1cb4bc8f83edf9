package postgrestest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// shared is the server of the test binary, with a template database per schema.
var shared struct {
	once      sync.Once
	server    *Server
	err       error
	mu        sync.Mutex
	templates map[*Server]map[string]string // server → schema → database
	databases atomic.Int64
}

// Shared returns the server that all tests of the binary share. Tests must neither stop it nor rely on
// being its only user.
func Shared(t testing.TB) *Server {
	t.Helper()
	folder := programs(t)
	shared.once.Do(func() { shared.server, shared.err = start(folder, nil) })
	if shared.err != nil {
		t.Fatalf("start PostgreSQL: %v", shared.err)
	}
	return shared.server
}

// Database is a database for one test.
type Database struct {
	Server *Server
	Name   string
}

// URL returns the connection URL of the database.
func (d *Database) URL() string { return d.Server.URL(d.Name) }

// URLAt returns the connection URL of the database through a proxy at an address.
func (d *Database) URLAt(address string) string { return d.Server.url(d.Name, address) }

// NewDatabase creates a database on the shared server, runs the schema (SQL) in it, and drops it at the end
// of the test, together with its replication slots.
func NewDatabase(t testing.TB, schema string) *Database {
	t.Helper()
	return Shared(t).NewDatabase(t, schema)
}

// NewDatabase is like the function [NewDatabase], on this server. At the end of the test it drops the
// database if the server is running.
func (s *Server) NewDatabase(t testing.TB, schema string) *Database {
	t.Helper()
	template, err := s.template(schema)
	if err != nil {
		t.Fatalf("create a database with the schema: %v", err)
	}
	d := &Database{s, "test_" + strconv.FormatInt(shared.databases.Add(1), 10)}
	s.exec(t, "postgres", "CREATE DATABASE "+d.Name+" TEMPLATE "+template)
	t.Cleanup(func() {
		if s.running() {
			d.drop(t)
		}
	})
	return d
}

func (s *Server) running() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cmd != nil
}

// template returns a database with the schema, from which others are copied: that is faster than running
// the schema.
func (s *Server) template(schema string) (string, error) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if name, ok := shared.templates[s][schema]; ok {
		return name, nil
	}
	sum := sha256.Sum256([]byte(schema))
	name := "template_" + hex.EncodeToString(sum[:8])
	if err := s.Exec("postgres", "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	if err := s.Exec(name, schema); err != nil {
		return "", err
	}
	if shared.templates == nil {
		shared.templates = map[*Server]map[string]string{}
	}
	if shared.templates[s] == nil {
		shared.templates[s] = map[string]string{}
	}
	shared.templates[s][schema] = name
	return name, nil
}

// drop drops the database. Whatever still uses it is disconnected: a slot in use cannot be dropped.
func (d *Database) drop(t testing.TB) {
	const (
		disconnect = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()`
		slots      = `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = $1 AND NOT active`
	)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, d.Server.URL("postgres"))
	if err != nil {
		t.Errorf("drop database %s: %v", d.Name, err)
		return
	}
	defer conn.Close(ctx)
	// Backends end some time after they are told to, and a client may have reconnected meanwhile.
	for {
		_, err1 := conn.Exec(ctx, disconnect, d.Name)
		_, err2 := conn.Exec(ctx, slots, d.Name)
		_, err3 := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+d.Name)
		if err1 == nil && err2 == nil && err3 == nil {
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			t.Errorf("drop database %s: %v, %v, %v", d.Name, err1, err2, err3)
			return
		}
	}
}

// Exec runs SQL statements in a database.
func (s *Server) Exec(database, sql string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, s.URL(database))
	if err != nil {
		return fmt.Errorf("connect to %s: %w", database, err)
	}
	defer conn.Close(ctx)
	_, err = conn.PgConn().Exec(ctx, sql).ReadAll()
	return err
}

func (s *Server) exec(t testing.TB, database, sql string) {
	t.Helper()
	if err := s.Exec(database, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
