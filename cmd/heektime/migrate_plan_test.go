package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
)

// The command prints a report, and writes all findings to a file that only its owner can read.
func TestMigratePlan(t *testing.T) {
	database := postgrestest.NewDatabase(t, olddata.Schema)
	conn, err := pgx.Connect(t.Context(), database.URL())
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), "INSERT INTO users (id, username) VALUES ('11111111-1111-4111-8111-111111111111', 'kim')")
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	cloud := emulatortest.Start(t, emulatortest.Project(t, ""))
	for name, value := range cloud.Environment() {
		t.Setenv(name, value)
	}
	expect := func(want string, args ...string) {
		t.Helper()
		out, errs, ok := output(t, append([]string{"migrate"}, args...)...)
		if ok || !strings.Contains(out+errs, want) {
			t.Errorf("%v: success = %v, want a failure with %q\n%s%s", args, ok, want, out, errs)
		}
	}
	t.Setenv(oldDatabaseVariable, "")
	expect("set OLD_DATABASE_URL to its connection string", "plan")
	expect("unknown command migrate pln", "pln")
	expect("m.yaml:", "plan", "--database-url", database.URL(), "--mapping", write(t, "m.yaml", "timeZone: Seoul\n"))
	t.Setenv(oldDatabaseVariable, database.URL())
	file := filepath.Join(t.TempDir(), "findings.json")
	out, errs, ok := output(t, "migrate", "plan", "--findings", file)
	if !ok || !strings.Contains(out, "The old database is ready") {
		t.Errorf("plan: success = %v\n%s%s", ok, out, errs)
	}

	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var first conversion.Finding
	if err := json.Unmarshal([]byte(strings.SplitN(string(text), "\n", 2)[0]), &first); err != nil || first.Before != "kim" || !first.TellUser {
		t.Errorf("first finding %+v, %v", first, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the file: %v, %v", info.Mode(), err)
	}
}
