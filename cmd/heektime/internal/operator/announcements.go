package operator

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/pushtask"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/taskqueue"
)

// Errors of announcements, for errors.Is.
var (
	ErrNoAnnouncement       = errors.New("no such announcement")
	ErrInvalidAnnouncement  = errors.New("invalid announcement")
	ErrNoSchool             = errors.New("no such school")
	ErrNoPushQueue          = errors.New("the settings of the queue of notifications are missing")
	ErrNotSent              = errors.New("the announcement is added, but not sent")
	ErrTooManyAnnouncements = fmt.Errorf("clients show %d announcements at most: end one first", schema.MaxAnnouncementPage)
)

// Seoul is the time zone of announcements. Korea has had no daylight-saving time since 1988.
var Seoul = time.FixedZone("KST", 9*60*60)

// ParseSeoul parses a time such as "2026-12-01 09:00", in Seoul, or one with a zone as in RFC 3339.
func ParseSeoul(text string) (time.Time, error) {
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02T15:04"} {
		if at, err := time.ParseInLocation(layout, text, Seoul); err == nil {
			return at, nil
		}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf(`%q is not a time: want one in Seoul such as "2026-12-01 09:00", or one with a zone such as 2026-12-01T00:00:00Z`, text)
	}
	return at.In(Seoul), nil
}

// AnnouncementState says whether clients show an announcement.
type AnnouncementState string

// The states of an announcement.
const (
	AnnouncementScheduled AnnouncementState = "scheduled"
	AnnouncementCurrent   AnnouncementState = "current"
	AnnouncementEnded     AnnouncementState = "ended" // Firestore deletes it within a day
)

// Announcement is an announcement as operators see it. Times are in Seoul.
type Announcement struct {
	ID       string            `json:"id"`
	State    AnnouncementState `json:"state"`
	Audience string            `json:"audience"`
	From     time.Time         `json:"from"`
	Until    time.Time         `json:"until"`
	Korean   string            `json:"korean"`
	English  string            `json:"english"`
	// Push is when it is sent as a notification, unless an operator ends it before; nil if it is not.
	Push *time.Time `json:"push,omitempty"`
}

func announcementOf(id string, a schema.Announcement, now time.Time) Announcement {
	state := AnnouncementCurrent
	switch {
	case !a.Until.After(now):
		state = AnnouncementEnded
	case a.From.After(now):
		state = AnnouncementScheduled
	}
	view := Announcement{ID: id, State: state, Audience: a.Audience, From: a.From.In(Seoul), Until: a.Until.In(Seoul), Korean: a.Korean, English: a.English}
	if a.Push {
		at := cmp.Or(a.Pushed, pushtask.Earliest(a.From)).In(Seoul)
		view.Push = &at
	}
	return view
}

// MaxAnnouncements is how many announcements [Announcements] returns.
const MaxAnnouncements = 200

// Announcements lists the announcements, the latest first. more is true if there are others. It costs a read for
// each.
func Announcements(ctx context.Context, client *firestore.Client, now time.Time) (list []Announcement, more bool, err error) {
	docs, err := schema.Announcements(client).OrderBy(firestore.DocumentID, firestore.Asc).Limit(MaxAnnouncements + 1).Documents(ctx).GetAll()
	if err != nil {
		return nil, false, fmt.Errorf("list the announcements: %w", err)
	}
	more = len(docs) > MaxAnnouncements
	list = []Announcement{}
	for _, doc := range docs[:min(len(docs), MaxAnnouncements)] {
		list = append(list, announcementOf(doc.Ref.ID, schema.ReadAnnouncement(doc), now))
	}
	slices.SortFunc(list, func(a, b Announcement) int {
		return cmp.Or(b.From.Compare(a.From), b.Until.Compare(a.Until), strings.Compare(a.ID, b.ID))
	})
	return list, more, nil
}

// maxPushDelay is how far ahead an announcement may begin that is sent as a notification.
const maxPushDelay = taskqueue.MaxDelay - 24*time.Hour

