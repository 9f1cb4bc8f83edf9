package replication

import (
	"context"
	"fmt"

	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/migration/walstream"
	"heek.kr/heektime/internal/schema"
)

// DryRun checks what [Run] checks before it starts, and says from where it would follow. It writes
// nothing and takes nothing over.
func DryRun(ctx context.Context, cfg Config) (string, error) {
	cfg = cfg.withDefaults()
	s := &session{cfg: cfg, states: state.NewStore(cfg.Firestore, nil)}
	defer s.close()
	var err error
	if s.db, err = legacydb.Open(ctx, legacydb.Config{URL: cfg.URL, Mapping: cfg.Mapping, ReadOnly: true}); err != nil {
		return "", explainOpen(err)
	}
	if _, err := schema.Read(ctx, schema.MigrationPositionRef(cfg.Firestore), &s.position); err != nil {
		return "", err
	}
	conn, err := walstream.Connect(ctx, cfg.URL)
	if err != nil {
		return "", err
	}
	defer closeBriefly(conn.Close)
	if err := s.check(ctx, conn); err != nil {
		return "", err
	}
	behind := int64(conn.End) - int64(s.written)
	return fmt.Sprintf("would follow slot %s from %v, %d bytes of log behind; nothing was written", cfg.Slot, s.written, behind), nil
}
