package comparison

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// converted is a document that a row became.
type converted struct {
	path string
	// document is nil if the rules leave the row out; findings say why.
	document *conversion.Document
	findings []conversion.Finding
	// updatedAt is the row's, as the database prints it, nil for NULL.
	updatedAt *string
}

// eachRow converts the rows of users, with everything below them, and calls f for each document. Of users it
// converts those that it is given.
func (c *comparer) eachRow(ctx context.Context, r *legacydb.Reader, users []legacydb.User, f func(uid string, row converted)) error {
	uids := make([]string, len(users))
	for i, user := range users {
		uids[i] = user.ID
		if c.has(schema.MigrateAccounts) {
			c.eachOfUser(user, f)
		}
	}
	if !c.has(schema.MigrateTimetables) {
		return nil
	}
	timetables, err := legacydb.ByParent[legacydb.Timetable](ctx, r, uids)
	if err != nil {
		return fmt.Errorf("read the timetables of %d users: %w", len(uids), err)
	}
	owner := make(map[string]string, len(timetables))
	ids := make([]string, 0, len(timetables))
	for _, t := range timetables {
		uid := text(t.UserID)
		owner[t.ID] = uid
		ids = append(ids, t.ID)
		document, findings := c.convert.Timetable(t)
		f(uid, converted{pathOf(document, c.convert.TimetableRef(uid, t.ID)), document, findings, t.UpdatedAt})
	}
	for len(ids) > 0 {
		batch := ids[:min(len(ids), lectureBatch)]
		ids = ids[len(batch):]
		lectures, err := legacydb.ByParent[legacydb.Lecture](ctx, r, batch)
		if err != nil {
			return fmt.Errorf("read the lectures of %d timetables: %w", len(batch), err)
		}
		for _, l := range lectures {
			uid := owner[text(l.TimetableID)]
			document, findings := c.convert.Lecture(l)
			f(uid, converted{pathOf(document, c.convert.LectureRef(uid, text(l.TimetableID), l.ID)), document, findings, l.UpdatedAt})
		}
	}
	return nil
}

// eachOfUser calls f for the documents of a user's own row.
func (c *comparer) eachOfUser(user legacydb.User, f func(uid string, row converted)) {
	documents, findings := c.convert.User(user)
	if documents == nil {
		f(user.ID, converted{pathOf(nil, c.convert.UserRef(user.ID)), nil, findings, user.UpdatedAt})
		return
	}
	for _, d := range documents.All() {
		f(user.ID, converted{d.Path(), d, findings, user.UpdatedAt})
	}
}

// pathOf returns the path of the document that a row became, or would have: "" if it cannot have one.
func pathOf(document *conversion.Document, ref *firestore.DocumentRef) string {
	switch {
	case document != nil:
		return document.Path()
	case ref != nil:
		return schema.Path(ref)
	}
	return ""
}

func text(value *string) string {
	if value == nil {
		return ""
	}
	return *value
}

// uidIn returns the uid in the path of a document below a user.
func uidIn(path string) string {
	segments := strings.SplitN(path, "/", 3)
	if uid, ok := schema.SplitUserPath(segments[:min(2, len(segments))]); ok {
		return uid
	}
	return ""
}

// oldUID matches the ids of the old database's users: UUIDs of version 4. Accounts that compat-server makes
// have version 8, those of new clients are not UUIDs.
var oldUID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func isOldUID(uid string) bool { return oldUID.MatchString(uid) }
