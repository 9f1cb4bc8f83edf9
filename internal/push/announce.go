package push

import (
	"context"
	"fmt"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/push/pushplan"
	"heek.kr/heektime/internal/push/topic"
	"heek.kr/heektime/internal/pushtask"
	"heek.kr/heektime/internal/schema"
)

// Titles of announcements.
var announcementTitles = map[schema.Language]string{schema.Korean: "HeekTime 공지", schema.English: "HeekTime announcement"}

// Announce sends an announcement once, if it says that it should be sent, and has begun and not ended. At night it
// waits until the morning.
//
// Billed: 1 read, 1 write.
func (s *Service) Announce(ctx context.Context, id string) error {
	ref := schema.AnnouncementRef(s.firestore, id)
	snap, err := ref.Get(ctx)
	if status.Code(err) == codes.NotFound {
		return nil // an operator ended it before it began
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", schema.Path(ref), err)
	}
	a, now := schema.ReadAnnouncement(snap), s.now()
	switch {
	case !a.Push, !a.Pushed.IsZero(), !a.Until.After(now):
		return nil
	case a.From.After(now):
		return pushtask.Announced(ctx, s.queue, id, a.From, now)
	case pushplan.IsQuiet(now):
		return pushtask.Announced(ctx, s.queue, id, now, now)
	}
	name := topic.Announcements
	if a.Audience != schema.AudienceAll {
		name = topic.School(a.Audience)
	}
	for _, language := range topic.Languages() {
		n := notification{
			topic: name.In(language), title: announcementTitles[language], body: a.Text(language),
			collapse: topic.Hash("announcement/" + id), thread: string(topic.Announcements), expires: a.Until,
			data: map[string]string{dataType: "announcement", dataAnnouncement: id},
		}
		if day := now.Add(timeToLive); n.expires.After(day) {
			n.expires = day
		}
		if _, err := s.messaging.Send(ctx, n.message(now)); err != nil && !isPermanent(err) {
			return fmt.Errorf("send announcement %s: %w", id, err)
		}
	}
	if _, err := ref.Update(ctx, []firestore.Update{{Path: schema.FieldPushed, Value: now}}); err != nil && status.Code(err) != codes.NotFound {
		return fmt.Errorf("record that announcement %s was sent: %w", id, err)
	}
	s.log.InfoContext(ctx, "announcement sent", "announcement", id, "audience", a.Audience)
	return nil
}
