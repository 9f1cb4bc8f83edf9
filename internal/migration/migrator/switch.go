package migrator

import (
	"context"
	"fmt"
	"time"

	"heek.kr/heektime/internal/migration/comparison"
	"heek.kr/heektime/internal/migration/cutover"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/replication"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/migration/walstream"
)

// switchSample is how many users a switch compares in addition to those that changed.
const switchSample = 20

// Bounds of a comparison while writes are held: so many users that changed, and no more of them after so long.
const (
	heldChanged = 200
	heldBudget  = time.Second
)

// Bounds of the comparison before that. A user who writes all the time would be inspected again and again, each
// time after all changes have arrived, which takes minutes on a busy machine. They are left to the comparison while
// writes are held, because they have changed since this one began.
const (
	earlyBudget = time.Minute
	earlyLooks  = 2
)

// Cutover returns the configuration of a switch, back or finish.
func (m *Migrator) Cutover(db *legacydb.DB) cutover.Config {
	known := &comparison.Known{}
	compare := func(ctx context.Context, kind state.Kind, since, drained time.Time, maxChanged, looks int, budget time.Duration) error {
		cfg := m.Comparison(db)
		cfg.Kinds, cfg.Since, cfg.Drained, cfg.Sample, cfg.Known = []state.Kind{kind}, since, drained, switchSample, known
		cfg.MaxChanged, cfg.Looks, cfg.Budget = maxChanged, looks, budget
		report, err := comparison.Run(ctx, cfg)
		if err != nil {
			return err
		}
		if err := report.Err(); err != nil {
			m.logDifferences(report)
			return fmt.Errorf("%w; heektime migrate verify lists the differences", err)
		}
		return nil
	}
	return cutover.Config{
		DB: db, Firestore: m.Firestore, Log: m.Log,
		Drain: func(ctx context.Context, lsn walstream.LSN) error { return replication.Drain(ctx, m.Firestore, lsn) },
		VerifyEarly: func(ctx context.Context, kind state.Kind, since time.Time) error {
			return compare(ctx, kind, since, time.Time{}, 0, earlyLooks, earlyBudget)
		},
		Verify: func(ctx context.Context, kind state.Kind, since, drained time.Time) error {
			return compare(ctx, kind, since, drained, heldChanged, 0, heldBudget)
		},
	}
}

// maxLogged is how many differences a switch logs. They may be gone before verify looks for them.
const maxLogged = 5

func (m *Migrator) logDifferences(report *comparison.Report) {
	logged := 0
	for _, g := range report.Groups {
		if g.Expected {
			continue
		}
		for _, d := range g.Examples {
			if logged++; logged > maxLogged {
				return
			}
			m.Log.Warn("both sides differ", "path", d.Path, "field", d.Field, "row", d.Row, "document", d.Document, "reason", d.Reason)
		}
	}
}

// Finish removes what the move needed. It can be killed and run again.
func (m *Migrator) Finish(ctx context.Context, cfg cutover.Config) error {
	return cutover.Finish(ctx, cfg, replication.DefaultSlot, replication.DefaultPublication)
}
