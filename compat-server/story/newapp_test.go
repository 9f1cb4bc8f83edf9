package story

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// newPrefix begins the titles of what new apps make, so that an old app of the same user can tell.
const newPrefix = "새 앱 "

// newApp is a new app on the phone of one user. It reads and writes Firestore directly, under the security
// rules. Nothing stands between it and Firestore, so that none of its requests may fail.
type newApp struct {
	w   *world
	r   *rand.Rand
	uid string
	fs  *firestore.Client
	model
	serial int
}

func (w *world) newApp(uid string, r *rand.Rand) *newApp {
	return &newApp{w: w, r: r, uid: uid, fs: w.cloud.FirestoreClientAs(w, uid, nil)}
}

func (a *newApp) title() string {
	a.serial++
	return fmt.Sprintf("%s%s %04d", newPrefix, a.uid, a.serial)
}

func (a *newApp) collection() *firestore.CollectionRef {
	return schema.Timetables(schema.UserRef(a.fs, a.uid))
}

func (a *newApp) createTimetable(ctx context.Context) error {
	if len(a.timetables) >= maxTimetables {
		return a.list(ctx)
	}
	const characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	id := make([]byte, schema.TimetableIDLength)
	for i := range id {
		id[i] = characters[a.r.IntN(len(characters))]
	}
	visibility := schema.Public
	if a.r.IntN(2) == 0 {
		visibility = schema.Private
	}
	t := schema.Timetable{Title: a.title(), Visibility: visibility, Semester: a.fs.Doc(a.w.semesterPath)}
	if _, err := a.collection().Doc(string(id)).Create(ctx, t); err != nil {
		return fmt.Errorf("create timetable %s: %w", id, err)
	}
	a.w.count(newWrites)
	return a.addTimetable(timetableObject{ID: string(id), Title: t.Title})
}

func (a *newApp) lecture() lectureObject {
	return lectureObject{
		Identifier: fmt.Sprintf("COSE%03d", a.r.IntN(1000)), Title: a.title(), Professor: "홍길동", Credit: 3,
		Times: []timeObject{{Weekday: 1, TimeBegin: 600, TimeEnd: 675}}, Category: []string{"전공"}, Tags: []tagObject{},
	}
}

// document converts a lecture of the legacy API.
func (l lectureObject) document() schema.Lecture {
	doc := schema.Lecture{Identifier: l.Identifier, Title: l.Title, Professor: l.Professor, Credit: l.Credit, Category: l.Category}
	for _, t := range l.Times {
		doc.Times = append(doc.Times, schema.LectureTime(t))
	}
	for _, tag := range l.Tags {
		doc.Metas = append(doc.Metas, schema.Tag(tag.Name))
	}
	return doc.Complete()
}

// objectOf is the reverse of [lectureObject.document].
func objectOf(id string, doc schema.Lecture) lectureObject {
	doc = doc.Complete()
	l := lectureObject{
		ID: id, Identifier: doc.Identifier, Title: doc.Title, Professor: doc.Professor, Credit: doc.Credit,
		Times: []timeObject{}, Category: doc.Category, Tags: []tagObject{},
	}
	for _, t := range doc.Times {
		l.Times = append(l.Times, timeObject(t))
	}
	for _, m := range doc.Metas {
		l.Tags = append(l.Tags, tagObject{m.Name})
	}
	return l
}

func (a *newApp) addLecture(ctx context.Context) error {
	t := a.anyTimetable(a.r)
	if t == nil {
		return a.createTimetable(ctx)
	}
	if len(t.lectures) >= maxLectures {
		return a.deleteLecture(ctx)
	}
	doc, l := schema.Lectures(a.collection().Doc(t.id)).NewDoc(), a.lecture()
	if _, err := doc.Create(ctx, l.document().NewFields()); err != nil {
		return fmt.Errorf("add lecture %s: %w", doc.Path, err)
	}
	a.w.count(newWrites)
	return t.addLecture(doc.ID, l)
}

