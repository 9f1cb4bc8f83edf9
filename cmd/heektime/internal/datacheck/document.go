package datacheck

import (
	"context"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/schema"
)

// check checks one document.
func (c *checker) check(ctx context.Context, doc *firestore.DocumentSnapshot) error {
	c.report.Documents++
	path := schema.Path(doc.Ref)
	c.above = append(slices.DeleteFunc(c.above, func(p string) bool { return !strings.HasPrefix(path, p+"/") }), path)
	d := schema.DocumentAt(path)
	if d == nil {
		c.find(UnknownCollection, "%s", path)
		return nil
	}
	faults := d.Check(doc.Ref.ID, doc.Data())
	if d.Path == schema.AnnouncementDocument.Path && len(faults) == 0 {
		if err := schema.ReadAnnouncement(doc).Validate(); err != nil {
			faults = []string{err.Error()}
		}
	}
	for _, fault := range faults {
		c.find(InvalidValue, "%s: %s", path, fault)
	}
	if err := c.checkReferences(ctx, path, doc); err != nil {
		return err
	}
	if err := c.checkBelow(ctx, d, doc.Ref); err != nil {
		return err
	}
	switch d.Path {
	case schema.LectureDocument.Path:
		c.requireParent(OrphanedLecture, doc.Ref)
	case schema.SemesterDocument.Path:
		c.requireParent(SemesterWithout, doc.Ref)
		return c.checkList(ctx, doc)
	case schema.AnnouncementDocument.Path:
		return c.checkAudience(ctx, doc)
	case schema.UserDocument.Path:
		return c.checkUser(ctx, doc)
	case schema.UsernameDocument.Path:
		return c.checkUsername(ctx, doc)
	case schema.DeletionDocument.Path:
		return c.checkDeletion(ctx, doc)
	case schema.CredentialDocument.Path:
		return c.checkCredential(ctx, doc)
	case schema.RefreshDocument.Path:
		return c.checkRefresh(ctx, doc)
	}
	return nil
}

// requireParent finds a document below one that does not exist, which would have been read just before.
func (c *checker) requireParent(kind Kind, ref *firestore.DocumentRef) {
	if parent := ref.Parent.Parent; !slices.Contains(c.above, schema.Path(parent)) {
		c.find(kind, "%s", schema.Path(ref))
	}
}

func (c *checker) checkReferences(ctx context.Context, path string, doc *firestore.DocumentSnapshot) error {
	for _, ref := range schema.References(doc.Data()) {
		if schema.DatabaseOf(ref) != schema.DatabaseOf(doc.Ref) {
			c.find(ForeignReference, "%s refers to %s", path, ref.Path)
			// What matters is whether the document exists where the reference should point to.
			ref = c.Firestore.Doc(schema.Path(ref))
		}
		err := c.requireExists(ctx, ref, func() { c.find(MissingReference, "%s refers to %s", path, schema.Path(ref)) })
		if err != nil {
			return err
		}
	}
	return nil
}

// checkAudience finds an announcement for a school that does not exist, which no client shows.
func (c *checker) checkAudience(ctx context.Context, doc *firestore.DocumentSnapshot) error {
	audience := schema.ReadAnnouncement(doc).Audience
	school := schema.SchoolRef(c.Firestore, audience)
	if audience == schema.AudienceAll || school == nil { // which is everyone, or an invalid value
		return nil
	}
	return c.lookUp(ctx, func(docs map[string]*firestore.DocumentSnapshot) {
		if in(docs, school) == nil {
			c.find(AnnouncementWithout, "%s is for %q", schema.Path(doc.Ref), audience)
		}
	}, school)
}

func (c *checker) checkUser(ctx context.Context, doc *firestore.DocumentSnapshot) error {
	name := schema.UsernameOf(doc)
	index, pending := schema.UsernameRef(c.Firestore, name), schema.DeletionRef(c.Firestore, doc.Ref.ID)
	return c.lookUp(ctx, func(docs map[string]*firestore.DocumentSnapshot) {
		// A name that cannot be a document's id has no index; an empty one is an invalid value.
		if index != nil {
			switch found := in(docs, index); {
			case found == nil:
				c.find(UserWithoutIndex, "%s is called %q, which has no index", schema.Path(doc.Ref), name)
			case schema.UIDOf(found) != doc.Ref.ID:
				c.find(UserWithoutIndex, "%s is called %q, which belongs to users/%s", schema.Path(doc.Ref), name, schema.UIDOf(found))
			}
		}
		if in(docs, pending) != nil {
			c.find(UserDuringDeletion, "%s", schema.Path(doc.Ref))
		}
	}, index, pending)
}

func (c *checker) checkUsername(ctx context.Context, doc *firestore.DocumentSnapshot) error {
	uid := schema.UIDOf(doc)
	user, pending := schema.UserRef(c.Firestore, uid), schema.DeletionRef(c.Firestore, uid)
	return c.lookUp(ctx, func(docs map[string]*firestore.DocumentSnapshot) {
		if owner := in(docs, user); owner != nil && schema.UsernameOf(owner) == doc.Ref.ID {
			return
		}
		if deletion := in(docs, pending); deletion != nil {
			if d := schema.ReadPendingDeletion(deletion); d.Username() == doc.Ref.ID { // reserved until the account is gone
				return
			}
		}
		c.find(IndexWithoutUser, "%s names %q", schema.Path(doc.Ref), uid)
	}, user, pending)
}

// overdue is how late a purge may be: Scheduler runs it every hour.
const overdue = 24 * time.Hour

func (c *checker) checkDeletion(ctx context.Context, doc *firestore.DocumentSnapshot) error {
	d := schema.ReadPendingDeletion(doc)
	if !d.Due.IsZero() && c.Now().Sub(d.Due) > overdue {
		c.find(OverdueDeletion, "%s was due at %s", schema.Path(doc.Ref), d.Due.Format(time.RFC3339))
	}
	index := schema.UsernameRef(c.Firestore, d.Username())
	if index == nil || d.Purging { // a purge frees the name
		return nil
	}
	return c.lookUp(ctx, func(docs map[string]*firestore.DocumentSnapshot) {
		if found := in(docs, index); found == nil || schema.UIDOf(found) != doc.Ref.ID {
			c.find(UserWithoutIndex, "%s keeps %q for its owner, who does not have it", schema.Path(doc.Ref), d.Username())
		}
	}, index)
}

func (c *checker) checkCredential(ctx context.Context, doc *firestore.DocumentSnapshot) error {
	var stored schema.StoredCredential
	if err := doc.DataTo(&stored); err != nil {
		return nil // an invalid value
	}
	if credential.Key(stored.Email) != doc.Ref.ID {
		c.find(InvalidCredential, "%s", schema.Path(doc.Ref))
	}
	user, pending := schema.UserRef(c.Firestore, stored.UID), schema.DeletionRef(c.Firestore, stored.UID)
	return c.lookUp(ctx, func(docs map[string]*firestore.DocumentSnapshot) {
		if in(docs, user) == nil && in(docs, pending) == nil {
			c.find(StrandedCredential, "%s of %q", schema.Path(doc.Ref), stored.UID)
		}
	}, user, pending)
}

func isGroup(id string) bool { return slices.Contains(schema.Groups(), id) }
