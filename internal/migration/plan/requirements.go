package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/walstream"
)

// Requirement is something that the move needs of the old database.
type Requirement struct {
	// Name says what is needed, Found what there is.
	Name, Found string
	OK          bool
	// Advice means that the move works without it, at a price.
	Advice bool
	// Command mends it, in SQL unless it is prose. Restart means that PostgreSQL must be restarted after it.
	Command string
	Restart bool
	// Prepared means that heektime migrate copy --prepare runs the command.
	Prepared bool
}

// server is what the requirements of the whole database depend on.
type server struct {
	role, database, encoding, walKept       string
	version                                 int
	superuser, replication, standby, create bool
	slots, maxSlots, senders, maxSenders    int
	hasSlot, bypassesRowSecurity, mayMark   bool
	originFunctions                         []string
}

// requirements checks what copy, follow, switch and back need.
func (p *planner) requirements(ctx context.Context) error {
	s, err := p.readServer(ctx)
	if err != nil {
		return err
	}
	missing, err := walstream.Missing(ctx, p.reader.Tx(), p.cfg.DB.Mapping, p.cfg.Publication)
	if err != nil {
		return fmt.Errorf("check what replication needs: %w", err)
	}
	p.report.Requirements = s.requirements(p.cfg.Slot)
	walLevel := true
	for _, m := range missing {
		walLevel = walLevel && !m.Restart
		p.require(Requirement{Name: m.What, Command: m.SQL, Restart: m.Restart, Prepared: !m.Restart})
	}
	if walLevel {
		p.require(Requirement{Name: "wal_level is logical", OK: true})
	}
	if len(missing) == 0 {
		p.require(Requirement{Name: "publication " + p.cfg.Publication + " and replica identities of all tables", OK: true})
	}
	for _, k := range p.report.Kinds {
		if k.Duplicated > 0 {
			p.require(Requirement{
				Name: fmt.Sprintf("one row per key of kind %s", k.Kind), Found: fmt.Sprintf("%d rows too many", k.Duplicated),
				Command: fmt.Sprintf("change rows.%s.select of the mapping: a join multiplies rows, or the key is not unique", k.Kind),
			})
		}
	}
	return p.tables(ctx, s)
}

func (p *planner) require(r Requirement) { p.report.Requirements = append(p.report.Requirements, r) }

// readServer reads settings and rights. PostgreSQL before 14 lets only superusers mark transactions with an
// origin; later versions let anyone who may execute the functions.
//
// Source: https://www.postgresql.org/docs/14/functions-admin.html#FUNCTIONS-REPLICATION
func (p *planner) readServer(ctx context.Context) (s server, err error) {
	const query = `
		SELECT r.rolname, d.datname, pg_encoding_to_char(d.encoding), coalesce(current_setting('max_slot_wal_keep_size', true), '-1'),
			current_setting('server_version_num')::integer, r.rolsuper,
			r.rolreplication OR EXISTS (SELECT FROM pg_roles g WHERE g.rolname = 'rds_replication' AND pg_has_role(r.oid, g.oid, 'MEMBER')),
			pg_is_in_recovery(), has_database_privilege(r.oid, d.oid, 'CREATE'),
			(SELECT count(*) FROM pg_replication_slots)::integer, current_setting('max_replication_slots')::integer,
			(SELECT count(*) FROM pg_stat_replication)::integer, current_setting('max_wal_senders')::integer,
			EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1),
			r.rolbypassrls OR r.rolsuper,
			ARRAY(SELECT f.oid::regprocedure::text FROM pg_proc f WHERE f.pronamespace = 'pg_catalog'::regnamespace AND f.proname IN
				('pg_replication_origin_create', 'pg_replication_origin_drop', 'pg_replication_origin_oid', 'pg_replication_origin_session_setup')
				AND NOT has_function_privilege(r.oid, f.oid, 'EXECUTE') ORDER BY 1)
		FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()`
	err = p.reader.Tx().QueryRow(ctx, query, p.cfg.Slot).Scan(&s.role, &s.database, &s.encoding, &s.walKept, &s.version, &s.superuser,
		&s.replication, &s.standby, &s.create, &s.slots, &s.maxSlots, &s.senders, &s.maxSenders, &s.hasSlot, &s.bypassesRowSecurity,
		&s.originFunctions)
	if err != nil {
		return s, fmt.Errorf("read the old database's settings: %w", err)
	}
	s.mayMark = s.superuser || s.version >= 140000 && len(s.originFunctions) == 0
	return s, nil
}

