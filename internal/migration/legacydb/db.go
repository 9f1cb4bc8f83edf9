package legacydb

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"heek.kr/heektime/internal/spelling"
)

// MinVersion is the oldest PostgreSQL that is supported, as in server_version_num.
const MinVersion = 120000

// minConnections is the limit on connections if the connection string has none that is higher: pgx's own
// depends on the machine. Only those in use are open.
const minConnections = 16

// Config says which database to open.
type Config struct {
	// URL is a connection string, postgres://user:password@host/database.
	URL string
	// Mapping is required.
	Mapping *Mapping
	// ReadOnly makes PostgreSQL reject every write.
	ReadOnly bool
}

// DB is the old database. It is safe for concurrent use.
type DB struct {
	// Pool is for statements of other packages. Its sessions print timestamps in ISO format and UTC.
	Pool    *pgxpool.Pool
	Mapping *Mapping

	selects map[Kind]*selection
}

// selection is the SELECT of a kind as PostgreSQL understands it.
type selection struct {
	keyType    string // "uuid"
	parentType string // "" if the kind has no parent
	list       string // of what is selected, all as text
}

// Open connects to the old database and checks that the mapping's SELECTs run and have the columns that
// each kind needs. The error says what to change.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	db, err := Connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := db.prepare(ctx); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// Connect returns the old database without a request to it, so that PostgreSQL may be down. Only its Pool may be
// used; [DB.Checked] returns one that can read rows.
func Connect(ctx context.Context, cfg Config) (*DB, error) {
	settings, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		return nil, errURL
	}
	for name, value := range map[string]string{
		"DateStyle": "ISO", "TimeZone": "UTC", "extra_float_digits": "1", "client_encoding": "UTF8", "application_name": "heektime migrate",
		"statement_timeout": "0", "idle_in_transaction_session_timeout": "0",
	} {
		settings.ConnConfig.RuntimeParams[name] = value
	}
	if cfg.ReadOnly {
		settings.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
	}
	settings.MaxConns = max(settings.MaxConns, minConnections)
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return nil, fmt.Errorf("connect to the old database: %w", err)
	}
	return &DB{Pool: pool, Mapping: cfg.Mapping}, nil
}

// errURL replaces pgx's error, which quotes the connection string, without the password if it could tell which part
// it is.
var errURL = errors.New("the connection string of the old database is malformed: want postgres://USER:PASSWORD@HOST/DATABASE")

// Describe names the database of a connection string, without the password.
func Describe(url string) (string, error) {
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		return "", errURL
	}
	return fmt.Sprintf("%s on %s, port %d, as %s", cfg.Database, cfg.Host, cfg.Port, cfg.User), nil
}

// Checked checks the mapping as [Open] does, against the schema as it is now, and returns a database that shares
// the connections of db. Closing either closes both.
func (db *DB) Checked(ctx context.Context) (*DB, error) {
	checked := &DB{Pool: db.Pool, Mapping: db.Mapping}
	if err := checked.prepare(ctx); err != nil {
		return nil, err
	}
	return checked, nil
}

// ErrMapping is wrapped by errors of [Open] that say that the mapping does not fit the database: trying
// again does not help.
var ErrMapping = errors.New("the mapping does not fit the old database")

// mappingError is an error that is [ErrMapping] without saying so.
type mappingError struct{ error }

func (mappingError) Is(target error) bool { return target == ErrMapping }

func misfit(format string, args ...any) error { return mappingError{fmt.Errorf(format, args...)} }

// Close closes all connections.
func (db *DB) Close() { db.Pool.Close() }

// prepare checks the version of PostgreSQL and the mapping's SELECTs.
func (db *DB) prepare(ctx context.Context) error {
	conn, err := db.Pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect to the old database: %w", err)
	}
	defer conn.Release()
	var version int
	if err := conn.QueryRow(ctx, "SELECT current_setting('server_version_num')::integer").Scan(&version); err != nil {
		return fmt.Errorf("read the version of PostgreSQL: %w", err)
	}
	if version < MinVersion {
		return fmt.Errorf("PostgreSQL %d is too old: %d or later is supported; upgrade it, or replicate to a newer one and move from that",
			version/10000, MinVersion/10000)
	}
	db.selects = map[Kind]*selection{}
	var errs []error
	for _, kind := range Kinds() {
		s, err := describe(ctx, conn.Conn(), kind, db.Mapping.Rows[kind])
		if err != nil {
			errs = append(errs, fmt.Errorf("the SELECT of kind %s: %w", kind, err))
		}
		db.selects[kind] = s
	}
	return errors.Join(errs...)
}

