package schema

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"cloud.google.com/go/firestore"
)

const announcements = "announcements"

// AudienceAll is the audience of an announcement for everyone. Any other audience is the ID of a school.
const AudienceAll = "all"

// Bounds of an announcement.
const (
	MaxAnnouncementText = 500 // characters, in either language
	MaxAudience         = 300 // characters
	MaxAnnouncementDays = 366 // between From and Until
	// MaxAnnouncementPage is how many announcements a client may list at a time.
	MaxAnnouncementPage = 20
)

// Field names of an announcement, for updates and queries. Its end is [FieldUntil].
const (
	FieldKorean   = "korean"
	FieldEnglish  = "english"
	FieldAudience = "audience"
	FieldFrom     = "from"
	FieldPush     = "push"
	FieldPushed   = "pushed"
)

// Announcement is announcements/{announcementId}: a text that operators show to users for some time. Firestore
// deletes it within a day of its end.
type Announcement struct {
	Korean  string `firestore:"korean"`
	English string `firestore:"english"`
	// Audience is [AudienceAll] or the ID of a school.
	Audience string `firestore:"audience"`
	// From is when clients begin to show it, Until when they stop.
	From  time.Time `firestore:"from"`
	Until time.Time `firestore:"until"`
	// Push means that it is also sent as a notification, Pushed is when that happened. Clients ignore both.
	Push   bool      `firestore:"push,omitempty"`
	Pushed time.Time `firestore:"pushed,omitempty"`
}

// AnnouncementDocument describes [Announcement].
var AnnouncementDocument = Document{
	Path: "announcements/{announcementId}", Writer: Servers, MaxPage: MaxAnnouncementPage,
	Fields: []Field{
		{Name: FieldKorean, Type: Text, Min: 1, Max: MaxAnnouncementText},
		{Name: FieldEnglish, Type: Text, Min: 1, Max: MaxAnnouncementText},
		{Name: FieldAudience, Type: Text, Min: 1, Max: MaxAudience},
		{Name: FieldFrom, Type: Timestamp},
		{Name: FieldUntil, Type: Timestamp},
		{Name: FieldPush, Type: Bool, Optional: true},
		{Name: FieldPushed, Type: Timestamp, Optional: true},
	},
}

// Announcements is the collection of announcements.
func Announcements(client *firestore.Client) *firestore.CollectionRef {
	return client.Collection(announcements)
}

// AnnouncementRef returns the document of an announcement, nil if no document can have the ID.
func AnnouncementRef(client *firestore.Client, id string) *firestore.DocumentRef {
	return child(Announcements(client), id)
}

// ReadAnnouncement reads an announcement's document. A field of another type reads as if it were absent.
func ReadAnnouncement(doc *firestore.DocumentSnapshot) Announcement {
	var a Announcement
	fill(doc.Data(), &a)
	return a
}

// Text returns the text in a language.
func (a Announcement) Text(l Language) string {
	if l == English {
		return a.English
	}
	return a.Korean
}

// Fields returns the fields of an announcement's document.
func (a Announcement) Fields() map[string]any { return fieldsOf(a) }

// Validate rejects an announcement that clients could not show: texts that are missing, too long or have control
// characters, an audience that cannot be a school, and times in the wrong order or too far apart.
func (a Announcement) Validate() error {
	var faults []string
	for _, err := range []error{
		checkAnnouncementText("Korean", a.Korean), checkAnnouncementText("English", a.English),
		checkAudience(a.Audience), checkAnnouncementTimes(a.From, a.Until),
	} {
		if err != nil {
			faults = append(faults, err.Error())
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return errors.New(strings.Join(faults, "; "))
}

func checkAnnouncementText(language, text string) error {
	n := utf8.RuneCountInString(text)
	switch {
	case strings.TrimSpace(text) == "":
		return fmt.Errorf("the %s text is missing", language)
	case n > MaxAnnouncementText:
		return fmt.Errorf("the %s text has %d characters, want at most %d", language, n, MaxAnnouncementText)
	case !utf8.ValidString(text):
		return fmt.Errorf("the %s text is not valid UTF-8", language)
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }):
		return fmt.Errorf("the %s text has a control character", language)
	}
	return nil
}

func checkAudience(audience string) error {
	if audience == AudienceAll {
		return nil
	}
	if n := utf8.RuneCountInString(audience); n > MaxAudience {
		return fmt.Errorf("the audience has %d characters, want at most %d", n, MaxAudience)
	}
	if err := CheckID(audience); err != nil {
		return fmt.Errorf("the audience is neither %s nor the ID of a school: %w", AudienceAll, err)
	}
	return nil
}

func checkAnnouncementTimes(from, until time.Time) error {
	switch {
	case from.IsZero():
		return errors.New("the announcement has no beginning")
	case until.IsZero():
		return errors.New("the announcement has no end")
	case !until.After(from):
		return errors.New("the announcement must end after it begins")
	case until.Sub(from) > MaxAnnouncementDays*24*time.Hour:
		return fmt.Errorf("the announcement lasts longer than %d days", MaxAnnouncementDays)
	}
	return nil
}
