package simulation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/cmd/heektime/internal/appclient"
	"heek.kr/heektime/internal/schema"
)

// visitWithFirebase plays a visit with a client of Firebase's SDK.
func (p *player) visitWithFirebase(ctx context.Context, s *student, v visit) (err error) {
	if err := p.arrive(ctx, s, v); err != nil {
		return err
	}
	watch, err := p.open(ctx, s)
	if err != nil {
		return err
	}
	defer func() {
		closed := watch.Close()
		s.keep(watch, p.now())
		err = errors.Join(err, closed)
	}()
	if s.client == currentClient && (v.lists || v.newPlan) { // others have listed them when they opened
		s.thinks()
		if err := p.listCurrent(ctx, s); err != nil {
			return err
		}
	}
	if v.newPlan {
		s.thinks()
		if err := p.planWithFirebase(ctx, s); err != nil {
			return err
		}
	}
	if v.search || v.newPlan {
		s.thinks()
		list, err := p.loadList(ctx, s)
		if err != nil {
			return err
		}
		if err := p.edit(ctx, s, v, watch, list); err != nil {
			return err
		}
	}
	if v.friend >= 0 {
		s.thinks()
		return p.viewWithFirebase(ctx, s, p.students[v.friend])
	}
	return nil
}

// arrive signs the student in where needed.
func (p *player) arrive(ctx context.Context, s *student, v visit) error {
	first := s.uid == ""
	if !s.warm {
		s.forget()
	}
	if !first && !v.signIn {
		return p.renew(ctx, s)
	}
	s.forget()
	if err := p.signInWithService(ctx, s, first); err != nil {
		return err
	}
	if !first {
		return nil
	}
	s.thinks()
	return p.claim(ctx, s)
}

// The targets of a client's listeners.
const (
	targetUser int32 = 1 + iota
	targetTimetable
	targetLectures
)

