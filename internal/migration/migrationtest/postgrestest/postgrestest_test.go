package postgrestest_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
)

const schema = "CREATE TABLE notes (text text); CREATE PUBLICATION notes FOR TABLE notes"

func query[T any](t *testing.T, url, sql string) (value T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if err := conn.QueryRow(t.Context(), sql).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

func execute(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func TestDatabasesAreSeparate(t *testing.T) {
	a, b := postgrestest.NewDatabase(t, schema), postgrestest.NewDatabase(t, schema)
	execute(t, a.URL(), "INSERT INTO notes VALUES ('a')")
	if n := query[int](t, a.URL(), "SELECT count(*) FROM notes"); n != 1 {
		t.Errorf("the first database has %d notes, want 1", n)
	}
	if n := query[int](t, b.URL(), "SELECT count(*) FROM notes"); n != 0 {
		t.Errorf("the second database has %d notes, want 0", n)
	}
	if level := query[string](t, a.URL(), "SHOW wal_level"); level != "logical" {
		t.Errorf("wal_level = %s, want logical", level)
	}
}

// A database goes at the end of its test, even if it has a replication slot and clients that stay.
func TestDatabaseIsDropped(t *testing.T) {
	server := postgrestest.Shared(t)
	var name string
	t.Run("", func(t *testing.T) {
		db := postgrestest.NewDatabase(t, schema)
		name = db.Name
		execute(t, db.URL(), "SELECT pg_create_logical_replication_slot('slot_of_"+name+"', 'pgoutput')")
		stays, err := pgx.Connect(t.Context(), db.URL())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { stays.Close(context.Background()) })
	})
	if n := query[int](t, server.URL("postgres"), "SELECT count(*) FROM pg_database WHERE datname = '"+name+"'"); n != 0 {
		t.Errorf("database %s still exists", name)
	}
	if n := query[int](t, server.URL("postgres"), "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'slot_of_"+name+"'"); n != 0 {
		t.Errorf("the slot of database %s still exists", name)
	}
}

func TestStopAndKill(t *testing.T) {
	server := postgrestest.Start(t, nil)
	db := server.NewDatabase(t, schema)
	for i, end := range []func(){server.Stop, server.Kill} {
		execute(t, db.URL(), "INSERT INTO notes VALUES ('kept')")
		end()
		if conn, err := pgx.Connect(t.Context(), db.URL()); err == nil {
			conn.Close(t.Context())
			t.Fatal("connected to a server that is not running")
		}
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		if n := query[int](t, db.URL(), "SELECT count(*) FROM notes"); n != i+1 {
			t.Errorf("%d committed notes remain, want %d", n, i+1)
		}
	}
}

// Servers are copies of one cluster, or initdb's own if there is no cache to keep it in.
func TestClusterIsCopied(t *testing.T) {
	const system = "SELECT system_identifier FROM pg_control_system()"
	cached := query[int64](t, postgrestest.Shared(t).URL("postgres"), system)
	if another := query[int64](t, postgrestest.Start(t, nil).URL("postgres"), system); another != cached {
		t.Errorf("another server has the system identifier %d, want %d of the cached cluster", another, cached)
	}
	t.Setenv("XDG_CACHE_HOME", os.DevNull)
	t.Setenv("HOME", os.DevNull)
	if fresh := query[int64](t, postgrestest.Start(t, nil).URL("postgres"), system); fresh == cached {
		t.Error("without a cache folder, the server still copied the cluster")
	}
}

// leaked makes TestLeak the test binary of TestEndsWithItsTestBinary.
const leaked = "POSTGRESTEST_LEAK"

func TestLeak(t *testing.T) {
	if os.Getenv(leaked) == "" {
		t.Skip("only in the process that TestEndsWithItsTestBinary kills")
	}
	server := postgrestest.Shared(t)
	os.Stdout.WriteString(postgrestest.Dir(server) + "\n")
	select {}
}

// The server and its folder go when the test binary is killed and can clean nothing up.
func TestEndsWithItsTestBinary(t *testing.T) {
	postgrestest.Shared(t) // skips the test without PostgreSQL
	command := exec.Command(os.Args[0], "-test.run=^TestLeak$")
	command.Env = append(os.Environ(), leaked+"=1")
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	dir := strings.TrimSpace(line)
	if _, err := os.Stat(dir); err != nil {
		t.Fatal(err)
	}
	command.Process.Kill()
	command.Wait()
	for {
		if _, err := os.Stat(dir); os.IsNotExist(err) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}
