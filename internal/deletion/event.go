package deletion

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"heek.kr/heektime/internal/cloudevent"
)

// TimetableDeleted is the function for users/{uid}/timetables/{timetable}.
func (s *Service) TimetableDeleted(ctx context.Context, e cloudevent.Event) error {
	if len(e.Path) != 4 || e.Path[0] != "users" || e.Path[2] != "timetables" {
		return permanent(e)
	}
	removed, err := s.Lectures(ctx, e.Path[1], e.Path[3])
	log := s.log.With("event", e.ID, "uid", e.Path[1], "timetable", e.Path[3], "lectures", removed)
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
	if len(e.Path) != 2 || e.Path[0] != "users" {
		return permanent(e)
	}
	return s.User(ctx, e.Path[1], e.Text("username"), e.Time)
}

func permanent(e cloudevent.Event) error {
	return fmt.Errorf("%w: its document is %s", cloudevent.ErrPermanent, strings.Join(e.Path, "/"))
}
