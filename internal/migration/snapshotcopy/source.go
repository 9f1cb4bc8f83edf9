package snapshotcopy

import (
	"context"
	"time"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/reverse"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/migration/walstream"
	"heek.kr/heektime/internal/schema"
)

// openSource opens readers of a snapshot that is not older than the slot, which it creates if there is
// none to continue with.
func (c *copying) openSource(ctx context.Context) (closeSource func(), err error) {
	if _, err := schema.Read(ctx, schema.MigrationCopyRef(c.cfg.Firestore), &c.progress); err != nil {
		return nil, err
	}
	conn, err := walstream.Connect(ctx, c.cfg.URL)
	if err != nil {
		return nil, err
	}
	// The connection exports the snapshot until the readers have taken it over.
	defer closeBriefly(conn.Close)
	snapshot := ""
	continues, err := c.canContinue(ctx, conn)
	if err == nil && !continues {
		snapshot, err = c.startOver(ctx, conn)
	}
	if err != nil {
		return nil, err
	}
	if c.rows, err = c.db.Reader(ctx, snapshot); err != nil {
		return nil, err
	}
	if c.lookup, err = c.db.Reader(ctx, snapshot); err != nil {
		c.rows.Close()
		return nil, err
	}
	return func() {
		c.rows.Close()
		c.lookup.Close()
	}, nil
}

// canContinue reports whether an unfinished copy has its slot, from which nothing has been read yet.
func (c *copying) canContinue(ctx context.Context, conn *walstream.Conn) (bool, error) {
	p := c.progress
	if p.StartedAt.IsZero() || !p.FinishedAt.IsZero() || p.LSN == "" || p.Slot != c.cfg.Slot || p.System != conn.System {
		return false, nil
	}
	slot, err := walstream.FindSlot(ctx, c.db.Pool, c.cfg.Slot)
	if err != nil || slot == nil || slot.Lost {
		return false, err
	}
	lsn, err := walstream.ParseLSN(p.LSN)
	return err == nil && slot.Confirmed <= lsn && lsn <= conn.End, nil
}

// slotNotice is how long creating the slot may take without a word.
const slotNotice = 3 * time.Second

// startOver replaces the slot and returns its snapshot. Until both documents say where the slot begins,
// the copy counts as one that has not begun, so that a kill in between leaves nothing to misread.
func (c *copying) startOver(ctx context.Context, conn *walstream.Conn) (snapshot string, err error) {
	old := c.progress
	columns, err := walstream.ColumnTypes(ctx, c.db.Pool, c.cfg.Mapping.TableNames())
	if err != nil {
		return "", err
	}
	c.progress = schema.MigrationCopy{
		Slot: c.cfg.Slot, System: conn.System, Columns: columns, StartedAt: time.Now(),
		Sweep: old.Sweep || old.Kind != "" || len(old.Done) > 0,
	}
	if err := c.writer.SaveCopy(ctx, c.progress, nil); err != nil {
		return "", err
	}
	if err := conn.DropSlot(ctx, c.cfg.Slot); err != nil {
		return "", err
	}
	waiting := time.AfterFunc(slotNotice, func() {
		c.cfg.Log.Info("waiting for the transactions that are open in PostgreSQL: a slot begins after them")
	})
	defer waiting.Stop()
	snapshot, lsn, err := conn.CreateSlot(ctx, c.cfg.Slot)
	if err != nil {
		return "", err
	}
	c.progress.LSN = lsn.String()
	position := schema.MigrationPosition{
		Slot: c.cfg.Slot, System: conn.System, Timeline: int64(conn.Timeline), LSN: lsn.String(), AppliedAt: time.Now(),
	}
	return snapshot, c.writer.SaveCopy(ctx, c.progress, &position)
}

// load reads what conversions need to know of the whole database, and how much there is to do.
func (c *copying) load(ctx context.Context, moving []state.Kind) error {
	names := conversion.NewNames(c.cfg.Mapping)
	var err error
	if c.converter, err = documentwriter.NewConverter(ctx, c.cfg.Firestore, c.cfg.Mapping, c.rows, names); err != nil {
		return err
	}
	if c.accounts, err = documentwriter.NewAccounts(ctx, c.writer, c.converter, c.rows); err != nil {
		return err
	}
	c.accounts.SetPasswords(c.passwords)
	c.accounts.SetNewSide(reverse.NewSide(c.db.Pool, c.cfg.Firestore))
	return c.meter.start(ctx, c, moving)
}
