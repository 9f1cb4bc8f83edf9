package bothsides

import (
	"context"
	"os"
	"strconv"
	"testing"

	"cloud.google.com/go/firestore"
	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/longtest"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
	"heek.kr/heektime/internal/migration/walstream"
)

// Histories is how many random histories a test runs: long with LONG_TESTS, half of them without, or the
// number in MIGRATION_HISTORIES for a run by hand.
func Histories(long int) int {
	n, err := strconv.Atoi(os.Getenv("MIGRATION_HISTORIES"))
	switch {
	case err == nil:
		return n
	case longtest.Enabled():
		return long
	}
	return (long + 1) / 2
}

// World is both sides. Everything ends with the test.
type World struct {
	Database  *postgrestest.Database
	Firestore *firestore.Client
	// Slot and Origin are names that no other test of the server has.
	Slot, Origin string
	// Data generated the rows.
	Data *olddata.Generator
}

// New fills a database of the test binary's server. client is of the local cloud.
func New(t testing.TB, client *firestore.Client, data olddata.Config) *World {
	t.Helper()
	return On(t, postgrestest.Shared(t), client, data)
}

// On fills a database of a server, which the test may stop.
func On(t testing.TB, server *postgrestest.Server, client *firestore.Client, data olddata.Config) *World {
	t.Helper()
	w := &World{Database: server.NewDatabase(t, olddata.Schema), Firestore: client, Data: olddata.New(data)}
	w.Slot, w.Origin = "slot_"+w.Database.Name, "origin_"+w.Database.Name
	w.With(t, func(conn *pgx.Conn) error {
		_, err := olddata.Fill(context.Background(), conn, w.Data)
		return err
	})
	return w
}

// With calls do with a connection to the old database.
func (w *World) With(t testing.TB, do func(*pgx.Conn) error) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), w.Database.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := do(conn); err != nil {
		t.Fatal(err)
	}
}

// Exec runs SQL statements in the old database, as one transaction unless they say otherwise.
func (w *World) Exec(t testing.TB, sql string) {
	t.Helper()
	w.With(t, func(conn *pgx.Conn) error {
		_, err := conn.PgConn().Exec(context.Background(), sql).ReadAll()
		return err
	})
}

// LSN returns the current position of the old database's log.
func (w *World) LSN(t testing.TB) walstream.LSN {
	t.Helper()
	var lsn walstream.LSN
	w.With(t, func(conn *pgx.Conn) (err error) {
		lsn, err = walstream.CurrentLSN(context.Background(), conn)
		return err
	})
	return lsn
}

// Legacy opens the old database with the default mapping.
func (w *World) Legacy(t testing.TB) *legacydb.DB {
	t.Helper()
	db, err := legacydb.Open(context.Background(), legacydb.Config{URL: w.Database.URL(), Mapping: legacydb.Default(), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// RequireEqual fails the test unless Firestore has exactly what the rows convert to.
func (w *World) RequireEqual(t testing.TB) {
	t.Helper()
	Require(t, w.Firestore, w.Legacy(t))
}
