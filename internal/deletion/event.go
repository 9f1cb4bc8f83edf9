package deletion

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"heek.kr/heektime/internal/cloudevent"
	"heek.kr/heektime/internal/schema"
)

// TimetableDeleted handles the deletion of users/{uid}/timetables/{timetable}.
func (s *Service) TimetableDeleted(ctx context.Context, e cloudevent.Event) error {
	uid, id, ok := schema.SplitTimetablePath(e.Path)
	if !ok {
		return permanent(e)
	}
	removed, err := s.RemoveLectures(ctx, uid, id)
	if err == nil {
		_, err = s.RemoveViews(ctx, uid, id)
	}
	log := s.log.With("event", e.ID, "uid", uid, "timetable", id, "lectures", removed)
	switch {
	case errors.Is(err, ErrTimetableExists):
		log.InfoContext(ctx, "timetable exists again; keeping its lectures")
		return nil
	case err != nil:
		return err
	}
	log.InfoContext(ctx, "removed the lectures of a deleted timetable")
	return nil
}

// UserDeleted handles the deletion of users/{uid}.
func (s *Service) UserDeleted(ctx context.Context, e cloudevent.Event) error {
	uid, ok := schema.SplitUserPath(e.Path)
	if !ok {
		return permanent(e)
	}
	if err := s.PurgeDeletedUser(ctx, uid, e.Text(schema.FieldUsername), e.Time); err != nil {
		return err
	}
	return s.forgetDevices(ctx, uid)
}

func permanent(e cloudevent.Event) error {
	return fmt.Errorf("%w: its document is %s", cloudevent.ErrPermanent, strings.Join(e.Path, "/"))
}
