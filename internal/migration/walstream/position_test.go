package walstream_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
	"heek.kr/heektime/internal/migration/walstream"
)

// Transactions that do not wait for the log are visible before they are written to it. The position is after them
// all the same, and the log is on the disk up to there, however slow the process is that writes it.
func TestCurrentLSNIsAfterVisibleCommits(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t, map[string]string{"wal_writer_delay": "10s", "wal_writer_flush_after": "1GB"})
	database := server.NewDatabase(t, "CREATE TABLE t (i int)")
	connect := func(settings string) *pgx.Conn {
		conn, err := pgx.Connect(t.Context(), database.URL()+settings)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close(context.Background()) })
		return conn
	}
	writer := connect("&synchronous_commit=off")
	for name, reader := range map[string]*pgx.Conn{
		"an ordinary session": connect(""), "one that does not wait": connect("&synchronous_commit=off"),
		"one that may not write": connect("&default_transaction_read_only=on"),
	} {
		unwritten := 0
		for i := range 20 {
			var committed, written walstream.LSN
			if _, err := writer.Exec(t.Context(), "INSERT INTO t VALUES ($1)", i); err != nil {
				t.Fatal(err)
			}
			if err := writer.QueryRow(t.Context(), "SELECT pg_current_wal_insert_lsn()::text, pg_current_wal_lsn()::text").Scan(&committed, &written); err != nil {
				t.Fatal(err)
			}
			if written < committed {
				unwritten++
			}
			lsn, err := walstream.CurrentLSN(t.Context(), reader)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var flushed walstream.LSN
			if err := reader.QueryRow(t.Context(), "SELECT pg_current_wal_flush_lsn()::text").Scan(&flushed); err != nil {
				t.Fatal(err)
			}
			if lsn < committed || flushed < lsn {
				t.Fatalf("%s: position %v, committed %v, flushed %v", name, lsn, committed, flushed)
			}
		}
		if unwritten == 0 {
			t.Errorf("%s: every commit was written before it was visible, so this test shows nothing", name)
		}
	}
}
