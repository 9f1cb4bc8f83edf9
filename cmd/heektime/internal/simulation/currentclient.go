package simulation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/cmd/heektime/internal/appclient"
	"heek.kr/heektime/internal/schema"
)

// A current client asks for what the reference client of docs/clients.md asks for, internal/tests/webclient/reference.mjs.
// Change both together: no test compares them.

// freeResume is for how long Firestore resumes a listener for free. The client then listens to all lectures again.
const freeResume = 30 * time.Minute

// openCurrent shows what is in the cache and listens to the lectures of the first timetable. On a fresh device, it
// first reads the user, the newest timetable and its semester. It returns the listeners.
func (p *player) openCurrent(ctx context.Context, s *student) (*appclient.Watch, error) {
	const action = "open the app"
	if !s.hasCached {
		if err := p.readOnce(ctx, s, action); err != nil {
			return nil, err
		}
	}
	w, err := s.app.Listen(ctx, action)
	if err != nil {
		return nil, err
	}
	if len(s.plans) > 0 {
		if err := p.watchLectures(ctx, s, w, action); err != nil {
			return nil, errors.Join(err, w.Close())
		}
	}
	s.hasCached = s.warm
	return w, nil
}

// readOnce reads what a fresh device then takes from its cache.
func (p *player) readOnce(ctx context.Context, s *student, action string) error {
	if _, err := p.user(s).Get(s.app.Context(ctx, action)); err != nil {
		return fmt.Errorf("%s: read the user: %w", action, err)
	}
	newest, err := p.query(ctx, s, action, schema.LatestTimetables(p.user(s), false).Limit(1))
	if err != nil || len(newest) == 0 {
		return err
	}
	if _, err := p.semester.Get(s.app.Context(ctx, action)); err != nil {
		return fmt.Errorf("%s: read the semester: %w", action, err)
	}
	return nil
}

// watchLectures listens to the lectures that are written from now on. A cache that was in sync within half an hour
// resumes for free. An older one asks for what was written since, and for the number of lectures, which shows what
// another device has deleted.
func (p *player) watchLectures(ctx context.Context, s *student, w *appclient.Watch, action string) error {
	shown := s.plans[0]
	timetable := p.timetable(s, shown)
	if s.listensSince = s.hasCached && !s.newest.IsZero() && p.now().Sub(s.synced) >= freeResume; s.listensSince {
		if err := w.Add(p.resuming(s, appclient.Lectures(targetLectures, timetable, s.newest))); err != nil {
			return err
		}
		n, err := p.countOf(ctx, s, action, schema.Lectures(timetable).Query)
		if err != nil {
			return err
		}
		if n != int64(len(shown.lectures)) {
			return fmt.Errorf("%s: %s has %d lectures, and the simulation has %d", action, timetable.Path, n, len(shown.lectures))
		}
		return nil
	}
	return w.Add(p.resuming(s, appclient.Lectures(targetLectures, timetable, time.Time{})))
}

// seen is a friend's timetable that a client has in its cache.
type seen struct {
	timetable *firestore.DocumentRef
	newest    time.Time // no lecture in the cache is newer; zero without a cache
	lectures  int
}

// viewCurrent looks at a friend's timetable: the first time, it finds the friend by username, lists their timetables
// and reads the lectures of the first one. Later, it asks for what was written since, and for the number of lectures.
func (p *player) viewCurrent(ctx context.Context, s, friend *student, action string) error {
	known := s.seen[friend.index]
	if known == nil {
		index := schema.UsernameRef(p.client, friend.username)
		if _, err := index.Get(s.app.Context(ctx, action)); err != nil {
			return fmt.Errorf("%s: find %s: %w", action, friend.username, err)
		}
		timetable, err := p.firstShared(ctx, s, friend, action)
		if err != nil || timetable == nil {
			return err
		}
		known = &seen{timetable: timetable}
		s.thinks()
	}
	isComplete := false
	lectures := schema.Lectures(known.timetable)
	if !known.newest.IsZero() {
		added, err := p.query(ctx, s, action, lectures.Where(schema.FieldUpdatedAt, ">", known.newest))
		if err != nil {
			return err
		}
		n, err := p.countOf(ctx, s, action, lectures.Query)
		if err != nil {
			return err
		}
		known.lectures, known.newest = known.lectures+len(added), newestOf(added, known.newest)
		isComplete = n == int64(known.lectures)
	}
	if !isComplete {
		all, err := p.query(ctx, s, action, lectures.Query)
		if err != nil {
			return err
		}
		known.lectures, known.newest = len(all), newestOf(all, known.newest)
	}
	if s.warm {
		s.seen[friend.index] = known
	}
	return nil
}