// describe asks PostgreSQL for the columns of a SELECT.
func describe(ctx context.Context, conn *pgx.Conn, kind Kind, rows *RowMapping) (*selection, error) {
	described, err := conn.PgConn().Prepare(ctx, "", "SELECT * FROM (\n"+rows.Select+"\n) AS q", nil)
	if err != nil {
		var problem *pgconn.PgError
		if errors.As(err, &problem) && strings.HasPrefix(problem.Code, "42") { // syntax error or access rule violation
			return nil, misfit("PostgreSQL rejects it: %s; change rows.%s.select of the mapping, or grant the role what it needs", problem.Message, kind)
		}
		return nil, err
	}
	var names []string
	types := map[string]string{}
	for _, field := range described.Fields {
		if slices.Contains(names, field.Name) {
			return nil, misfit("it has two columns %s: leave one out, or name it differently", field.Name)
		}
		names = append(names, field.Name)
		var name string
		// With a modifier of -1, the name is one that a cast may use: bpchar, not character, which would
		// be character(1).
		if err := conn.QueryRow(ctx, "SELECT pg_catalog.format_type($1, -1)", field.DataTypeOID).Scan(&name); err != nil {
			return nil, fmt.Errorf("read the type of column %s: %w", field.Name, err)
		}
		types[field.Name] = name
	}
	wanted := append([]column{{name: rows.Key}}, columnsOf[kind]...)
	s := &selection{keyType: types[rows.Key]}
	if parentOf[kind] != "" {
		s.parentType = types[wanted[1].name]
	}
	list := make([]string, len(wanted))
	for i, c := range wanted {
		quoted := "q." + pgx.Identifier{c.name}.Sanitize()
		switch kind := types[c.name]; {
		case kind == "" && c.optional:
			list[i] = "NULL::text"
		case kind == "":
			return nil, misfit("it has no column %s: add it, if need be as NULL::text AS %s%s", c.name, c.name, spelling.Suggest(c.name, names))
		case c.json && strings.HasSuffix(kind, "[]"):
			list[i] = "to_json(" + quoted + ")::text"
		default:
			list[i] = quoted + "::text"
		}
	}
	s.list = strings.Join(list, ", ")
	return s, nil
}

// Reader is one consistent snapshot of the database. It has one connection, so it is not safe for
// concurrent use. A loop over [Rows] may read other rows.
type Reader struct {
	db   *DB
	conn *pgxpool.Conn
	tx   pgx.Tx
}

var snapshotName = regexp.MustCompile(`^[0-9A-Fa-f-]+$`)

// Reader begins a read-only REPEATABLE READ transaction. snapshot is the name of an exported snapshot,
// for instance of a replication slot, or "" for the database as it is now.
func (db *DB) Reader(ctx context.Context, snapshot string) (*Reader, error) {
	if snapshot != "" && !snapshotName.MatchString(snapshot) {
		return nil, fmt.Errorf("%q is not the name of a snapshot", snapshot)
	}
	conn, err := db.Pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to the old database: %w", err)
	}
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err == nil {
		// The first statement takes the snapshot, so that it is not newer than this call.
		first := "SELECT 1"
		if snapshot != "" {
			first = "SET TRANSACTION SNAPSHOT '" + snapshot + "'"
		}
		if _, err = tx.Exec(ctx, first); err != nil {
			_ = tx.Rollback(context.WithoutCancel(ctx))
		}
	}
	if err != nil {
		conn.Release()
		return nil, fmt.Errorf("begin a snapshot of the old database: %w", err)
	}
	return &Reader{db, conn, tx}, nil
}

// Close ends the transaction.
func (r *Reader) Close() {
	_ = r.tx.Rollback(context.Background()) // it wrote nothing
	r.conn.Release()
}

// Tx is the transaction, for other packages' statements.
func (r *Reader) Tx() pgx.Tx { return r.tx }
