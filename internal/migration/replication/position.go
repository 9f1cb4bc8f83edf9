package replication

import (
	"context"
	"sync"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/logline"
	"heek.kr/heektime/internal/migration/walstream"
	"heek.kr/heektime/internal/schema"
)

const (
	// positionInterval is how often the position is written while changes are applied. Firestore allows
	// about one write a second to a document. A process that is killed applies the changes of this time
	// again. Source: https://cloud.google.com/firestore/docs/best-practices#updates_to_a_single_document
	positionInterval = time.Second
	// idleInterval is how often it is written while the log of the old database only has changes of other
	// tables.
	idleInterval = 5 * time.Second
	// applyTimeout bounds the work on one batch, so that a connection that has died without notice is
	// noticed.
	applyTimeout = 10 * time.Minute
	// lagInterval is how often the lag is logged.
	lagInterval = 10 * time.Second
)

// applyAll applies what is received until an error.
func (s *session) applyAll(ctx context.Context, r *receiver, wanted *wantedPosition) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var logged time.Time
	for {
		b := r.take()
		if err := s.applyInTime(ctx, &b); err != nil {
			return err
		}
		s.note(&b)
		if err := s.writePosition(ctx, r, wanted.get()); err != nil {
			return err
		}
		if time.Since(logged) >= lagInterval {
			logged = time.Now()
			s.logLag(r)
		}
		if _, _, changes := r.peek(); changes {
			continue
		}
		timer.Reset(positionInterval)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-r.arrived:
		case <-wanted.changed:
		case <-timer.C:
		}
	}
}

func (s *session) applyInTime(ctx context.Context, b *batch) error {
	ctx, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	return s.apply(ctx, b)
}

// note remembers that a batch was applied.
func (s *session) note(b *batch) {
	s.applied = max(s.applied, b.end)
	if !b.committedAt.IsZero() {
		s.position.CommittedAt = b.committedAt
	}
	if b.changes > 0 {
		s.progress = true
		s.changes += b.changes
		s.changed = true
	}
}

// writePosition writes the position if it is time to.
func (s *session) writePosition(ctx context.Context, r *receiver, wanted walstream.LSN) error {
	if s.applied <= s.written {
		return nil
	}
	interval := idleInterval
	if s.changed {
		interval = positionInterval
	}
	if wanted <= s.written && time.Since(s.wroteAt) < interval {
		return nil
	}
	s.position.LSN, s.position.AppliedAt = s.applied.String(), time.Now()
	s.position.LagSeconds, s.position.LagBytes = s.lag(r)
	s.position.ChangesPerSecond = 0
	if !s.wroteAt.IsZero() {
		s.position.ChangesPerSecond = float64(s.changes) / time.Since(s.wroteAt).Seconds()
	}
	if err := s.writer.Advance(ctx, s.position); err != nil {
		return err
	}
	s.written, s.wroteAt, s.changed, s.changes = s.applied, time.Now(), false, 0
	s.confirm.Store(uint64(s.written))
	return nil
}

// lag returns how far what was applied is behind PostgreSQL: the age of the oldest change that was
// received and not applied, and the log that was written since.
func (s *session) lag(r *receiver) (seconds float64, bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if oldest := r.collected.oldest; !oldest.IsZero() {
		seconds = max(0, time.Since(oldest).Seconds())
	}
	return seconds, int64(max(r.serverEnd, s.applied) - s.applied)
}

func (s *session) logLag(r *receiver) {
	seconds, bytes := s.lag(r)
	s.cfg.Log.Info(logline.ReplicationLag, logline.FieldLagSeconds, seconds, logline.FieldLagBytes, bytes, "position", s.applied.String())
}

// wantedPosition is the position that a switch waits for.
type wantedPosition struct {
	changed chan struct{} // has an element when the position has changed

	mu  sync.Mutex
	lsn walstream.LSN
}

func (w *wantedPosition) get() walstream.LSN {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lsn
}

// watch listens to migrations/drain. Without it a switch would still see the position, only later, so
// errors of the listener are not errors of the session.
func (w *wantedPosition) watch(ctx context.Context, client *firestore.Client) error {
	for ctx.Err() == nil {
		snapshots := schema.MigrationDrainRef(client).Snapshots(ctx)
		for {
			snap, err := snapshots.Next()
			if err != nil {
				break
			}
			var drain schema.MigrationDrain
			if exists, err := schema.Decode(snap.Ref, snap, nil, &drain); !exists || err != nil {
				continue
			}
			if lsn, err := walstream.ParseLSN(drain.LSN); err == nil {
				w.mu.Lock()
				w.lsn = max(w.lsn, lsn) // several may wait
				w.mu.Unlock()
				notify(w.changed)
			}
		}
		snapshots.Stop()
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	return context.Cause(ctx)
}
