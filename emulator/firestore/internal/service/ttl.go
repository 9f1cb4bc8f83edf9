package service

import (
	"context"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/firestore/internal/index"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/firestore/internal/write"
	"heek.kr/heektime/emulator/internal/value"
)

// A document is deleted some time after it expires, in production typically within 24 hours. Here it is the
// first sweep after half a day, so that a program that relies on an earlier or a later time fails.
//
// Source: https://firebase.google.com/docs/firestore/ttl
const (
	ttlDelay  = 12 * 60 * 60 * 1e6 // in microseconds
	sweepStep = 60 * 60 * 1e6
)

// sweepExpired deletes expired documents every hour of the clock.
func (e *Engine) sweepExpired() {
	for {
		if !e.options.Clock.Wait(e.closing, e.options.Clock.Now().Add(sweepStep*1e3)) {
			return
		}
		e.DeleteExpired(context.Background())
	}
}

// DeleteExpired deletes the documents that have been expired for half a day, by the TTL fields among the
// index definitions. It deletes no documents below them.
func (e *Engine) DeleteExpired(ctx context.Context) {
	e.sweeping.Lock() // so that no document is counted twice
	defer e.sweeping.Unlock()
	e.mu.RLock()
	var all []*Database
	for _, d := range e.dbs {
		all = append(all, d)
	}
	e.mu.RUnlock()
	for _, d := range all {
		definitions := d.indexes.Load()
		if definitions == nil {
			continue
		}
		for _, ttl := range definitions.TTLs() {
			if err := d.deleteExpired(ctx, ttl, e.options.Meter); err != nil {
				e.options.Logger.WarnContext(ctx, "cannot delete expired documents", "database", string(d.Name), "group", ttl.Group, "error", err)
			}
		}
	}
}

func (d *Database) deleteExpired(ctx context.Context, ttl index.TTL, meter *billing.Meter) error {
	before := d.Now() - ttlDelay
	var expired []*store.Document
	d.Read().Scan(ttl.Group, "", "", false, func(doc *store.Document) bool {
		if v := doc.Fields.At(ttl.Path); v.Kind() == value.Timestamp && v.Time() <= before {
			expired = append(expired, doc)
		}
		return true
	})
	for _, doc := range expired {
		w, err := write.Parse(d.Name, &pb.Write{
			Operation:       &pb.Write_Delete{Delete: doc.Name},
			CurrentDocument: &pb.Precondition{ConditionType: &pb.Precondition_UpdateTime{UpdateTime: doc.Updated.Proto()}},
		})
		if err != nil {
			return err
		}
		if _, _, err := d.apply(ctx, guard.Caller{Owner: true}, nil, []*write.Write{w}); err != nil {
			continue // it has changed, or a transaction holds it: the next sweep sees
		}
		meter.Add(billing.FirestoreTTLDeletes, billing.Cause{Service: "ttl", Action: "TTL", Collection: doc.Key.Collection().Pattern()}, 1)
	}
	return nil
}
