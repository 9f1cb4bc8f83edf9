package deletion

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"heek.kr/heektime/internal/cloudevent"
	"heek.kr/heektime/internal/schema"
)

// TimetableDeleted is the function for users/{uid}/timetables/{timetable}.
func (s *Service) TimetableDeleted(ctx context.Context, e cloudevent.Event) error {
	uid, id, ok := schema.SplitTimetablePath(e.Path)
	if !ok {
		return permanent(e)
	}
	removed, err := s.Lectures(ctx, uid, id)
	log := s.log.With("event", e.ID, "uid", uid, "timetable", id, "lectures", removed)
	switch {
	case errors.Is(err, ErrLives):
		log.InfoContext(ctx, "timetable exists again: its lectures stay")
		return nil
	case err != nil:
		return err
	}
	log.InfoContext(ctx, "lectures of a deleted timetable removed")
	return nil
}

// UserDeleted is the function for users/{uid}.
func (s *Service) UserDeleted(ctx context.Context, e cloudevent.Event) error {
	uid, ok := schema.SplitUserPath(e.Path)
	if !ok {
		return permanent(e)
	}
	return s.User(ctx, uid, e.Text(schema.FieldUsername), e.Time)
}

func permanent(e cloudevent.Event) error {
	return fmt.Errorf("%w: its document is %s", cloudevent.ErrPermanent, strings.Join(e.Path, "/"))
}
