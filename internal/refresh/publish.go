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

// keptLists is how many of a semester's objects are kept: the published one, and its predecessors for
// clients that read the semester document a moment ago and are about to load them.
const keptLists = 3

// A list that grows severalfold between two refreshes is suspicious: the school probably sent other
// semesters too, or repeated pages. Short lists early in the season may grow freely.
const (
	maxGrowth       = 3   // times the published list's length
	growthCheckFrom = 100 // lectures in the published list
)

// target is the semester that a run refreshes.
type target struct {
	school   *school.School
	semester *school.Semester
	documents
}

// list is the list that a run tries to publish.
type list struct {
	*encoded
	name      string    // the object's name
	fetchedAt time.Time // when the fetch began
	accept    bool      // publish even if suspicious
}

// publish points the semester at the list and records the run in one transaction, after the object
// exists.
//
// This order protects the last good list. An object exists before anything refers to it, and the
// transaction checks for it once more, because another run's clean-up may have mistaken it for a
// leftover in the meantime. That clean-up first condemns objects by writing the record, which this
// transaction has read. So either the clean-up sees this publication, or the transaction finds the
// object condemned or gone, and publish uploads it again.
func (s *Service) publish(ctx context.Context, t target, l list, run *Run) error {
	const attempts = 3
	for attempt := 1; ; attempt++ {
		err := s.tryPublish(ctx, t, l, run)
		if !errors.Is(err, errNoObject) || attempt == attempts {
			return err
		}
		if err := s.upload(ctx, l.name, l.encoded); err != nil {
			return err
		}
	}
}

// tryPublish makes one attempt to publish and sets the run's outcome.
func (s *Service) tryPublish(ctx context.Context, t target, l list, run *Run) error {
	var st *state
	err := s.firestore.RunTransaction(ctx, func(ctx context.Context, tx *firestore.Transaction) (err error) {
		if st, err = readState(tx, t); err != nil {
			return err
		}
		if st.record.FetchedAt.After(l.fetchedAt) {
			run.Outcome, run.Reason = Superseded, "a list that was fetched later is published"
			return nil
		}
		if reason := suspicion(&st.record, l, t.school.Loss()); reason != "" && !l.accept {
			run.Outcome, run.Reason = Suspicious, reason
			return s.write(tx, t, st, run)
		}
		object, err := s.find(ctx, l.name, l.encoded)
		if err != nil {
			return err
		}
		if slices.Contains(st.record.Condemned, object) {
			return errors.Join(errNoObject, s.delete(ctx, object))
		}
		run.Outcome = Changed
		if len(st.record.Published) > 0 && st.record.Published[0].Object == object && st.semester.LecturesURL == s.url(l.name) {
			run.Outcome = Unchanged
		}
		st.record.FetchedAt = l.fetchedAt
		setPublished(&st.record, Published{Object: object, Hash: l.hash, Lectures: l.lectures, At: run.Started})
		return s.write(tx, t, st, run)
	})
	switch {
	case err == nil:
		s.logFailing(ctx, t, st, run)
	case !errors.Is(err, errNoObject):
		return fmt.Errorf("publish the list of %s %s: %w", t.school.ID, t.semester.ID, err)
	}
	return err
}

// suspicion returns why a person should check the list before it is published, or "".
func suspicion(r *Record, l list, loss float64) string {
	if l.lectures == 0 {
		return "the list is empty"
	}
	if len(r.Published) == 0 {
		return ""
	}
	switch before := r.Published[0].Lectures; {
	case float64(l.lectures) < float64(before)*(1-loss):
		return fmt.Sprintf("the list has %d lectures, the published one %d: more than %.0f%% are missing", l.lectures, before, loss*100)
	case before >= growthCheckFrom && l.lectures > before*maxGrowth:
		return fmt.Sprintf("the list has %d lectures, the published one %d: it grew more than %d-fold", l.lectures, before, maxGrowth)
	}
	return ""
}

// setPublished makes p the published list and condemns the oldest lists beyond keptLists.
func setPublished(r *Record, p Published) {
	r.Published = slices.DeleteFunc(r.Published, func(old Published) bool { return old.Name == p.Name })
	r.Published = slices.Insert(r.Published, 0, p)
	for len(r.Published) > keptLists {
		last := len(r.Published) - 1
		r.Condemned = append(r.Condemned, r.Published[last].Object)
		r.Published = r.Published[:last]
	}
}

// state holds the documents that a transaction has read.
type state struct {
	record   Record
	semester schema.Semester
	school   schema.School
	// keepsFailing is set by write if the transaction records that the list keeps failing.
	keepsFailing bool
}

func readState(tx *firestore.Transaction, t target) (*state, error) {
	refs := []*firestore.DocumentRef{t.record, t.documents.semester, t.documents.school}
	snaps, err := tx.GetAll(refs)
	if err != nil {
		return nil, fmt.Errorf("read semester %s of %s: %w", t.semester.ID, t.school.ID, err)
	}
	var st state
	for i, value := range []any{&st.record, &st.semester, &st.school} {
		if _, err := schema.Decode(refs[i], snaps[i], nil, value); err != nil {
			return nil, err
		}
	}
	return &st, nil
}

// write records the run and updates the documents that clients read to match the school file and the
// record. It skips a document that already matches: a write would notify every client listening to it.
func (s *Service) write(tx *firestore.Transaction, t target, st *state, run *Run) error {
	run.Ended = s.now()
	run.Expires = run.Ended.Add(runRetention)
	want := schema.Semester{
		Year: t.semester.Year, Term: t.semester.Term, Status: t.semester.Status,
		Periods: t.school.PeriodsOf(t.semester), LecturesURL: st.semester.LecturesURL,
	}
	if len(st.record.Published) > 0 {
		want.LecturesURL = s.url(st.record.Published[0].Name)
	}
	run.URL = want.LecturesURL
	if run.Slot.After(st.record.Slot) && !run.Retry {
		st.record.Slot = run.Slot
	}
	if !run.Started.Before(st.record.LastRun.Started) {
		st.record.LastRun = *run
		st.keepsFailing = count(&st.record.Failing, run)
	}
	errs := []error{tx.Set(t.record, st.record), tx.Set(schema.RunRef(t.record, run), run)}
	if school := (schema.School{Name: t.school.Name, LegacyID: t.school.LegacyID}); st.school != school {
		errs = append(errs, tx.Set(t.documents.school, school.MergeFields(), firestore.MergeAll))
	}
	if !want.Equal(st.semester) {
		errs = append(errs, tx.Set(t.documents.semester, want.MergeFields(), firestore.MergeAll))
	}
	return errors.Join(errs...)
}

func (s *Service) url(object string) string { return "gs://" + s.bucketName + "/" + object }

// record records a run that publishes nothing.
func (s *Service) record(ctx context.Context, t target, run *Run) error {
	var st *state
	err := s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) (err error) {
		if st, err = readState(tx, t); err != nil {
			return err
		}
		return s.write(tx, t, st, run)
	})
	if err != nil {
		return fmt.Errorf("record the run of %s %s: %w", t.school.ID, t.semester.ID, err)
	}
	s.logFailing(ctx, t, st, run)
	return nil
}
