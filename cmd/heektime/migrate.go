package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/migrator"
)

// migrateCommands are the subcommands of migrate, in the order of the day. docs/migrate.md explains them.
// Each has a file of its own, migrate_NAME.go.
var migrateCommands = []command{
	{"plan", "", "report what would happen; writes nothing", migratePlan},
	{"copy", "", "copy a consistent snapshot to Firestore", migrateCopy},
	{"follow", "", "apply the changes since the copy, until interrupted", migrateFollow},
	{"verify", "", "compare both sides", migrateVerify},
	{"switch", "KIND", "make Firestore the side that serves a kind of data", migrateSwitch},
	{"back", "KIND", "make the old database the side that serves it again", migrateBack},
	{"finish", "", "remove what the move needed", migrateFinish},
	{"status", "", "show the whole move on one screen", migrateStatus},
}

// migrate runs a subcommand of migrate.
func migrate(ctx context.Context, args []string) error {
	if len(args) > 0 {
		for _, c := range migrateCommands {
			if c.name == args[0] {
				return c.run(ctx, args[1:])
			}
		}
	}
	w := os.Stderr
	if len(args) > 0 && (args[0] == "help" || args[0] == "-h" || args[0] == "--help") {
		w = os.Stdout
	}
	fmt.Fprint(w, "usage: heektime migrate COMMAND [flags] [arguments]\n\n")
	for _, c := range migrateCommands {
		fmt.Fprintf(w, "  %-14s %s\n", c.name+" "+c.arguments, c.summary)
	}
	switch {
	case w == os.Stdout:
		return nil
	case len(args) == 0:
		return errors.New("migrate needs a command")
	}
	return fmt.Errorf("unknown command migrate %s", strings.Join(args, " "))
}

// oldDatabaseVariable has the connection string of the old database, so that its password is not among
// a process's arguments.
const oldDatabaseVariable = "OLD_DATABASE_URL"

// migration has what all subcommands of migrate have in common: the old database, and the target.
type migration struct {
	target
	mappingPath string
	databaseURL string
	dryRun      bool
	described   bool // the old database was named
}

// register adds the common flags. --config is the target's: it names a firebase.json.
func (m *migration) register(flags *flag.FlagSet) {
	m.target.register(flags)
	m.registerDatabase(flags)
	flags.StringVar(&m.mappingPath, "mapping", "", "migrate.yaml `FILE` that describes the old database (default: HeekTime's)")
	flags.StringVar(&m.databaseURL, "database-url", "", "connection `STRING` of the old database (default: that of "+oldDatabaseVariable+")")
	flags.BoolVar(&m.dryRun, "dry-run", false, "only say what would be done")
}

// oldDatabase returns the mapping and the connection string, after it has printed which database that is.
func (m *migration) oldDatabase() (*legacydb.Mapping, string, error) {
	url := cmp.Or(m.databaseURL, os.Getenv(oldDatabaseVariable))
	if url == "" {
		return nil, "", errors.New("which old database? set " + oldDatabaseVariable + " to its connection string, postgres://USER:PASSWORD@HOST/DATABASE")
	}
	mapping, err := legacydb.ReadMapping(m.mappingPath)
	if err != nil {
		return nil, "", err
	}
	name, err := legacydb.Describe(url)
	if err != nil {
		return nil, "", err
	}
	if !m.described {
		fmt.Fprintf(os.Stderr, "old database %s\n", name)
		m.described = true
	}
	return mapping, url, nil
}

// open connects to the old database. Callers connect to the target themselves, with m.firestore.
func (m *migration) open(ctx context.Context, readOnly bool) (*legacydb.DB, error) {
	mapping, url, err := m.oldDatabase()
	if err != nil {
		return nil, err
	}
	return legacydb.Open(ctx, legacydb.Config{URL: url, Mapping: mapping, ReadOnly: readOnly})
}

// migrator returns the move between both sides. The caller closes its Firestore client.
func (m *migration) migrator(ctx context.Context) (*migrator.Migrator, error) {
	if err := m.connect(ctx); err != nil {
		return nil, err
	}
	mapping, url, err := m.oldDatabase()
	if err != nil {
		return nil, err
	}
	accounts, err := gcp.Authentication(ctx, m.project, "")
	if err != nil {
		return nil, err
	}
	client, err := m.firestore(ctx)
	if err != nil {
		return nil, err
	}
	return &migrator.Migrator{
		URL: url, Mapping: mapping, Firestore: client, Project: m.project, FirestoreID: m.database,
		Accounts: accounts, HasAccount: hasAccount(accounts), Log: migrationLog(),
	}, nil
}

// migrationLog writes lines of the migration to standard error.
func migrationLog() *slog.Logger { return slog.New(slog.NewTextHandler(os.Stderr, nil)) }