func (a *newApp) putLecture(ctx context.Context) error {
	t, id := a.anyLecture(a.r)
	if t == nil {
		return a.addLecture(ctx)
	}
	l := a.lecture()
	if _, err := schema.LectureRef(a.collection().Doc(t.id), id).Update(ctx, l.document().Updates()); err != nil {
		return fmt.Errorf("update lecture %s: %w", id, err)
	}
	a.w.count(newWrites)
	t.putLecture(id, l)
	return nil
}

func (a *newApp) deleteLecture(ctx context.Context) error {
	t, id := a.anyLecture(a.r)
	if t == nil {
		return nil
	}
	if _, err := schema.LectureRef(a.collection().Doc(t.id), id).Delete(ctx); err != nil {
		return fmt.Errorf("delete lecture %s: %w", id, err)
	}
	a.w.count(newWrites)
	t.deleteLecture(id)
	return nil
}

// deleteTimetable deletes a timetable, as new apps do: its lectures are left to the functions.
func (a *newApp) deleteTimetable(ctx context.Context) error {
	t := a.anyTimetable(a.r)
	if t == nil {
		return nil
	}
	if _, err := a.collection().Doc(t.id).Delete(ctx); err != nil {
		return fmt.Errorf("delete timetable %s: %w", t.id, err)
	}
	a.w.count(newWrites)
	delete(a.timetables, t.id)
	return nil
}

// list reads the app's timetables, and those that its user's old app made, and compares the former with the
// model.
func (a *newApp) list(ctx context.Context) error {
	list, err := readFirestore(ctx, a.fs, a.uid)
	if err != nil {
		return err
	}
	return a.compare(list, isOld)
}

// readFirestore returns a user's timetables as they are in Firestore.
func readFirestore(ctx context.Context, fs *firestore.Client, uid string) (list []timetableObject, err error) {
	query := schema.LatestTimetables(schema.UserRef(fs, uid), false)
	var last *firestore.DocumentSnapshot
	for {
		page := query.Limit(schema.MaxTimetablePage)
		if last != nil {
			page = page.StartAfter(last)
		}
		docs, err := page.Documents(ctx).GetAll()
		if err != nil {
			return nil, fmt.Errorf("list timetables of %s: %w", uid, err)
		}
		for _, doc := range docs {
			last = doc
			t := timetableObject{ID: doc.Ref.ID, Title: schema.ReadTimetable(doc).Title}
			lectures, err := schema.Lectures(doc.Ref).Documents(ctx).GetAll()
			if err != nil {
				return nil, fmt.Errorf("list lectures of %s: %w", doc.Ref.Path, err)
			}
			for _, doc := range lectures {
				l, _ := schema.ReadLecture(doc)
				t.Lectures = append(t.Lectures, objectOf(doc.Ref.ID, l))
			}
			list = append(list, t)
		}
		if len(docs) < schema.MaxTimetablePage {
			return list, nil
		}
	}
}

func (a *newApp) step(ctx context.Context) error {
	switch n := a.r.IntN(100); {
	case n < 35:
		return a.addLecture(ctx)
	case n < 60:
		return a.putLecture(ctx)
	case n < 75:
		return a.deleteLecture(ctx)
	case n < 83:
		return a.createTimetable(ctx)
	case n < 86:
		return a.deleteTimetable(ctx)
	default:
		return a.list(ctx)
	}
}

// live uses the app until ctx is done. It completes what it has begun.
func (a *newApp) live(ctx context.Context) {
	for ctx.Err() == nil {
		if err := a.step(a.w.requests); err != nil && !errors.Is(err, context.Canceled) {
			a.w.fail("new app of %s: %v", a.uid, err)
			return
		}
		a.w.count("steps of new apps")
		a.w.step()
		a.w.pause(ctx, a.r)
	}
}
