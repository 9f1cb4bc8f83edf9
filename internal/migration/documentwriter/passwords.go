package documentwriter

import (
	"context"
	"slices"
	"time"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/passwords"
	"heek.kr/heektime/internal/schema"
)

// Passwords makes changed password hashes count although accounts have passwords in Authentication;
// [passwords.Store] does.
type Passwords interface {
	First(context.Context, []passwords.Hash) error
	Changed(context.Context, []passwords.Hash) ([]passwords.Hash, error)
	RemoveOlder(context.Context, []passwords.Hash) (uids []string, err error)
	Remember(context.Context, []passwords.Hash) error
	RemoveGone(ctx context.Context, users []passwords.Gone) error
	Rename(ctx context.Context, renames []passwords.Rename, addressOf func(uid string) string) error
}

// SetPasswords makes [Accounts.WriteChanged] and [Accounts.WriteRows] replace passwords in Authentication. It
// must be called before anything is written.
func (a *Accounts) SetPasswords(p Passwords) { a.passwords = p }

// writeUsers writes users, and replaces the passwords in Authentication of those whose hashes have changed, as
// far as it is known when. It returns the names that accounts of the new side have.
func (a *Accounts) writeUsers(ctx context.Context, changes []UserChange, changedAt map[string]time.Time) (taken []string, err error) {
	var changed []passwords.Hash
	if a.passwords != nil {
		if changed, err = a.passwords.Changed(ctx, hashesOf(changes, changedAt)); err != nil {
			return nil, err
		}
	}
	written, err := a.writer.WriteUsers(ctx, changes, a.IsOld)
	if err != nil {
		return nil, err
	}
	if err := a.removeGone(ctx, changes, written, changedAt); err != nil {
		return nil, err
	}
	if err := a.renameChanged(ctx, changes, written); err != nil {
		return nil, err
	}
	changed = slices.DeleteFunc(changed, func(h passwords.Hash) bool { return slices.Contains(written.LeftAlone, h.UID) })
	if len(changed) == 0 {
		return written.Taken, nil
	}
	removed, err := a.passwords.RemoveOlder(ctx, changed)
	if err != nil {
		return nil, err
	}
	if len(removed) > 0 {
		again := slices.DeleteFunc(slices.Clone(changes), func(c UserChange) bool { return !slices.Contains(removed, c.UID) })
		if _, err := a.writer.WriteUsers(ctx, again, a.IsOld); err != nil {
			return nil, err
		}
	}
	return written.Taken, a.passwords.Remember(ctx, changed)
}

// removeGone removes the passwords in Authentication of users whose rows are gone, and frees their addresses: nobody may
// sign in as they any more, and another user may get the name, and with it the address.
func (a *Accounts) removeGone(ctx context.Context, changes []UserChange, written WrittenUsers, changedAt map[string]time.Time) error {
	if a.passwords == nil {
		return nil
	}
	var gone []passwords.Gone
	for _, c := range changes {
		at, ok := changedAt[c.key()]
		if !ok || !c.Gone || slices.Contains(written.LeftAlone, c.UID) {
			continue
		}
		g := passwords.Gone{Key: c.key(), UID: c.UID, DeletedAt: at}
		for _, former := range c.Former {
			if former.Address != "" {
				g.Addresses = append(g.Addresses, former.Address)
			}
		}
		gone = append(gone, g)
	}
	if len(gone) == 0 {
		return nil
	}
	return a.passwords.RemoveGone(ctx, gone)
}

// renameChanged changes the addresses of users in Authentication who sign in with another one now, because their
// usernames have changed, or those of users that they compete with.
func (a *Accounts) renameChanged(ctx context.Context, changes []UserChange, written WrittenUsers) error {
	if a.passwords == nil {
		return nil
	}
	var renames []passwords.Rename
	for _, c := range changes {
		name, ok := a.converter.Names().Of(c.key())
		if !ok || name.Address == "" || c.Documents == nil || c.Key != "" || slices.Contains(written.LeftAlone, c.UID) {
			continue
		}
		unknown := a.unsure[c.UID]
		for _, former := range c.Former {
			unknown = unknown || former.Address == ""
			if former.Address != "" && former.Address != name.Address {
				renames = append(renames, passwords.Rename{UID: c.UID, From: former.Address, To: name.Address})
			}
		}
		if unknown {
			renames = append(renames, passwords.Rename{UID: c.UID, From: passwords.AnyOldAddress, To: name.Address})
		}
	}
	return a.passwords.Rename(ctx, renames, func(uid string) string {
		name, _ := a.converter.Names().Of(uid)
		return name.Address
	})
}

// hashesOf returns the password hashes of users of whom it is known when their rows changed.
func hashesOf(changes []UserChange, changedAt map[string]time.Time) (hashes []passwords.Hash) {
	for _, c := range changes {
		at, ok := changedAt[c.key()]
		if !ok || c.Documents == nil || c.Documents.Credential == nil {
			continue
		}
		hashes = append(hashes, hashOf(c.UID, c.Documents.Credential, at))
	}
	return hashes
}

func hashOf(uid string, credential *conversion.Document, at time.Time) passwords.Hash {
	text, _ := credential.Fields[schema.FieldHash].(string)
	return passwords.Hash{UID: uid, Credential: credential.Ref.ID, Text: text, ChangedAt: at}
}
