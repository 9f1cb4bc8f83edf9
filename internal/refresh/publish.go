package refresh

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/school"
)

// keptLists is how many objects of a semester are kept: the published one, and those that clients who read the semester
// document a moment ago still load.
const keptLists = 3

// A list of some size does not become several times as long from one reading to the next: then the school sent other
// semesters, or the same pages again and again. A short one, early in the season, may.
const (
	maxGrowth = 3
	grownFrom = 100 // lectures
)

// target is the semester that a run is for.
type target struct {
	school   *school.School
	semester *school.Semester
	documents
}

// list is what a run wants published.
type list struct {
	*encoded
	name      string    // of the object
	fetchedAt time.Time // when it was asked of the school
	accept    bool      // publish it even when suspicious
}

// publish makes the semester point to the list and records the run, all in one transaction, once the object is there.
//
// The order is what keeps the last good list: an object exists before anything points to it, and inside the transaction it
// is looked for once more, because the clean-up of another run may have taken it meanwhile for a left-over. That clean-up
// condemns objects by writing the record that this transaction has read; so either it sees this publication, or the
// transaction sees the object condemned or gone, and creates it again.
func (s *Service) publish(ctx context.Context, t target, l list, run *Run) error {
	const tries = 3
	for try := 1; ; try++ {
		err := s.transact(ctx, t, l, run)
		if !errors.Is(err, errNoObject) || try == tries {
			return err
		}
		if err := s.upload(ctx, l.name, l.encoded); err != nil {
			return err
		}
	}
}

// transact is one try of publish. It fills in the run's outcome.
func (s *Service) transact(ctx context.Context, t target, l list, run *Run) error {
	err := s.firestore.RunTransaction(ctx, func(ctx context.Context, tx *firestore.Transaction) error {
		known, err := read(tx, t)
		if err != nil {
			return err
		}
		if known.record.FetchedAt.After(l.fetchedAt) {
			run.Outcome, run.Reason = Superseded, "a list that was fetched later is published"
			return nil
		}
		if reason := suspicion(&known.record, l, t.school.Loss()); reason != "" && !l.accept {
			run.Outcome, run.Reason = Suspicious, reason
			return s.write(tx, t, known, run)
		}
		object, err := s.find(ctx, l.name, l.encoded)
		if err != nil {
			return err
		}
		if slices.Contains(known.record.Condemned, object) {
			return errors.Join(errNoObject, s.delete(ctx, object))
		}
		run.Outcome = Changed
		if len(known.record.Published) > 0 && known.record.Published[0].Object == object && known.semester.LecturesURL == s.url(l.name) {
			run.Outcome = Unchanged
		}
		known.record.FetchedAt = l.fetchedAt
		put(&known.record, Published{Object: object, Hash: l.hash, Lectures: l.lectures, At: run.Started})
		return s.write(tx, t, known, run)
	})
	if err != nil && !errors.Is(err, errNoObject) {
		return fmt.Errorf("publish the list of %s %s: %w", t.school.ID, t.semester.ID, err)
	}
	return err
}

// suspicion says why a list should not be published without a person having looked at it, "" when there is no reason.
func suspicion(r *Record, l list, loss float64) string {
	if l.lectures == 0 {
		return "the list is empty"
	}
	if len(r.Published) == 0 {
		return ""
	}
	switch before := r.Published[0].Lectures; {
	case float64(l.lectures) < float64(before)*(1-loss):
		return fmt.Sprintf("the list has %d lectures, the published one %d: more than %.0f %% are missing", l.lectures, before, loss*100)
	case before >= grownFrom && l.lectures > before*maxGrowth:
		return fmt.Sprintf("the list has %d lectures, the published one %d: it grew more than %d times", l.lectures, before, maxGrowth)
	}
	return ""
}

// put makes p the published list and condemns the lists that are older than the kept ones.
func put(r *Record, p Published) {
	r.Published = slices.DeleteFunc(r.Published, func(old Published) bool { return old.Name == p.Name })
	r.Published = slices.Insert(r.Published, 0, p)
	for len(r.Published) > keptLists {
		last := len(r.Published) - 1
		r.Condemned = append(r.Condemned, r.Published[last].Object)
		r.Published = r.Published[:last]
	}
}

// known is what a transaction has read.
type known struct {
	record   Record
	semester schema.Semester
	school   schema.School
}

func read(tx *firestore.Transaction, t target) (*known, error) {
	refs := []*firestore.DocumentRef{t.record, t.documents.semester, t.documents.school}
	snaps, err := tx.GetAll(refs)
	if err != nil {
		return nil, fmt.Errorf("read semester %s of %s: %w", t.semester.ID, t.school.ID, err)
	}
	var k known
	for i, value := range []any{&k.record, &k.semester, &k.school} {
		if _, err := schema.Decode(refs[i], snaps[i], nil, value); err != nil {
			return nil, err
		}
	}
	return &k, nil
}

// write records the run, and brings the documents that clients read into the state of the school file and the record. A
// document that is in that state already is left alone: a write would wake every client that listens to it.
func (s *Service) write(tx *firestore.Transaction, t target, k *known, run *Run) error {
	run.Ended = s.now()
	run.Expires = run.Ended.Add(runsKept)
	want := schema.Semester{
		Year: t.semester.Year, Term: t.semester.Term, Status: t.semester.Status,
		Periods: t.school.PeriodsOf(t.semester), LecturesURL: k.semester.LecturesURL,
	}
	if len(k.record.Published) > 0 {
		want.LecturesURL = s.url(k.record.Published[0].Name)
	}
	run.URL = want.LecturesURL
	if run.Slot.After(k.record.Slot) && !run.Retry {
		k.record.Slot = run.Slot
	}
	if !run.Started.Before(k.record.LastRun.Started) {
		k.record.LastRun = *run
	}
	errs := []error{tx.Set(t.record, k.record), tx.Set(schema.RunRef(t.record, run), run)}
	if school := (schema.School{Name: t.school.Name, LegacyID: t.school.LegacyID}); k.school != school {
		errs = append(errs, tx.Set(t.documents.school, school.MergeFields(), firestore.MergeAll))
	}
	if !want.Equal(k.semester) {
		errs = append(errs, tx.Set(t.documents.semester, want.MergeFields(), firestore.MergeAll))
	}
	return errors.Join(errs...)
}

func (s *Service) url(object string) string { return "gs://" + s.bucketName + "/" + object }

// record writes down a run that has nothing to publish.
func (s *Service) record(ctx context.Context, t target, run *Run) error {
	err := s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		known, err := read(tx, t)
		if err != nil {
			return err
		}
		return s.write(tx, t, known, run)
	})
	if err != nil {
		return fmt.Errorf("record the run of %s %s: %w", t.school.ID, t.semester.ID, err)
	}
	return nil
}
