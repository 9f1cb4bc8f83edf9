package push

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"heek.kr/heektime/internal/listdelta"
	"heek.kr/heektime/internal/listdiff"
	"heek.kr/heektime/internal/liststore"
	"heek.kr/heektime/internal/push/pushplan"
	"heek.kr/heektime/internal/schema"
)

// errUnusable means that students cannot be told of the lectures of a change, however often it is tried: they are
// told that the list changed.
var errUnusable = errors.New("students are not told of the lectures of a change")

// compareLists adds the lectures to the changes that have too many for their documents. The lists of a change are
// kept until three more are published.
func (s *Service) compareLists(ctx context.Context, sem *semester, changes []schema.Change) error {
	for i := range changes {
		c := &changes[i]
		if c.Complete || c.From == "" {
			continue
		}
		lectures, err := s.lecturesOf(ctx, c)
		switch {
		case errors.Is(err, errUnusable):
			s.log.WarnContext(ctx, errUnusable.Error(), "school", sem.school, "semester", string(sem.id), "at", c.At, "reason", err.Error())
		case err != nil:
			return err
		default:
			c.Lectures, c.Complete = lectures, true
		}
	}
	return nil
}

// lecturesOf returns the lectures that differ between the lists of a change in what students are notified of. If
// they are more than [pushplan.MaxLectures], it is a new list for everybody, and the error is errUnusable.
func (s *Service) lecturesOf(ctx context.Context, c *schema.Change) ([]schema.LectureChange, error) {
	s.comparing.Lock()
	defer s.comparing.Unlock()
	older, err := s.readList(ctx, c.From)
	if err != nil {
		return nil, err
	}
	newer, err := s.newerList(ctx, older, c)
	if err != nil {
		return nil, err
	}
	from, err := schema.DecodeCourseList(bytes.NewReader(older))
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", errUnusable, c.From, err)
	}
	to, err := schema.DecodeCourseList(bytes.NewReader(newer))
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", errUnusable, c.To, err)
	}
	lectures := slices.DeleteFunc(listdiff.Compare(from, to).Lectures, func(l schema.LectureChange) bool { return !pushplan.Concerns(&l) })
	known := 0 // an added lecture is in nobody's timetable
	for _, l := range lectures {
		if l.Kind != schema.LectureAdded {
			known++
		}
	}
	if known > pushplan.MaxLectures {
		return nil, fmt.Errorf("%w: of %d lectures, more than %d", errUnusable, known, pushplan.MaxLectures)
	}
	return lectures, nil
}

// newerList returns the newer list of a change: the older one with the delta, which is far smaller, or the list
// itself if the delta is gone or does not fit.
func (s *Service) newerList(ctx context.Context, older []byte, c *schema.Change) ([]byte, error) {
	if c.Delta != "" {
		delta, err := s.readList(ctx, c.Delta)
		if err == nil {
			var newer []byte
			if newer, err = listdelta.Apply(older, delta, strings.TrimSuffix(path.Base(c.To), ".json")); err == nil {
				return newer, nil
			}
			s.log.WarnContext(ctx, "a delta does not fit its list", "delta", c.Delta, "error", err.Error())
		} else if !errors.Is(err, errUnusable) {
			return nil, err
		}
	}
	return s.readList(ctx, c.To)
}

// readList reads an object at a gs:// address.
func (s *Service) readList(ctx context.Context, url string) ([]byte, error) {
	body, err := s.lists(ctx, liststore.Name(url))
	if errors.Is(err, liststore.ErrNone) || errors.Is(err, liststore.ErrDamaged) {
		return nil, fmt.Errorf("%w: %w", errUnusable, err)
	}
	return body, err
}
