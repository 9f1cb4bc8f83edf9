package cutover

import (
	"context"
	"errors"
	"fmt"

	"cloud.google.com/go/firestore"
	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/reverse"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// Leftovers is what the old database still holds that moved nowhere.
type Leftovers struct {
	// Tables are those that the mapping does not use, with the number of their rows.
	Tables []TableRows
	// LeftOut is how many rows of each kind have no document.
	LeftOut []TableRows
	// Names is how many users have a name besides their username, which moves nowhere.
	Names int
	// Aside is how many documents of the new side had something that has no place in the old database. They
	// are in Firestore.
	Aside int
}

// TableRows is a number of rows.
type TableRows struct {
	Name string
	Rows int
}

// FindLeftovers reads the whole old database to find what moved nowhere.
func FindLeftovers(ctx context.Context, db *legacydb.DB, converter *conversion.Converter) (*Leftovers, error) {
	l := &Leftovers{}
	if err := l.findTables(ctx, db); err != nil {
		return nil, err
	}
	reader, err := db.Reader(ctx, "")
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	err = errors.Join(
		countLeftOut(ctx, reader, l, func(row legacydb.User) bool {
			converter.Names().Put(row)
			if row.Name != nil && *row.Name != "" {
				l.Names++
			}
			documents, _ := converter.User(row)
			return documents == nil
		}),
		countLeftOut(ctx, reader, l, func(row legacydb.Timetable) bool { doc, _ := converter.Timetable(row); return doc == nil }),
		countLeftOut(ctx, reader, l, func(row legacydb.Lecture) bool { doc, _ := converter.Lecture(row); return doc == nil }),
	)
	return l, err
}

func countLeftOut[T legacydb.Row](ctx context.Context, reader *legacydb.Reader, l *Leftovers, leftOut func(T) bool) error {
	n := 0
	for row, err := range legacydb.Rows[T](ctx, reader, "") {
		if err != nil {
			return err
		}
		if leftOut(row) {
			n++
		}
	}
	if n > 0 {
		l.LeftOut = append(l.LeftOut, TableRows{string(legacydb.KindOf[T]()), n})
	}
	return nil
}

func (l *Leftovers) findTables(ctx context.Context, db *legacydb.DB) error {
	rows, err := db.Pool.Query(ctx, `SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('information_schema', 'heektime_migration')
			AND n.nspname !~ '^pg_' AND n.nspname || '.' || c.relname <> ALL ($1) ORDER BY 1`, db.Mapping.TableNames())
	if err != nil {
		return fmt.Errorf("list the tables of the old database: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		t := TableRows{Name: name}
		if err := db.Pool.QueryRow(ctx, "SELECT count(*) FROM "+quoteTable(name)).Scan(&t.Rows); err != nil {
			return fmt.Errorf("count the rows of %s: %w", name, err)
		}
		if t.Rows > 0 {
			l.Tables = append(l.Tables, t)
		}
	}
	var installed bool
	err = db.Pool.QueryRow(ctx, "SELECT to_regclass('heektime_migration.aside') IS NOT NULL").Scan(&installed)
	if err == nil && installed {
		err = db.Pool.QueryRow(ctx, "SELECT count(*) FROM heektime_migration.aside").Scan(&l.Aside)
	}
	return err
}

// IsFinished reports whether the move has been finished.
func IsFinished(ctx context.Context, client *firestore.Client) (bool, error) {
	if CheckFinish(ctx, client) != nil {
		return false, nil
	}
	var position schema.MigrationPosition
	var progress schema.MigrationCopy
	following, err := schema.Read(ctx, schema.MigrationPositionRef(client), &position)
	if err != nil || following {
		return false, err
	}
	copied, err := schema.Read(ctx, schema.MigrationCopyRef(client), &progress)
	return !copied, err
}

// CheckFinish returns an error if the move is not complete.
func CheckFinish(ctx context.Context, client *firestore.Client) error {
	view, err := state.NewStore(client, nil).Read(ctx)
	if err != nil {
		return err
	}
	for _, kind := range state.Kinds() {
		if s := view.Of(kind); s.Phase != state.PhaseNew {
			return fmt.Errorf("%s have not moved (%v): finish is for when everything has, since there is no way back after it; first heektime migrate switch %s", kind, s, kind)
		}
	}
	return nil
}

// Finish removes what the move needed in the old database: slot, publication, triggers, origin and
// schema. Afterwards nothing keeps the old server from writing, and nothing flows in either direction. It can be
// killed and run again.
func Finish(ctx context.Context, cfg Config, slot, publication string) error {
	if err := CheckFinish(ctx, cfg.Firestore); err != nil {
		return err
	}
	t, err := open(ctx, cfg, patience)
	if err != nil {
		return err
	}
	defer t.close()
	steps := []step{
		{"drop the replication slot", func(ctx context.Context) error { return t.dropSlot(ctx, slot) }},
		{"drop the publication", func(ctx context.Context) error {
			_, err := t.conn.Exec(ctx, "DROP PUBLICATION IF EXISTS "+pgx.Identifier{publication}.Sanitize())
			return err
		}},
		{"drop the triggers", t.dropTriggers},
		{"drop the replication origin", func(ctx context.Context) error {
			_, err := t.conn.Exec(ctx, "SELECT pg_replication_origin_drop(roname) FROM pg_replication_origin WHERE roname = $1", reverse.Origin)
			return err
		}},
		{"drop the schema heektime_migration", func(ctx context.Context) error {
			_, err := t.conn.Exec(ctx, "DROP SCHEMA IF EXISTS heektime_migration CASCADE")
			return err
		}},
		{"forget the position", t.forgetPosition},
	}
	a := &attempt{tool: t}
	return a.run(ctx, steps, -1)
}

func (t *tool) dropSlot(ctx context.Context, slot string) error {
	_, err := t.conn.Exec(ctx, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND database = current_database()", slot)
	if hasCode(err, "55006") {
		return errors.New("it is in use: stop heektime migrate follow first")
	}
	return err
}

func (t *tool) dropTriggers(ctx context.Context) error {
	for _, kind := range state.Kinds() {
		g := t.guard(kind)
		if len(g.tables) == 0 {
			continue
		}
		// Readers hold the tables only shortly.
		err := g.retry(ctx, func(tx pgx.Tx) error {
			return g.each(ctx, tx, "", func(table, trigger string) string { return fmt.Sprintf("DROP TRIGGER %s ON %s", trigger, table) })
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// forgetPosition deletes what would make heektime migrate follow go on. The states stay: servers read them.
func (t *tool) forgetPosition(ctx context.Context) error {
	for _, ref := range []*firestore.DocumentRef{
		schema.MigrationPositionRef(t.cfg.Firestore), schema.MigrationCopyRef(t.cfg.Firestore), schema.MigrationMarkRef(t.cfg.Firestore),
	} {
		if _, err := ref.Delete(ctx); err != nil {
			return err
		}
	}
	return nil
}