// open opens the app: it shows the student's timetables, and the lectures of the first one. It returns
// the listeners.
func (p *player) open(ctx context.Context, s *student) (*appclient.Watch, error) {
	if s.client == currentClient {
		return p.openCurrent(ctx, s)
	}
	const action = "open the app"
	w, err := s.app.Listen(ctx, action)
	if err != nil {
		return nil, err
	}
	if err := p.openField(ctx, s, w, action); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// openField reads what clients in the field read: their user, the list of timetables, the first one
// and its lectures.
func (p *player) openField(ctx context.Context, s *student, w *appclient.Watch, action string) error {
	if err := w.Add(p.resuming(s, appclient.Documents(targetUser, p.user(s)))); err != nil {
		return err
	}
	if _, err := p.query(ctx, s, action, latestPage(p.user(s), false)); err != nil {
		return err
	}
	if len(s.plans) == 0 {
		return nil
	}
	shown := p.timetable(s, s.plans[0])
	if err := w.Add(p.resuming(s, appclient.Documents(targetTimetable, shown))); err != nil {
		return err
	}
	return w.Add(p.resuming(s, appclient.Lectures(targetLectures, shown, time.Time{})))
}

// latestPage is the first page of a list of timetables.
func latestPage(user *firestore.DocumentRef, forOthers bool) firestore.Query {
	return schema.LatestTimetables(user, forOthers).Limit(schema.MaxTimetablePage)
}

// keep keeps what a warm client has at the end of a visit.
func (s *student) keep(w *appclient.Watch, now time.Time) {
	if !s.warm {
		return
	}
	for id, token := range w.Tokens {
		s.resume[id] = token
	}
	if s.listensSince {
		delete(s.resume, targetLectures) // its query is another one each time
	} else {
		s.synced = now
	}
	if s.newest.Before(w.Newest) {
		s.newest = w.Newest
	}
}

// resuming returns a target that resumes where the last visit ended, if the client has kept that and it is not longer
// ago than what Firestore resumes for free. After that, it bills the whole query, with the token or without; whether
// the local cloud still has all changes, and sends only those, can depend on a microsecond.
func (p *player) resuming(s *student, t *firestorepb.Target) *firestorepb.Target {
	if token := s.resume[t.TargetId]; token != nil && p.now().Sub(s.synced) < freeResume {
		t.ResumeType = &firestorepb.Target_ResumeToken{ResumeToken: token}
	}
	return t
}

// query runs a query and returns its documents.
func (p *player) query(ctx context.Context, s *student, action string, q firestore.Query) ([]*firestore.DocumentSnapshot, error) {
	docs, err := q.Documents(s.app.Context(ctx, action)).GetAll()
	if err != nil {
		return nil, fmt.Errorf("%s: query: %w", action, err)
	}
	return docs, nil
}

// countOf counts the results of a query.
func (p *player) countOf(ctx context.Context, s *student, action string, q firestore.Query) (int64, error) {
	const alias = "n"
	r, err := q.NewAggregationQuery().WithCount(alias).Get(s.app.Context(ctx, action))
	if err != nil {
		return 0, fmt.Errorf("%s: count: %w", action, err)
	}
	n, _ := r[alias].(*firestorepb.Value)
	return n.GetIntegerValue(), nil
}

// planWithFirebase makes a timetable, after reading which schools and semesters there are.
func (p *player) planWithFirebase(ctx context.Context, s *student) error {
	const action = "make a timetable"
	if s.client == fieldClient || !s.cacheSchools {
		if _, err := p.query(ctx, s, action, schema.Schools(p.client).Query); err != nil {
			return err
		}
		offered := p.semester.Parent.Where(schema.FieldStatus, "==", string(schema.StatusNormal))
		if _, err := p.query(ctx, s, action, offered); err != nil {
			return err
		}
		s.cacheSchools = s.warm
	}
	_, err := p.makePlan(ctx, s, action, nil)
	return err
}

// loadList loads the course list as the client does, unless its HTTP cache has it.
func (p *player) loadList(ctx context.Context, s *student) (*list, error) {
	const action = "search"
	doc, err := p.semester.Get(s.app.Context(ctx, action))
	if err != nil {
		return nil, fmt.Errorf("%s: read the semester: %w", action, err)
	}
	object, ok := strings.CutPrefix(schema.ReadSemester(doc).LecturesURL, "gs://"+p.cloud.Bucket+"/")
	if !ok {
		return nil, fmt.Errorf("%s: the semester has no list in the bucket %s", action, p.cloud.Bucket)
	}
	if s.client == fieldClient {
		if err := s.app.DownloadURL(ctx, action, object); err != nil {
			return nil, err
		}
	}
	p.addSearch()
	if s.listURL == object {
		p.addCached(p.lists.known(object).bytes)
		return p.lists.known(object), nil
	}
	before := s.listURL
	s.listURL = ""
	if s.warm {
		s.listURL = object
	}
	if s.client == currentClient && before != "" {
		switch delta, err := s.app.Download(ctx, action, schema.DeltaName(before, object)); {
		case err == nil:
			p.addDelta(int64(len(delta)))
			return p.lists.patched(before, object), nil
		case !appclient.IsNotFound(err):
			return nil, err
		}
	}
	text, err := s.app.Download(ctx, action, object)
	if err != nil {
		return nil, err
	}
	p.addLoad(int64(len(text)))
	return p.lists.of(object, text, false)
}

// edit adds lectures to the first timetable and removes some, if there is one.
func (p *player) edit(ctx context.Context, s *student, v visit, w *appclient.Watch, list *list) error {
	switch {
	case len(s.plans) == 0:
		return nil
	case s.client == currentClient:
		return p.editCurrent(ctx, s, v, w, list)
	}
	return p.editField(ctx, s, v, w, list)
}

// editField sends each change by itself, and waits for the listeners to hear of it.
func (p *player) editField(ctx context.Context, s *student, v visit, w *appclient.Watch, list *list) error {
	shown := s.plans[0]
	ref := p.timetable(s, shown)
	for range v.adds {
		s.thinks()
		id := s.newID() + s.newID()
		l := list.lectures[s.random.IntN(len(list.lectures))]
		r, err := schema.LectureRef(ref, id).Create(s.app.Context(ctx, "add a lecture"), l.NewFields())
		if err != nil {
			return fmt.Errorf("add a lecture: %w", err)
		}
		shown.lectures = append(shown.lectures, id)
		if err := p.heard(s, w, r.UpdateTime); err != nil {
			return err
		}
	}
	for range min(v.removes, len(shown.lectures)) {
		s.thinks()
		i := s.random.IntN(len(shown.lectures))
		id := shown.lectures[i]
		r, err := schema.LectureRef(ref, id).Delete(s.app.Context(ctx, "remove a lecture"))
		if err != nil {
			return fmt.Errorf("remove a lecture: %w", err)
		}
		shown.lectures = append(shown.lectures[:i], shown.lectures[i+1:]...)
		if err := p.heard(s, w, r.UpdateTime); err != nil {
			return err
		}
	}
	return nil
}

// heard waits until a listener has heard of a write. A student's first timetable may be so new that
// the app has not listened to its lectures yet.
func (p *player) heard(s *student, w *appclient.Watch, at time.Time) error {
	if w.Tokens[targetLectures] == nil {
		return nil
	}
	return w.Await(at)
}

// viewWithFirebase looks at a friend's timetable.
func (p *player) viewWithFirebase(ctx context.Context, s, friend *student) error {
	const action = "look at a friend's timetable"
	switch {
	case friend.uid == "":
		return nil
	case s.client == currentClient:
		return p.viewCurrent(ctx, s, friend, action)
	}
	return p.viewField(ctx, s, friend, action)
}

// viewField reads what clients in the field read: the friend by username, their timetables, and the first one and
// its lectures, to which it listens.
func (p *player) viewField(ctx context.Context, s, friend *student, action string) (err error) {
	if _, err := p.query(ctx, s, action, schema.UserWithName(p.client, friend.username)); err != nil {
		return err
	}
	timetable, err := p.firstShared(ctx, s, friend, action)
	if err != nil || timetable == nil {
		return err
	}
	s.thinks()
	w, err := s.app.Listen(ctx, action)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if err := w.Add(appclient.Documents(targetTimetable, timetable)); err != nil {
		return err
	}
	return w.Add(appclient.Lectures(targetLectures, timetable, time.Time{}))
}

// firstShared lists a friend's public timetables and returns the first one, nil if there is none.
func (p *player) firstShared(ctx context.Context, s, friend *student, action string) (*firestore.DocumentRef, error) {
	found, err := p.query(ctx, s, action, latestPage(p.user(friend), true))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0].Ref, nil
}
