package schema

import (
	"strings"
	"testing"
	"time"
)

func TestAnnouncement(t *testing.T) {
	from := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	valid := Announcement{Korean: "점검해요.\n잠시만요.", English: "Maintenance", Audience: AudienceAll, From: from, Until: from.Add(time.Hour)}
	longest := strings.Repeat("😀", MaxAnnouncementText)
	for name, c := range map[string]struct {
		change func(a *Announcement)
		want   string // "" means valid
	}{
		"as it is":          {func(a *Announcement) {}, ""},
		"for a school":      {func(a *Announcement) { a.Audience = "고려대학교-서울" }, ""},
		"longest texts":     {func(a *Announcement) { a.Korean, a.English = longest, longest }, ""},
		"longest time":      {func(a *Announcement) { a.Until = from.AddDate(0, 0, MaxAnnouncementDays) }, ""},
		"no Korean":         {func(a *Announcement) { a.Korean = "" }, "the Korean text is missing"},
		"no English":        {func(a *Announcement) { a.English = " \n" }, "the English text is missing"},
		"too long":          {func(a *Announcement) { a.Korean = longest + "x" }, "the Korean text has 501 characters, want at most 500"},
		"control character": {func(a *Announcement) { a.English = "a\x1b[31m" }, "the English text has a control character"},
		"not UTF-8":         {func(a *Announcement) { a.English = "a\xff" }, "the English text is not valid UTF-8"},
		"no audience":       {func(a *Announcement) { a.Audience = "" }, "document id is missing"},
		"impossible school": {func(a *Announcement) { a.Audience = "a/b" }, "neither all nor the ID of a school"},
		"audience too long": {func(a *Announcement) { a.Audience = strings.Repeat("x", MaxAudience+1) }, "the audience has 301 characters"},
		"no beginning":      {func(a *Announcement) { a.From = time.Time{} }, "no beginning"},
		"no end":            {func(a *Announcement) { a.Until = time.Time{} }, "no end"},
		"ends as it begins": {func(a *Announcement) { a.Until = a.From }, "must end after it begins"},
		"too long a time":   {func(a *Announcement) { a.Until = from.AddDate(0, 0, MaxAnnouncementDays).Add(1) }, "longer than 366 days"},
	} {
		a := valid
		c.change(&a)
		got := ""
		if err := a.Validate(); err != nil {
			got = err.Error()
		}
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		// What Validate accepts, the description accepts.
		if found := AnnouncementDocument.Check("x", a.Fields()); c.want == "" && len(found) > 0 {
			t.Errorf("%s: %q", name, found)
		}
	}
	both := Announcement{Audience: AudienceAll, From: from, Until: from.Add(time.Hour)}.Validate()
	if both == nil || !strings.Contains(both.Error(), "Korean") || !strings.Contains(both.Error(), "English") {
		t.Errorf("of two missing texts, the error names %v", both)
	}
}