func (s *server) requirements(slot string) []Requirement {
	role, database := legacydb.QuoteName(s.role), legacydb.QuoteName(s.database)
	mark := Requirement{
		Name: "for back: the role may mark its transactions with an origin", Found: "role " + s.role, OK: s.mayMark, Advice: true,
		Command: fmt.Sprintf("GRANT EXECUTE ON FUNCTION %s TO %s", strings.Join(s.originFunctions, ", "), role),
	}
	if s.version < 140000 {
		mark.Command = fmt.Sprintf("ALTER ROLE %s SUPERUSER; before PostgreSQL 14 only superusers may", role)
	}
	kept := Requirement{Name: "the log is kept until follow has read it", Found: "max_slot_wal_keep_size is " + s.walKept, OK: s.walKept == "-1", Advice: true,
		Command: "ALTER SYSTEM SET max_slot_wal_keep_size = -1; SELECT pg_reload_conf(), and watch the disk: otherwise copy starts over when follow was stopped for too long"}
	return []Requirement{
		{Name: "a primary, not a standby", OK: !s.standby, Command: "connect to the primary: a standby accepts neither publication nor guard"},
		{Name: "encoding UTF8", Found: s.encoding, OK: s.encoding == "UTF8", Advice: true, Command: "nothing: PostgreSQL converts; characters it cannot convert stop the copy, and with SQL_ASCII bytes that are not UTF-8 are replaced"},
		{Name: "the role may replicate", Found: "role " + s.role, OK: s.superuser || s.replication, Command: fmt.Sprintf("ALTER ROLE %s REPLICATION", role)},
		{Name: "a free replication slot", Found: fmt.Sprintf("%d of %d used", s.slots, s.maxSlots), OK: s.hasSlot || s.slots < s.maxSlots,
			Command: fmt.Sprintf("ALTER SYSTEM SET max_replication_slots = %d", s.maxSlots+2), Restart: true},
		{Name: "a free WAL sender", Found: fmt.Sprintf("%d of %d used", s.senders, s.maxSenders), OK: s.senders < s.maxSenders,
			Command: fmt.Sprintf("ALTER SYSTEM SET max_wal_senders = %d", s.maxSenders+2), Restart: true},
		{Name: "the role may create a publication and a schema", Found: "role " + s.role, OK: s.superuser || s.create,
			Command: fmt.Sprintf("GRANT CREATE ON DATABASE %s TO %s", database, role)},
		mark, kept,
	}
}

// table is what requirements of a table depend on.
type table struct {
	name                    string
	owned, hidden           bool
	lacks, columns, leading []string
}

// tables checks the tables of the mapping.
func (p *planner) tables(ctx context.Context, s server) error {
	const query = `
		SELECT n.nspname || '.' || c.relname, pg_has_role(current_user, c.relowner, 'MEMBER'),
			c.relrowsecurity AND (c.relforcerowsecurity OR NOT pg_has_role(current_user, c.relowner, 'MEMBER')),
			ARRAY(SELECT w FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRIGGER']) w WHERE NOT has_table_privilege(c.oid, w)),
			ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped),
			ARRAY(SELECT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
				WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname || '.' || c.relname = ANY ($1) AND c.relkind IN ('r', 'p') ORDER BY 1`
	mapping := p.cfg.DB.Mapping
	rows, err := p.reader.Tx().Query(ctx, query, mapping.TableNames())
	if err != nil {
		return fmt.Errorf("read the tables' owners and indexes: %w", err)
	}
	tables, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t table, err error) {
		err = row.Scan(&t.name, &t.owned, &t.hidden, &t.lacks, &t.columns, &t.leading)
		return t, err
	})
	if err != nil {
		return fmt.Errorf("read the tables' owners and indexes: %w", err)
	}
	fine := true
	for _, t := range tables {
		for _, r := range t.requirements(s, mapping) {
			fine = false
			p.require(r)
		}
	}
	if fine {
		p.require(Requirement{Name: "owner, rights, columns and indexes of all tables", OK: true})
	}
	return nil
}

// requirements lists what a table lacks.
func (t *table) requirements(s server, mapping *legacydb.Mapping) (list []Requirement) {
	role, name := legacydb.QuoteName(s.role), legacydb.QuoteTable(t.name)
	add := func(r Requirement) { list = append(list, r) }
	if !t.owned && !s.superuser {
		add(Requirement{
			Name: "the role owns table " + t.name, Found: "another role does", Advice: true,
			Command: fmt.Sprintf("let the owner run what is listed here and in copy --prepare, or ALTER TABLE %s OWNER TO %s", name, role),
		})
	}
	if len(t.lacks) > 0 {
		add(Requirement{
			Name: "rights to table " + t.name, Found: "without " + strings.Join(t.lacks, ", "),
			Command: fmt.Sprintf("GRANT %s ON %s TO %s", strings.Join(t.lacks, ", "), name, role),
		})
	}
	if t.hidden && !s.bypassesRowSecurity {
		add(Requirement{
			Name: "all rows of table " + t.name, Found: "row security may hide some", Command: fmt.Sprintf("ALTER ROLE %s BYPASSRLS", role),
		})
	}
	for _, column := range mapping.IdentityColumns(t.name) {
		if !slices.Contains(t.columns, column) {
			add(Requirement{
				Name: "column " + column + " of table " + t.name, Found: "there is none", Command: "correct tables in the mapping",
			})
		}
	}
	for _, column := range mapping.KeyColumns(t.name) {
		if slices.Contains(t.columns, column) && !slices.Contains(t.leading, column) {
			add(Requirement{
				Name: "an index of table " + t.name + " by " + column, Found: "none: every change would read the whole table",
				Command: fmt.Sprintf("CREATE INDEX CONCURRENTLY ON %s (%s)", name, legacydb.QuoteName(column)),
			})
		}
	}
	return list
}
