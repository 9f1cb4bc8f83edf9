package comparison_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"heek.kr/heektime/internal/migration/comparison"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/schema"
)

// createSlot creates a replication slot for the stand-in of follow.
func (w *world) createSlot(slot string) {
	w.t.Helper()
	w.exec("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", slot)
	_, err := schema.MigrationPositionRef(w.client).Set(w.t.Context(), schema.MigrationPosition{Slot: slot})
	w.must(err)
}

// Arrive waits for the slot, and gives up when it stays where it is.
func TestStream(t *testing.T) {
	t.Parallel()
	w := newWorld(t, olddata.Config{Users: 1, Clean: true})
	ctx := t.Context()
	stream := &comparison.Stream{Old: w.old, Firestore: w.client, Patience: time.Millisecond}
	if err := stream.Arrive(ctx); !errors.Is(err, comparison.ErrStuck) {
		t.Errorf("before follow: %v", err)
	}
	w.createSlot("stream_test")
	w.exec("UPDATE users SET name = 'x'")
	if err := stream.Arrive(ctx); !errors.Is(err, comparison.ErrStuck) {
		t.Errorf("without follow: %v", err)
	}
	stream.Patience = time.Hour
	arrived := make(chan error, 1)
	go func() { arrived <- stream.Arrive(ctx) }()
	// The position that Arrive waits for is one before this time at most.
	for done := false; !done; {
		select {
		case err := <-arrived:
			w.must(err)
			done = true
		default:
			w.exec("SELECT pg_replication_slot_advance('stream_test', pg_current_wal_lsn())")
		}
	}
	w.exec("SELECT pg_drop_replication_slot('stream_test')")
	if err := stream.Arrive(ctx); !errors.Is(err, comparison.ErrStuck) {
		t.Errorf("without a slot: %v", err)
	}
}

// No difference is reported while writers write and follow lags. It is long because of the two who do that.
func TestWriters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, olddata.Config{Users: 40, Clean: true})
	w.copyAll()
	w.createSlot("writers_test")
	users := w.cleanUsers(12)
	var uids []string
	for _, u := range users {
		uids = append(uids, u.ID)
	}
	ctx, stop := context.WithCancel(t.Context())
	// Writers make up to this many changes while follow goes around once: it would not catch up otherwise.
	changes := make(chan struct{}, 20)
	var writers, follower sync.WaitGroup
	for i := range 2 {
		writers.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(i)))
			for n := 0; ; n++ {
				select {
				case changes <- struct{}{}:
				case <-ctx.Done():
					return
				}
				if err := w.change(t.Context(), users[random.IntN(len(users))], n, random); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	followed := make(chan struct{})
	follower.Go(func() {
		for {
			for range len(changes) {
				<-changes
			}
			lsn, err := w.visible(t.Context())
			if err == nil {
				err = w.follow(t.Context(), uids)
			}
			if err == nil {
				_, err = w.old.Pool.Exec(t.Context(), "SELECT pg_replication_slot_advance('writers_test', least($1::text::pg_lsn, pg_current_wal_lsn()))", lsn)
			}
			if err != nil {
				t.Error(err)
				return
			}
			select {
			case <-followed:
				return
			default:
			}
		}
	})
	compare := func(c *comparison.Config) {
		c.Arrive = (&comparison.Stream{Old: w.old, Firestore: w.client, Patience: time.Hour}).Arrive
	}
	for range 2 {
		if r := w.run(compare); r.Differences > 0 || r.Stuck != "" {
			t.Errorf("while writers write:\n%s\n%+v", describe(r), r.Groups)
		}
	}
	stop()
	writers.Wait()
	if r := w.run(compare); !r.OK() {
		t.Errorf("after the last write:\n%s\n%+v", describe(r), r.Groups)
	}
	close(followed)
	follower.Wait()
	w.exec("SELECT pg_drop_replication_slot('writers_test')")
}

// visible returns a position of the log up to which every commit is visible. A commit is in the log before
// other sessions see it.
func (w *world) visible(ctx context.Context) (lsn string, err error) {
	if err = w.old.Pool.QueryRow(ctx, "SELECT pg_current_wal_insert_lsn()::text").Scan(&lsn); err != nil {
		return "", err
	}
	var next int64
	if err = w.old.Pool.QueryRow(ctx, "SELECT txid_snapshot_xmax(txid_current_snapshot())").Scan(&next); err != nil {
		return "", err
	}
	for ended := false; !ended; {
		if err = w.old.Pool.QueryRow(ctx, "SELECT txid_snapshot_xmin(txid_current_snapshot()) >= $1", next).Scan(&ended); err != nil {
			return "", err
		}
	}
	return lsn, nil
}

// change changes something of a user in the old database. It never makes a row as it was before: two looks
// could not tell that from a row that did not change.
func (w *world) change(ctx context.Context, u *olddata.User, n int, random *rand.Rand) error {
	id := fmt.Sprintf("%08x-0000-4000-8000-%012x", n, random.Uint64()>>16)
	lecture := u.Timetables[0].Lectures[0].ID
	statements := [][]any{
		{"UPDATE lectures SET title = $2::text, updated_at = now() WHERE id = $1", lecture, fmt.Sprint(n)},
		{"UPDATE lecture_times SET room = $2::text WHERE lecture_id = $1", lecture, fmt.Sprint(n)}, // without updated_at
		{"UPDATE users SET username = $2::text WHERE id = $1", u.ID, fmt.Sprintf("name-%d-%s", n, u.ID[:8])},
		{"INSERT INTO lectures (id, timetable_id, title) VALUES ($1, $2, 'x') ON CONFLICT (id) DO NOTHING", id, u.Timetables[0].ID},
		{"DELETE FROM lectures WHERE id = (SELECT id FROM lectures WHERE timetable_id = $1 AND title = 'x' ORDER BY id LIMIT 1)", u.Timetables[0].ID},
	}
	s := statements[random.IntN(len(statements))]
	if _, err := w.old.Pool.Exec(ctx, s[0].(string), s[1:]...); err != nil {
		return fmt.Errorf("%v: %w", s[0], err)
	}
	return nil
}
