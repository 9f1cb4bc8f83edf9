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

// keptLists is how many of a semester's lists are kept: the published one, and its predecessors, for clients
// that read the semester document a moment ago and are about to load them. A client that has one of the
// predecessors loads a delta from it to the published one.
const keptLists = 4

// checkedEvery is how often the semester document is written only to say that the list was checked. Each
// time, all clients that listen to it are billed a read, and those that show the time need no more precision.
const checkedEvery = 24 * time.Hour

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

// publish points the semester at the list, writes how it differs from the one before, and records the run,
// all in one transaction, after the object exists.
//
// This order protects the last good list. An object exists before anything refers to it, and the
// transaction checks for it once more, because another run's clean-up may have mistaken it for a
// leftover in the meantime. That clean-up first condemns objects by writing the record, which this
// transaction has read. So either the clean-up sees this publication, or the transaction finds the
// object condemned or gone, and publish uploads it again.
//
// record may be older than the one in the transaction. If another list was published in between, publish
// compares again.
func (s *Service) publish(ctx context.Context, t target, l list, record *Record, run *Run) error {
	const attempts = 4
	c, err := s.prepare(ctx, t, l, record)
	if err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		err := s.tryPublish(ctx, t, l, c, run)
		switch {
		case attempt == attempts:
			return err
		case errors.Is(err, errNoObject):
			err = s.upload(ctx, l.name, l.encoded)
		case errors.Is(err, errOtherList):
			var now Record
			if now, err = ReadRecord(ctx, s.firestore, t.school.ID, t.semester.ID); err == nil {
				c, err = s.prepare(ctx, t, l, &now)
			}
		default:
			return err
		}
		if err != nil {
			return err
		}
	}
}

// tryPublish makes one attempt to publish and sets the run's outcome.
func (s *Service) tryPublish(ctx context.Context, t target, l list, c *comparison, run *Run) error {
	var st *state
	err := s.firestore.RunTransaction(ctx, func(ctx context.Context, tx *firestore.Transaction) (err error) {
		if st, err = readState(tx, t); err != nil {
			return err
		}
		if st.record.FetchedAt.After(l.fetchedAt) {
			run.Outcome, run.Reason = Superseded, "a list that was fetched later is published"
			return nil
		}
		published, now := hashOfPublished(&st.record), s.now()
		if c.published != published {
			return errOtherList
		}
		if reason := suspicion(&st.record, l, t.school.Loss()); reason != "" && !l.accept {
			run.Outcome, run.Reason = Suspicious, reason
			switch known := st.record.HeldBack.To == s.url(l.name) && st.record.HeldBack.From == c.from; {
			case !known && c.heldBack:
				return errOtherList
			case !known:
				st.record.HeldBack = s.heldBack(c, l, now)
			}
			return s.write(tx, t, st, run, now)
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
		at := now
		if published == l.hash {
			at = st.record.Published[0].At
		} else {
			if published != "" && !at.After(st.record.Published[0].At) { // two instances whose clocks differ
				at = st.record.Published[0].At.Add(time.Microsecond)
			}
			change := s.change(c, l, &st.record, at)
			st.change, st.changeRef = &change, schema.ChangeRef(t.documents.semester, at, l.hash)
			setNotify(st)
		}
		st.record.FetchedAt, st.record.HeldBack = l.fetchedAt, Change{}
		setPublished(&st.record, Published{Object: object, Hash: l.hash, Lectures: l.lectures, At: at})
		return s.write(tx, t, st, run, now)
	})
	switch {
	case err == nil:
		s.logFailing(ctx, t, st, run)
		return s.notify(ctx, t, st.record.Notify)
	case !errors.Is(err, errNoObject) && !errors.Is(err, errOtherList):
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
	// change is how a list that is being published differs from the one before, nil if none is.
	change    *Change
	changeRef *firestore.DocumentRef
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
// record. It skips a document that already matches: a write would notify every client listening to it. A run
// that found the list unchanged has no document of its own: the record has the last run, the log all of them.
func (s *Service) write(tx *firestore.Transaction, t target, st *state, run *Run, now time.Time) error {
	run.Ended = now
	run.Expires = run.Ended.Add(runRetention)
	want := schema.Semester{
		Year: t.semester.Year, Term: t.semester.Term, Status: t.semester.Status,
		Periods: t.school.PeriodsOf(t.semester), LecturesURL: st.semester.LecturesURL,
		ListChangedAt: st.semester.ListChangedAt, ListCheckedAt: st.semester.ListCheckedAt,
		FirstDay: t.semester.FirstDay, LastDay: t.semester.LastDay,
		Holidays: t.semester.Holidays, ClassDays: t.semester.ClassDays,
	}
	if len(st.record.Published) > 0 {
		want.LecturesURL, want.ListChangedAt = s.url(st.record.Published[0].Name), st.record.Published[0].At
	}
	if checked := run.Outcome == Changed || run.Outcome == Unchanged; checked &&
		(!want.Equal(st.semester) || run.Ended.Sub(want.ListCheckedAt) >= checkedEvery) {
		want.ListCheckedAt = run.Ended
	}
	run.URL = want.LecturesURL
	if run.Slot.After(st.record.Slot) && !run.Retry {
		st.record.Slot = run.Slot
	}
	if !run.Started.Before(st.record.LastRun.Started) {
		st.record.LastRun = *run
		st.keepsFailing = count(&st.record.Failing, run)
	}
	if st.change == nil {
		s.clearNotify(t, &st.record)
	}
	errs := []error{tx.Set(t.record, st.record)}
	if run.Outcome != Unchanged {
		errs = append(errs, tx.Set(schema.RunRef(t.record, run), run))
	}
	if st.change != nil {
		errs = append(errs, tx.Set(st.changeRef, st.change))
	}
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
		return s.write(tx, t, st, run, s.now())
	})
	if err != nil {
		return fmt.Errorf("record the run of %s %s: %w", t.school.ID, t.semester.ID, err)
	}
	s.logFailing(ctx, t, st, run)
	return nil
}
