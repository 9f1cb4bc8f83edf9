package api

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"heek.kr/heektime/compat-server/catalog"
	"heek.kr/heektime/compat-server/courselist"
	"heek.kr/heektime/compat-server/timetable"
	"heek.kr/heektime/internal/schema"
)

// timetableObject is a timetable in the format of old apps.
type timetableObject struct {
	ID       string          `json:"id"`
	Title    string          `json:"title"`
	User     userObject      `json:"user"`
	Semester semesterObject  `json:"semester"`
	Lectures []lectureObject `json:"lectures"`
}

type userObject struct {
	ID string `json:"id"`
}

type semesterObject struct {
	ID     string       `json:"id"`
	Year   int          `json:"year"`
	Term   string       `json:"term"`
	School schoolObject `json:"school"`
}

type schoolObject struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// lectureObject is a lecture in the format of old apps. It has every field of the schema, but tags
// instead of metas, and no url.
type lectureObject struct {
	ID string `json:"id"`
	schema.Lecture
	Times []courselist.Time `json:"times"`
	Tags  []courselist.Tag  `json:"tags"`
	Metas *struct{}         `json:"metas,omitempty"`
	URL   *struct{}         `json:"url,omitempty"`
}

func timetableOf(t timetable.Timetable, semester *catalog.Semester) timetableObject {
	o := timetableObject{
		ID: t.ID, Title: t.Title, User: userObject{t.UserID},
		Semester: semesterObject{semester.ID, semester.Year, semester.Term, schoolObject{semester.School.ID, semester.School.Name}},
		Lectures: make([]lectureObject, len(t.Lectures)),
	}
	for i, l := range t.Lectures {
		o.Lectures[i] = lectureOf(l, semester)
	}
	return o
}

func lectureOf(l timetable.Lecture, semester *catalog.Semester) lectureObject {
	return lectureObject{ID: l.ID, Lecture: l.Lecture, Times: courselist.Times(l.Times, semester), Tags: courselist.Tags(l.Metas)}
}

// documentsPerCall is the number of documents for which a call counts as one more call against the
// rate limit.
const documentsPerCall = 100

// listTimetables handles GET /users/{user id}/timetables. Users also get their own private
// timetables.
func (s *Server) listTimetables(ctx context.Context, c *call) error {
	uid, err := c.param("user")
	if err != nil {
		return err
	}
	own := c.signedIn && c.UID == uid
	if own {
		if err := s.accounts.Check(ctx, c.Session); err != nil {
			return err
		}
	}
	var userErr error
	var wg sync.WaitGroup
	if !own {
		wg.Go(func() { _, userErr = s.accounts.User(ctx, uid) })
	}
	timetables, err := s.timetables.List(ctx, uid, !own)
	wg.Wait()
	if err := errors.Join(userErr, err); err != nil {
		return err
	}
	documents := len(timetables)
	list := make([]timetableObject, len(timetables))
	for i, t := range timetables {
		documents += len(t.Lectures)
		semester, err := s.catalog.OfTimetable(ctx, t.SemesterPath)
		if err != nil {
			return err
		}
		list[i] = timetableOf(t, semester)
	}
	// Each document is billed, and some users have very many of them.
	limiter, key := s.limiter(c.caller)
	limiter.Charge(key, documents/documentsPerCall, s.now())
	return respond(c, http.StatusOK, list)
}

// createTimetable handles POST /me/timetables.
func (s *Server) createTimetable(ctx context.Context, c *call) error {
	fields, err := c.decode("semester_id", "title")
	if err != nil {
		return err
	}
	if err := timetable.CheckTitle(fields[1]); err != nil {
		return errTimetable.withMessage(err.Error())
	}
	semester, err := s.catalog.Find(ctx, fields[0])
	switch {
	case err != nil:
		return err
	case semester == nil:
		return errNoSemester
	}
	t, err := s.timetables.Create(ctx, c.UID, fields[1], semester.Path)
	if err != nil {
		return err
	}
	return respond(c, http.StatusCreated, timetableOf(t, semester))
}

// addLecture handles POST /me/timetables/{id}/lectures.
func (s *Server) addLecture(ctx context.Context, c *call) error {
	clean, err := c.cleanLecture()
	if err != nil {
		return err
	}
	id, err := c.param("timetable")
	if err != nil {
		return err
	}
	t, added, err := s.timetables.Add(ctx, c.UID, id, clean)
	return s.respondLecture(ctx, c, http.StatusCreated, t, added, err)
}

// putLecture handles PUT /me/timetables/{id}/lectures/{lecture id}.
func (s *Server) putLecture(ctx context.Context, c *call) error {
	clean, err := c.cleanLecture()
	if err != nil {
		return err
	}
	id, lectureID, err := c.lecture()
	if err != nil {
		return err
	}
	t, put, err := s.timetables.Put(ctx, c.UID, id, lectureID, clean)
	return s.respondLecture(ctx, c, http.StatusOK, t, put, err)
}

// cleanLecture reads the lecture in the body and converts it to the schema.
func (c *call) cleanLecture() (schema.Lecture, error) {
	body, err := c.body(maxLecture)
	if err != nil {
		return schema.Lecture{}, err
	}
	clean, err := timetable.Clean(body)
	if err != nil {
		return schema.Lecture{}, errLecture.withMessage(err.Error())
	}
	return clean, nil
}

// respondLecture sends a lecture that was added or replaced, or returns err.
func (s *Server) respondLecture(ctx context.Context, c *call, status int, t timetable.Timetable, l timetable.Lecture, err error) error {
	if err != nil {
		return err
	}
	semester, err := s.catalog.OfTimetable(ctx, t.SemesterPath)
	if err != nil {
		return err
	}
	return respond(c, status, lectureOf(l, semester))
}

// deleteLecture handles DELETE /me/timetables/{id}/lectures/{lecture id}.
func (s *Server) deleteLecture(ctx context.Context, c *call) error {
	id, lectureID, err := c.lecture()
	if err != nil {
		return err
	}
	if err := s.timetables.Delete(ctx, c.UID, id, lectureID); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// lecture returns the IDs of the timetable and the lecture in the path.
func (c *call) lecture() (timetableID, lectureID string, err error) {
	if timetableID, err = c.param("timetable"); err != nil {
		return "", "", err
	}
	lectureID, err = c.param("lecture")
	return timetableID, lectureID, err
}
