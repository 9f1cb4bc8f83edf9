package documentwriter

import (
	"context"
	"maps"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/schema"
)

// NewSide is what the old database remembers of accounts of the new side, whose rows the way back writes. Without
// it, nothing has ever come back. Package reverse has it.
type NewSide struct {
	// UIDs returns the uids of users whose rows have other keys, because the old database cannot hold the uids, by key.
	UIDs func(ctx context.Context, keys []string) (map[string]string, error)
	// Parked returns the uids of those whose rows are gone because their accounts are hidden on the new side.
	Parked func(ctx context.Context, uids []string) (map[string]bool, error)
}

// SetNewSide says what has come back. It must be called before anything is written.
func (a *Accounts) SetNewSide(n NewSide) { a.newSide = n }

// UIDs returns the uids of users by the keys of their rows, of those where they differ.
func (a *Accounts) UIDs(ctx context.Context, keys []string) (map[string]string, error) {
	if a.newSide.UIDs == nil || len(keys) == 0 {
		return nil, nil
	}
	return a.newSide.UIDs(ctx, keys)
}

// keyOf returns the key of the row that a user has, or would have.
func (a *Accounts) keyOf(uid string) string {
	if _, ok := a.converter.Names().Of(uid); ok {
		return uid
	}
	if ref := schema.UserRef(a.writer.client, uid); ref != nil {
		return conversion.UserKey(schema.Path(ref))
	}
	return uid
}

// adjust gives users whose rows have other keys their own documents, and finds out whose rows are parked.
func (a *Accounts) adjust(ctx context.Context, changes []UserChange) error {
	var keys, gone []string
	for _, c := range changes {
		keys = append(keys, c.UID)
	}
	uids, err := a.UIDs(ctx, keys)
	if err != nil {
		return err
	}
	for i := range changes {
		c := &changes[i]
		if uid, ok := uids[c.UID]; ok {
			a.moveTo(c, uid)
		}
		if c.Gone {
			gone = append(gone, c.UID)
		}
	}
	if a.newSide.Parked == nil || len(gone) == 0 {
		return nil
	}
	parked, err := a.newSide.Parked(ctx, gone)
	for i := range changes {
		changes[i].Parked = changes[i].Parked || parked[changes[i].UID]
	}
	return err
}

// moveTo makes a change one of the account with a uid, which signed up at Firebase Authentication. It gets no
// credential: it signs in at Authentication, with an address that the old database does not have.
func (a *Accounts) moveTo(c *UserChange, uid string) {
	c.UID, c.Key = uid, c.UID
	if c.Documents == nil {
		return
	}
	// New apps may choose a username that differs from an older user's in case only.
	name, _ := a.converter.Names().Of(c.Key)
	c.KeepName = name.IsRenamed()
	user, username := *c.Documents.User, *c.Documents.Username
	user.Ref = schema.UserRef(a.writer.client, uid)
	username.Fields = maps.Clone(username.Fields)
	username.Fields[schema.FieldValue] = uid
	c.Documents = &conversion.UserDocuments{User: &user, Username: &username}
}