// Announce adds an announcement, and the task that sends it as a notification if it says so. queue is that of
// notifications, nil if there is none. If the task cannot be added, the error is [ErrNotSent].
func Announce(ctx context.Context, client *firestore.Client, queue *taskqueue.Queue, a schema.Announcement, now time.Time) (*Announcement, error) {
	a.Korean, a.English = strings.TrimSpace(a.Korean), strings.TrimSpace(a.English)
	if err := a.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidAnnouncement, err)
	}
	if !a.Until.After(now) {
		return nil, fmt.Errorf("%w: its end has passed", ErrInvalidAnnouncement)
	}
	switch {
	case a.Push && queue == nil:
		return nil, ErrNoPushQueue
	case a.Push && a.From.Sub(now) > maxPushDelay:
		return nil, fmt.Errorf("%w: to be sent as a notification, it must begin within %d days, because Cloud Tasks keeps tasks no longer",
			ErrInvalidAnnouncement, int(maxPushDelay.Hours()/24))
	}
	if a.Audience != schema.AudienceAll {
		var school schema.School
		switch exists, err := schema.Read(ctx, schema.SchoolRef(client, a.Audience), &school); {
		case err != nil:
			return nil, err
		case !exists:
			return nil, fmt.Errorf("%w: %q", ErrNoSchool, a.Audience)
		}
	}
	list, more, err := Announcements(ctx, client, now)
	if err != nil {
		return nil, err
	}
	if more || countAnnouncements(list, a.Audience) >= schema.MaxAnnouncementPage {
		return nil, ErrTooManyAnnouncements
	}
	id := strings.ToLower(rand.Text()[:8])
	if _, err := schema.AnnouncementRef(client, id).Create(ctx, a); err != nil {
		return nil, fmt.Errorf("add the announcement: %w", err)
	}
	if a.Push {
		if err := pushtask.Announced(ctx, queue, id, a.From, now); err != nil {
			return nil, fmt.Errorf("%w: %w; end %s and add it again", ErrNotSent, err, id)
		}
	}
	added := announcementOf(id, a, now)
	return &added, nil
}

// countAnnouncements returns how many announcements that have not ended a user may see at most, among the users
// who would see one more for an audience.
func countAnnouncements(list []Announcement, audience string) int {
	all, most, bySchool := 0, 0, map[string]int{}
	for _, a := range list {
		switch {
		case a.State == AnnouncementEnded:
		case a.Audience == schema.AudienceAll:
			all++
		case audience == schema.AudienceAll || a.Audience == audience:
			bySchool[a.Audience]++
			most = max(most, bySchool[a.Audience])
		}
	}
	return all + most
}

// EndAnnouncement ends an announcement now, and reports whether it had not ended. One that has not begun is
// deleted.
func EndAnnouncement(ctx context.Context, client *firestore.Client, id string, now time.Time) (was bool, err error) {
	missing := fmt.Errorf("%w: %q", ErrNoAnnouncement, id)
	ref := schema.AnnouncementRef(client, id)
	if ref == nil {
		return false, missing
	}
	err = client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		snap, err := tx.Get(ref)
		exists, err := schema.Decode(ref, snap, err, &struct{}{})
		switch {
		case err != nil:
			return err
		case !exists:
			return missing
		}
		switch announcementOf(id, schema.ReadAnnouncement(snap), now).State {
		case AnnouncementScheduled:
			was = true
			return tx.Delete(ref)
		case AnnouncementCurrent:
			was = true
			return tx.Update(ref, []firestore.Update{{Path: schema.FieldUntil, Value: now}})
		}
		was = false
		return nil
	})
	return was, err
}

// NamedSchool is a school that an announcement may be for.
type NamedSchool struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// maxSchools bounds the schools that [Schools] lists.
const maxSchools = 500

// Schools lists the schools by name. It costs a read for each.
func Schools(ctx context.Context, client *firestore.Client) ([]NamedSchool, error) {
	docs, err := schema.Schools(client).Limit(maxSchools).Documents(ctx).GetAll()
	if err != nil {
		return nil, fmt.Errorf("list the schools: %w", err)
	}
	list := []NamedSchool{}
	for _, doc := range docs {
		list = append(list, NamedSchool{doc.Ref.ID, cmp.Or(schema.ReadSchool(doc).Name, doc.Ref.ID)})
	}
	slices.SortFunc(list, func(a, b NamedSchool) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}
