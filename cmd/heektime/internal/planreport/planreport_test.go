package planreport_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/cmd/heektime/internal/planreport"
	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
	"heek.kr/heektime/internal/migration/plan"
)

func print(r *plan.Report, o planreport.Options) string {
	var b bytes.Buffer
	if o.Zone = time.UTC; o.Mapping == "" {
		o.Mapping = "the default"
	}
	planreport.Print(&b, r, o)
	return b.String()
}

// It is long because it has a whole report.
func TestPrint(t *testing.T) {
	report := &plan.Report{
		At: time.Date(2026, 11, 29, 1, 2, 3, 0, time.UTC), Database: "old", Version: "15.4", Findings: 1234, UsersToTell: 2, Reserved: 1, Names: 29_000,
		Kinds: []plan.Kind{
			{Kind: legacydb.UserKind, Counts: legacydb.Counts{Rows: 30_000, WithoutKey: 1}, LeftOut: 1, Affected: 2, Documents: 89_997},
			{Kind: legacydb.LectureKind, Counts: legacydb.Counts{Rows: 1_000_000}, Documents: 1_000_000},
		},
		Groups: []plan.Group{
			{Kind: legacydb.LectureKind, Problem: "has no timetable", Action: legacydb.LeaveOut, WholeRow: true, Count: 1232, Examples: []conversion.Finding{{Key: "22222222-2222-4222-8222-222222222222"}}},
			{Kind: legacydb.UserKind, Column: "username", Problem: "is not a name that new users can have", Action: legacydb.Rename, Count: 2, Examples: []conversion.Finding{{Key: "a", Before: "kim", After: "kim-abcdef"}, {Key: "b", Before: "lee", After: "lee-abcdef"}}},
		},
		Absent: []plan.Absent{{Path: "a", Timetables: 1}, {Path: "b", HasRow: true}},
		Reads:  100_000, Writes: 1_089_997, Duration: 19*time.Minute + time.Second, PlanReads: 5,
		Requirements: []plan.Requirement{
			{Name: "fine", OK: true},
			{Name: "wal_level is replica", Command: "ALTER SYSTEM SET wal_level = logical", Restart: true},
			{Name: "there is no publication p", Command: "CREATE PUBLICATION p", Prepared: true},
			{Name: "the log is kept", Found: "10GB", Command: "do this", Advice: true},
		},
	}
	want := `Plan of the move from old, PostgreSQL 15.4, as of 2026-11-29 01:02:03 UTC
Mapping: the default. Nothing was written; this plan billed 5 reads, 0 writes: at most about 1 won.

               rows  left out  with findings  documents
users        30,000         1              2     89,997
lectures  1,000,000         0              0  1,000,000
1 of the users have no key and are left out.

Users to tell that they are called something else: 2 (accounts of the new side already have 1 username); what to tell each: --tell FILE.csv
Left behind: the names (users.name) of 29,000 users, which neither the old API nor Firestore shows

What does not fit, and what becomes of it (1,234 findings)

1,232  lecture has no timetable                             ROW LEFT OUT  22222222-22…
    2  user.username is not a name that new users can have  renamed       a: kim → kim-abcdef
All findings, one JSON object a line: --findings FILE

2 schools and semesters without a document in Firestore. The copy creates them hidden, but not 1 semester without a row in the old database.
  a (1 timetable), NO ROW: add it to the school file
  b (0 timetables)

The copy: 100000 reads, 1089997 writes: at most about 1809 won; at least 19m0s on Google Cloud, by its advice to ramp up
The old database is NOT READY: 1 check passed, 2 failed; migrate copy --prepare does 1
  need   wal_level is replica
           ALTER SYSTEM SET wal_level = logical; then restart PostgreSQL
  advice the log is kept (10GB)
           do this
What copy --prepare does first, or the owner of the tables:
           CREATE PUBLICATION p

Signed off by: ____________________  on: ____________________
`
	if got := print(report, planreport.Options{}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if full := print(report, planreport.Options{Full: true, Findings: "f.json"}); !strings.Contains(full, "b: lee → lee-abcdef") || !strings.Contains(full, "All findings: f.json") {
		t.Errorf("--full lacks an example or the file:\n%s", full)
	}
	if got := print(&plan.Report{}, planreport.Options{}); !strings.Contains(got, "Everything fits") || !strings.Contains(got, "The old database is ready") {
		t.Errorf("an empty report is\n%s", got)
	}
}

// The report of the demo database, with every kind of dirt, fits on a screen.
func TestFitsOnAScreen(t *testing.T) {
	ctx := context.WithoutCancel(t.Context())
	database := postgrestest.NewDatabase(t, olddata.Schema)
	conn, err := pgx.Connect(ctx, database.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := olddata.Fill(ctx, conn, olddata.New(olddata.Config{Users: 1000, LecturesPerUser: 3})); err != nil {
		t.Fatal(err)
	}
	db, err := legacydb.Open(ctx, legacydb.Config{URL: database.URL(), Mapping: legacydb.Default(), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	report, err := plan.Run(ctx, plan.Config{DB: db, Client: emulatortest.Start(t).FirestoreClient(t), Slot: "s", Publication: "p"})
	if err != nil {
		t.Fatal(err)
	}
	text := print(report, planreport.Options{})
	t.Log("\n" + text)
	lines := strings.Split(text, "\n")
	if len(lines) > 60 {
		t.Errorf("%d lines, want at most 60", len(lines))
	}
	for _, line := range lines {
		if !strings.Contains(line, "PUBLICATION") && table.Width(line) > 160 {
			t.Errorf("%d columns: %s", table.Width(line), line)
		}
	}
}