// newestOf returns the latest updatedAt of documents, or the given one if none is later.
func newestOf(docs []*firestore.DocumentSnapshot, newest time.Time) time.Time {
	for _, doc := range docs {
		if at, err := doc.DataAt(schema.FieldUpdatedAt); err == nil && at.(time.Time).After(newest) {
			newest = at.(time.Time)
		}
	}
	return newest
}

// listCurrent lists the student's timetables. Of more than two that were listed before, it asks for those that were
// written since, and for their number.
func (p *player) listCurrent(ctx context.Context, s *student) error {
	const action, fewest = "list the timetables", 2
	all := schema.Timetables(p.user(s))
	if !s.newestPlan.IsZero() && len(s.plans) > fewest && len(s.plans) < schema.MaxTimetablePage {
		written, err := p.query(ctx, s, action, all.Where(schema.FieldUpdatedAt, ">", s.newestPlan).Limit(schema.MaxTimetablePage))
		if err != nil {
			return err
		}
		n, err := p.countOf(ctx, s, action, all.Limit(schema.MaxTimetablePage))
		if err != nil {
			return err
		}
		if n != int64(len(s.plans)) {
			return fmt.Errorf("%s: %s has %d, and the simulation has %d", action, all.Path, n, len(s.plans))
		}
		s.newestPlan = newestOf(written, s.newestPlan)
		return nil
	}
	found, err := p.query(ctx, s, action, latestPage(p.user(s), false))
	s.newestPlan = newestOf(found, s.newestPlan)
	return err
}

// sendAfter is how long a client waits for another change of a lecture before it sends those that it has.
const sendAfter = 10 * time.Second

// edits are the changes of lectures that a client has not sent.
type edits struct {
	added   []string // IDs
	removed []string
	fields  map[string]schema.Lecture // of those that were added
	last    time.Duration             // when the last change was made
}

func (e *edits) remove(id string, at time.Duration) {
	e.last = at
	if i := slices.Index(e.added, id); i >= 0 {
		e.added = slices.Delete(e.added, i, i+1) // the server need not hear of it
		return
	}
	e.removed = append(e.removed, id)
}

func (e *edits) add(id string, l schema.Lecture, at time.Duration) {
	e.last = at
	e.added, e.fields[id] = append(e.added, id), l
}

// editCurrent adds lectures to the first timetable and removes some. It sends changes that follow each other soon in
// one batch, and waits for the listeners to hear of it.
func (p *player) editCurrent(ctx context.Context, s *student, v visit, w *appclient.Watch, list *list) error {
	shown := s.plans[0]
	e := &edits{fields: map[string]schema.Lecture{}}
	isListened := func(id string) bool {
		_, isNew := e.fields[id]
		return isNew || !s.listensSince
	}
	thinks := func() error {
		s.thinks()
		if s.offset-e.last < sendAfter {
			return nil
		}
		return p.send(ctx, s, e, w, isListened)
	}
	for range v.adds {
		if err := thinks(); err != nil {
			return err
		}
		id := s.newID() + s.newID()
		e.add(id, list.lectures[s.random.IntN(len(list.lectures))], s.offset)
		shown.lectures = append(shown.lectures, id)
	}
	for range min(v.removes, len(shown.lectures)) {
		if err := thinks(); err != nil {
			return err
		}
		i := s.random.IntN(len(shown.lectures))
		e.remove(shown.lectures[i], s.offset)
		shown.lectures = slices.Delete(shown.lectures, i, i+1)
	}
	return p.send(ctx, s, e, w, isListened)
}

// send sends changes in one batch. A listener that has only what was written since the visit began does not hear of
// older lectures that are removed.
func (p *player) send(ctx context.Context, s *student, e *edits, w *appclient.Watch, isListened func(id string) bool) error {
	const action = "change lectures"
	if len(e.added)+len(e.removed) == 0 {
		return nil
	}
	ref := p.timetable(s, s.plans[0])
	var committed firestore.CommitResponse
	err := p.client.RunTransaction(s.app.Context(ctx, action), func(_ context.Context, tx *firestore.Transaction) error {
		for _, id := range e.added {
			if err := tx.Create(schema.LectureRef(ref, id), e.fields[id].NewFields()); err != nil {
				return err
			}
		}
		for _, id := range e.removed {
			if err := tx.Delete(schema.LectureRef(ref, id)); err != nil {
				return err
			}
		}
		return nil
	}, firestore.WithCommitResponseTo(&committed))
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	isHeard := len(e.added) > 0 || slices.ContainsFunc(e.removed, isListened)
	e.added, e.removed = nil, nil
	if !isHeard {
		return nil
	}
	return p.heard(s, w, committed.CommitTime())
}
