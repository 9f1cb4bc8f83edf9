package overview

import (
	"context"
	"fmt"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/holdtimes"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

func (o *Overview) readFirestore(ctx context.Context, client *firestore.Client) error {
	view, err := state.NewStore(client, nil).Read(ctx)
	if err != nil {
		return err
	}
	for _, kind := range state.Kinds() {
		s := view.Of(kind)
		o.Kinds = append(o.Kinds, Kind{
			Kind: kind, Phase: s.Phase, Toward: s.Toward, Epoch: s.Epoch, Since: s.ChangedAt, WasNew: s.WasNew, Aborting: s.Aborting,
		})
	}
	docs, err := client.GetAll(ctx, []*firestore.DocumentRef{
		schema.MigrationCopyRef(client), schema.MigrationPositionRef(client), schema.MigrationVerificationRef(client),
		schema.MigrationClientsRef(client), schema.MigrationHoldsRef(client),
	})
	if err != nil {
		return fmt.Errorf("read the migration's documents: %w", err)
	}
	var progress schema.MigrationCopy
	var position schema.MigrationPosition
	var verification schema.MigrationVerification
	var clients schema.MigrationClients
	var holds schema.MigrationHolds
	exists := make([]bool, len(docs))
	for i, value := range []any{&progress, &position, &verification, &clients, &holds} {
		if exists[i], err = schema.Decode(docs[i].Ref, docs[i], nil, value); err != nil {
			return err
		}
	}
	if exists[0] {
		o.Copy = copyOf(progress)
	}
	if exists[1] && position.Slot != "" {
		o.Follow = &Follow{
			Slot: position.Slot, LSN: position.LSN, CommittedAt: position.CommittedAt, AppliedAt: position.AppliedAt, Problem: position.Problem,
			LagSeconds: position.LagSeconds, LagBytes: position.LagBytes, // unless the old database says better
			ChangesPerSecond: position.ChangesPerSecond,
		}
	}
	if exists[2] {
		o.Verification = &verification
	}
	if exists[3] {
		o.LastClient = &LastClient{SeenAt: clients.SeenAt, Version: clients.Version}
	}
	switches := holdtimes.Of(holds)
	for i := range o.Kinds {
		if s, ok := switches[o.Kinds[i].Kind]; ok {
			o.Kinds[i].Held = &Held{
				Side: s.Side, Writes: s.Times.Count(), P50Seconds: s.Times.Quantile(0.5).Seconds(), P99Seconds: s.Times.Quantile(0.99).Seconds(),
				LongestSeconds: s.Times.Longest().Seconds(),
			}
		}
	}
	return nil
}

func copyOf(m schema.MigrationCopy) *Copy {
	c := &Copy{Started: m.StartedAt, Finished: m.FinishedAt, Rows: m.Rows}
	if m.FinishedAt.IsZero() {
		c.Step = m.Kind
	}
	return c
}
