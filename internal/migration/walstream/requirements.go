package walstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/legacydb"
)

// Requirement is something that the old database lacks.
type Requirement struct {
	// What is missing, and the SQL that mends it.
	What, SQL string
	// Restart means that PostgreSQL must be restarted after that.
	Restart bool
}

// table is what replication needs to know of a table.
type table struct {
	name        string // with its schema
	quoted      string // as SQL needs it
	identity    []string
	full        bool
	partitioned bool
	logged      bool
	published   bool
}

// Database is a connection or a pool.
type Database interface {
	querier
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Missing lists what the old database lacks so that the changes of all tables of a mapping can be
// followed, in the order in which to mend it.
func Missing(ctx context.Context, db Database, mapping *legacydb.Mapping, publication string) (missing []Requirement, err error) {
	var level string
	if err := db.QueryRow(ctx, "SELECT current_setting('wal_level')").Scan(&level); err != nil {
		return nil, fmt.Errorf("read wal_level: %w", err)
	}
	if level != "logical" {
		missing = append(missing, Requirement{"wal_level is " + level, "ALTER SYSTEM SET wal_level = logical", true})
	}
	tables, err := readTables(ctx, db, mapping.TableNames(), publication)
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		if !t.logged {
			missing = append(missing, Requirement{"table " + t.name + " is unlogged, so its changes are not replicated", "ALTER TABLE " + t.quoted + " SET LOGGED", false})
		}
		if lacks := t.lacks(mapping); len(lacks) > 0 {
			what := fmt.Sprintf("deletions from table %s do not say which row of a kind they affect: its replica identity lacks %s", t.name, strings.Join(lacks, ", "))
			missing = append(missing, Requirement{what, "ALTER TABLE " + t.quoted + " REPLICA IDENTITY FULL", false})
		}
	}
	more, err := missingPublication(ctx, db, tables, publication)
	return append(missing, more...), err
}

// missingPublication says what the publication lacks.
func missingPublication(ctx context.Context, db Database, tables []table, publication string) ([]Requirement, error) {
	var all, absent []string
	partitioned := false
	for _, t := range tables {
		all = append(all, t.quoted)
		if !t.published {
			absent = append(absent, t.quoted)
		}
		partitioned = partitioned || t.partitioned
	}
	// The row as JSON, because pubviaroot is new in PostgreSQL 13.
	const query = `
		SELECT puballtables, pubinsert AND pubupdate AND pubdelete AND pubtruncate, coalesce(to_jsonb(p)->>'pubviaroot', '') = 'true'
		FROM pg_publication p WHERE pubname = $1`
	var everything, complete, viaRoot bool
	name := pgx.Identifier{publication}.Sanitize()
	err := db.QueryRow(ctx, query, publication).Scan(&everything, &complete, &viaRoot)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		sql := "CREATE PUBLICATION " + name + " FOR TABLE " + strings.Join(all, ", ")
		if partitioned {
			sql += " WITH (publish_via_partition_root = true)"
		}
		return []Requirement{{"there is no publication " + publication, sql, false}}, nil
	case err != nil:
		return nil, fmt.Errorf("read publication %s: %w", publication, err)
	case !complete:
		return []Requirement{{
			"publication " + publication + " leaves out some operations",
			"ALTER PUBLICATION " + name + " SET (publish = 'insert, update, delete, truncate')", false,
		}}, nil
	case partitioned && !viaRoot:
		return []Requirement{{
			"publication " + publication + " names the partitions of a table, not the table",
			"ALTER PUBLICATION " + name + " SET (publish_via_partition_root = true)", false,
		}}, nil
	case len(absent) > 0 && !everything:
		return []Requirement{{
			"publication " + publication + " lacks " + strings.Join(absent, ", "),
			"ALTER PUBLICATION " + name + " ADD TABLE " + strings.Join(absent, ", "), false,
		}}, nil
	}
	return nil, nil
}

func readTables(ctx context.Context, db Database, names []string, publication string) ([]table, error) {
	const query = `
		SELECT n.nspname || '.' || c.relname, quote_ident(n.nspname) || '.' || quote_ident(c.relname),
		       c.relreplident = 'f', c.relkind = 'p', c.relpersistence = 'p',
		       ARRAY(SELECT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
		             WHERE i.indrelid = c.oid AND (c.relreplident = 'd' AND i.indisprimary OR c.relreplident = 'i' AND i.indisreplident)),
		       EXISTS (SELECT FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid WHERE r.prrelid = c.oid AND p.pubname = $2)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname || '.' || c.relname = ANY($1) AND c.relkind IN ('r', 'p')
		ORDER BY 1`
	rows, err := db.Query(ctx, query, names, publication)
	if err != nil {
		return nil, fmt.Errorf("read the tables' replica identities: %w", err)
	}
	tables, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t table, err error) {
		err = row.Scan(&t.name, &t.quoted, &t.full, &t.partitioned, &t.logged, &t.identity, &t.published)
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the tables' replica identities: %w", err)
	}
	for _, name := range names {
		if !slices.ContainsFunc(tables, func(t table) bool { return t.name == name }) {
			return nil, fmt.Errorf("migrate.yaml names table %s, which does not exist or is not a table", name)
		}
	}
	return tables, nil
}

// lacks lists the columns that the mapping needs of a deleted row and the replica identity does not have.
func (t *table) lacks(mapping *legacydb.Mapping) (columns []string) {
	if t.full {
		return nil
	}
	for _, kind := range legacydb.Kinds() {
		rows := mapping.Rows[kind]
		if rows == nil {
			continue
		}
		for name, of := range rows.Tables {
			if name != t.name && "public."+name != t.name {
				continue
			}
			for _, column := range append([]string{of.Key, of.Parent}, of.Children...) {
				if column != "" && !slices.Contains(t.identity, column) && !slices.Contains(columns, column) {
					columns = append(columns, column)
				}
			}
		}
	}
	slices.Sort(columns)
	return columns
}

// TypeNames returns the names of the types of a relation's columns.
func TypeNames(ctx context.Context, db querier, r *Relation) (names []string, err error) {
	types := make([]uint32, len(r.Columns))
	for i, c := range r.Columns {
		types[i] = c.Type
	}
	const query = "SELECT ARRAY(SELECT format_type(t.oid, NULL) FROM unnest($1::oid[]) WITH ORDINALITY AS t (oid, n) ORDER BY n)"
	if err := db.QueryRow(ctx, query, types).Scan(&names); err != nil {
		return nil, fmt.Errorf("read the types of the columns of %s: %w", r.Name, err)
	}
	return names, nil
}

// ColumnTypes lists the columns of tables with their types, "public.lectures credit double precision".
func ColumnTypes(ctx context.Context, db Database, tables []string) ([]string, error) {
	const query = `
		SELECT n.nspname || '.' || c.relname || ' ' || a.attname || ' ' || format_type(a.atttypid, NULL)
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname || '.' || c.relname = ANY($1) AND a.attnum > 0 AND NOT a.attisdropped
		ORDER BY 1`
	rows, err := db.Query(ctx, query, tables)
	if err != nil {
		return nil, fmt.Errorf("read the columns of the tables: %w", err)
	}
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read the columns of the tables: %w", err)
	}
	return columns, nil
}
