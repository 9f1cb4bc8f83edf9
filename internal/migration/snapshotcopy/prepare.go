package snapshotcopy

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/walstream"
)

// requirePrepared checks that all changes can be followed, and with [Config.Prepare] makes it so.
func requirePrepared(ctx context.Context, cfg Config, db *legacydb.DB) error {
	missing, err := walstream.Missing(ctx, db.Pool, cfg.Mapping, cfg.Publication)
	if err != nil || len(missing) == 0 {
		return err
	}
	var text strings.Builder
	for _, m := range missing {
		fmt.Fprintf(&text, "\n  %s", m.SQL)
		if m.Restart {
			text.WriteString("; then restart PostgreSQL")
		}
	}
	if !cfg.Prepare {
		return fmt.Errorf("%w: the old database is not ready. Add --prepare, which runs this, or let the owner of the tables run it:%s", errNotReady, text.String())
	}
	conn, err := pgx.Connect(ctx, cfg.URL)
	if err != nil {
		return fmt.Errorf("connect to the old database: %w", err)
	}
	defer closeBriefly(conn.Close)
	for _, m := range missing {
		if m.Restart {
			return fmt.Errorf("%w: PostgreSQL needs a restart that this command does not make:%s", errNotReady, text.String())
		}
		cfg.Log.Info("preparing the old database", "statement", m.SQL)
		if _, err := conn.Exec(ctx, m.SQL); err != nil {
			return fmt.Errorf("prepare the old database: %s: %w", m.SQL, err)
		}
	}
	return nil
}
