package operator

import (
	"net/http"

	"heek.kr/heektime/internal/schema"
)

// announcements lists the announcements, and the schools that a new one may be for.
func (c *Console) announcements(r *http.Request) (any, error) {
	now, err := Now(r.Context(), c.Firestore)
	if err != nil {
		return nil, err
	}
	list, more, err := Announcements(r.Context(), c.Firestore, now)
	if err != nil {
		return nil, err
	}
	schools, err := Schools(r.Context(), c.Firestore)
	return map[string]any{"announcements": list, "more": more, "schools": schools, "maxText": schema.MaxAnnouncementText, "canPush": c.PushQueue != nil}, err
}

// announce adds an announcement. Times are in Seoul; without From, it begins now.
func (c *Console) announce(r *http.Request) (any, error) {
	var in struct {
		Project, Korean, English, Audience, From, Until string
		Push                                            bool
	}
	if err := c.decode(r, &in, &in.Project); err != nil {
		return nil, err
	}
	now, err := Now(r.Context(), c.Firestore)
	if err != nil {
		return nil, err
	}
	a := schema.Announcement{Korean: in.Korean, English: in.English, Audience: in.Audience, From: now, Push: in.Push}
	if in.From != "" {
		if a.From, err = ParseSeoul(in.From); err != nil {
			return nil, &apiError{http.StatusBadRequest, "invalid", err.Error()}
		}
	}
	if a.Until, err = ParseSeoul(in.Until); err != nil {
		return nil, &apiError{http.StatusBadRequest, "invalid", err.Error()}
	}
	added, err := Announce(r.Context(), c.Firestore, c.PushQueue, a, now)
	if err != nil {
		return nil, err
	}
	c.Log.Info("operator's console", "project", c.Users.Project, "action", "announce", "id", added.ID, "audience", added.Audience, "push", in.Push)
	return added, nil
}

func (c *Console) endAnnouncement(r *http.Request) (any, error) {
	var in struct{ Project, ID string }
	if err := c.decode(r, &in, &in.Project); err != nil {
		return nil, err
	}
	now, err := Now(r.Context(), c.Firestore)
	if err != nil {
		return nil, err
	}
	was, err := EndAnnouncement(r.Context(), c.Firestore, in.ID, now)
	if err != nil {
		return nil, err
	}
	c.Log.Info("operator's console", "project", c.Users.Project, "action", "end-announcement", "id", in.ID)
	return map[string]bool{"was": was}, nil
}
