//go:build bench

package bench

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/cutover"
	"heek.kr/heektime/internal/migration/reverse"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// BenchmarkBack changes every lecture on the new side, as fast as Firestore takes it, and reports how many changes a
// second arrive in the old database.
//
//	go test -tags bench -run - -bench Back -benchtime 3x ./internal/migration/bench
func BenchmarkBack(b *testing.B) {
	ctx, stop := context.WithCancel(b.Context())
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	w, m, db := followed(ctx, b, &group)
	for _, kind := range []state.Kind{state.Schools, state.Accounts, state.Timetables} {
		moved(b, m, db, cutover.Switch, kind)
	}
	var refs []*firestore.DocumentRef
	for i := range benchUsers {
		user := w.Data.User(i)
		for _, timetable := range user.Timetables {
			for _, lecture := range timetable.Lectures {
				refs = append(refs, schema.LectureRef(schema.TimetableRef(schema.UserRef(m.Firestore, user.ID), timetable.ID), lecture.ID))
			}
		}
	}
	var took time.Duration
	changes := 0
	for b.Loop() {
		began := time.Now()
		writer := m.Firestore.BulkWriter(ctx)
		for _, ref := range refs {
			if _, err := writer.Update(ref, []firestore.Update{
				{Path: schema.FieldTitle, Value: began.String()}, {Path: schema.FieldUpdatedAt, Value: firestore.ServerTimestamp},
			}); err != nil {
				b.Fatal(err)
			}
		}
		writer.End()
		mark := fmt.Sprint("bench ", began.UnixNano())
		if _, err := schema.MigrationMarkRef(m.Firestore).Set(ctx, schema.MigrationMark{Mark: mark}.Fields()); err != nil {
			b.Fatal(err)
		}
		for applied := false; !applied; time.Sleep(10 * time.Millisecond) {
			var err error
			if applied, err = reverse.Applied(ctx, db.Pool, mark); err != nil {
				b.Fatal(err)
			}
		}
		took += time.Since(began)
		changes += len(refs)
	}
	b.ReportMetric(float64(changes)/took.Seconds(), "changes/s")
}
