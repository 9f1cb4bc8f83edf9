package walstream

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
)

// LSN is a position in PostgreSQL's write-ahead log.
type LSN = pglogrepl.LSN

// ParseLSN parses a position such as 16/B374D848.
func ParseLSN(text string) (LSN, error) { return pglogrepl.ParseLSN(text) }

// plugin is PostgreSQL's own output plugin: every installation has it.
const plugin = "pgoutput"

// Conn is a replication connection. It is not safe for concurrent use.
type Conn struct {
	pg *pgconn.PgConn
	// System identifies the PostgreSQL cluster. Timeline rises when a standby is promoted. End is how far
	// its log was written when the connection was opened.
	System   string
	Timeline int32
	End      LSN
}

// Connect opens a replication connection to the database of a connection string.
func Connect(ctx context.Context, url string) (*Conn, error) {
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("connect for replication: %w", err)
	}
	cfg.RuntimeParams["replication"] = "database"
	cfg.RuntimeParams["application_name"] = "heektime migrate"
	// While a snapshot is exported, the session is idle in a transaction.
	cfg.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	cfg.RuntimeParams["statement_timeout"] = "0"
	// A reader whose machine or network is gone keeps its slot for so long, so the next one waits. The default is a minute.
	cfg.RuntimeParams["wal_sender_timeout"] = senderTimeout.String()
	pg, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect for replication: %w", explainConnect(err))
	}
	system, err := pglogrepl.IdentifySystem(ctx, pg)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("identify the PostgreSQL cluster: %w", err), pg.Close(ctx))
	}
	return &Conn{pg: pg, System: system.SystemID, Timeline: system.Timeline, End: system.XLogPos}, nil
}

// explainConnect adds what to do about a role that may not replicate.
func explainConnect(err error) error {
	if isCode(err, "42501") { // insufficient_privilege
		return fmt.Errorf("%w: let the role replicate: ALTER ROLE … REPLICATION", err)
	}
	return err
}

// Close closes the connection. PostgreSQL keeps the slot, and drops an exported snapshot.
func (c *Conn) Close(ctx context.Context) error { return c.pg.Close(ctx) }

// CreateSlot creates a slot and exports its snapshot: the database exactly as it was at lsn. Readers can
// use the snapshot until the next use of this connection.
func (c *Conn) CreateSlot(ctx context.Context, name string) (snapshot string, lsn LSN, err error) {
	slot, err := pglogrepl.CreateReplicationSlot(ctx, c.pg, name, plugin, pglogrepl.CreateReplicationSlotOptions{SnapshotAction: "EXPORT_SNAPSHOT"})
	if err != nil {
		return "", 0, fmt.Errorf("create replication slot %s: %w", name, explainSlot(err))
	}
	if lsn, err = ParseLSN(slot.ConsistentPoint); err != nil {
		return "", 0, fmt.Errorf("create replication slot %s: %w", name, err)
	}
	return slot.SnapshotName, lsn, nil
}

// explainSlot adds what to do about settings that do not allow a slot.
func explainSlot(err error) error {
	switch {
	case isCode(err, "55000"): // object_not_in_prerequisite_state
		return fmt.Errorf("%w: set wal_level = logical and restart PostgreSQL", err)
	case isCode(err, "53400"): // configuration_limit_exceeded
		return fmt.Errorf("%w: raise max_replication_slots and restart PostgreSQL", err)
	}
	return err
}

// DropSlot drops a slot. It is not an error if it does not exist.
func (c *Conn) DropSlot(ctx context.Context, name string) error {
	err := pglogrepl.DropReplicationSlot(ctx, c.pg, name, pglogrepl.DropReplicationSlotOptions{})
	if err != nil && !isCode(err, undefinedObject) {
		return fmt.Errorf("drop replication slot %s: %w", name, err)
	}
	return nil
}

// Codes of PostgreSQL's errors. Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	undefinedObject = "42704"
	objectInUse     = "55006"
)

func isCode(err error, code string) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == code
}
