package documentwriter

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// Accounts writes users. What a user is called depends on all others, because names collide, so it
// remembers what everyone is called. It is not safe for concurrent use.
type Accounts struct {
	writer    *Writer
	converter *conversion.Converter
	// written has the names that each user has documents of, as far as this process knows, by key.
	written   map[string]conversion.Name
	passwords Passwords
	newSide   NewSide
	keepLater bool
	unsure    map[string]bool // by key, see [Accounts.WriteChanged]
}

// KeepLater makes later writes leave the documents of users alone that new clients have changed later than the old
// server the rows. Otherwise the rows count: before the first switch, nothing flows back.
func (a *Accounts) KeepLater(keep bool) { a.keepLater = keep }

// NewAccounts reads all users.
func NewAccounts(ctx context.Context, w *Writer, converter *conversion.Converter, r *legacydb.Reader) (*Accounts, error) {
	a := &Accounts{writer: w, converter: converter, written: map[string]conversion.Name{}}
	var keys []string
	for row, err := range legacydb.Rows[legacydb.User](ctx, r, "") {
		if err != nil {
			return nil, fmt.Errorf("read the names of all users: %w", err)
		}
		converter.Names().Put(row)
		keys = append(keys, row.ID)
	}
	for _, key := range keys {
		if name, ok := converter.Names().Of(key); ok {
			a.written[key] = name
		}
	}
	return a, nil
}

// IsOld reports whether an account is from the old database. Accounts that were made on the new side
// during the move have other ids.
func (a *Accounts) IsOld(uid string) bool {
	if _, ok := a.converter.Names().Of(a.keyOf(uid)); ok {
		return true
	}
	return IsOldUID(uid)
}

// IsOldUID reports whether a uid has the form of the old database's: a UUID of version 4.
func IsOldUID(uid string) bool {
	id, err := uuid.Parse(uid)
	return err == nil && id.Version() == 4 && id.String() == uid
}

// Write writes the documents of the users with these keys as they are in the old database now, and of
// those whose names change by that. former are further names that users may have documents of.
func (a *Accounts) Write(ctx context.Context, r *legacydb.Reader, keys []string, former map[string][]conversion.Name) error {
	return a.write(ctx, r, keys, former, nil)
}

// WriteChanged is [Accounts.Write] for users whose rows were changed at these times, by key. Only then, a
// password hash that has changed replaces the password in Authentication, see [Passwords]. Of the keys in unsure it is
// not known what the users were called before.
func (a *Accounts) WriteChanged(ctx context.Context, r *legacydb.Reader, changedAt map[string]time.Time, unsure map[string]bool) error {
	a.unsure = unsure
	defer func() { a.unsure = nil }()
	return a.write(ctx, r, slices.Sorted(maps.Keys(changedAt)), nil, changedAt)
}

func (a *Accounts) write(ctx context.Context, r *legacydb.Reader, keys []string, former map[string][]conversion.Name,
	changedAt map[string]time.Time,
) error {
	for len(keys) > 0 {
		rows, err := legacydb.ByKey[legacydb.User](ctx, r, keys)
		if err != nil {
			return fmt.Errorf("read %d users: %w", len(keys), err)
		}
		next := map[string]bool{}
		byKey := map[string]legacydb.User{}
		for _, row := range rows {
			byKey[row.ID] = row
			addAll(next, a.converter.Names().Put(row))
		}
		for _, key := range keys {
			if _, ok := byKey[key]; !ok {
				addAll(next, a.converter.Names().Remove(key))
			}
		}
		changes := make([]UserChange, 0, len(keys))
		for _, key := range keys {
			change := UserChange{UID: key, Former: slices.Clone(former[key]), UnlessLater: a.keepLater}
			if row, ok := byKey[key]; ok {
				change.Documents, _ = a.converter.User(row)
			} else {
				// Only the stream of changes says that the old server has deleted the row.
				_, deleted := changedAt[key]
				change.Gone, change.Parked = true, !deleted
			}
			change.Former = append(change.Former, a.formerNames(key, change.Documents)...)
			changes = append(changes, change)
		}
		if err := a.adjust(ctx, changes); err != nil {
			return err
		}
		taken, err := a.writeUsers(ctx, changes, changedAt)
		if err != nil {
			return err
		}
		a.remember(keys)
		for _, name := range taken {
			addAll(next, a.converter.Names().Reserve(name))
		}
		keys = slices.Sorted(maps.Keys(next))
	}
	return nil
}

func addAll(set map[string]bool, keys []string) {
	for _, key := range keys {
		set[key] = true
	}
}

// formerNames returns the names that a user may have documents of, unless these are the documents.
func (a *Accounts) formerNames(key string, documents *conversion.UserDocuments) []conversion.Name {
	written, ok := a.written[key]
	current, has := a.converter.Names().Of(key)
	var names []conversion.Name
	if ok && (documents == nil || written != current) {
		names = append(names, written)
	}
	if has && (documents == nil || documents.Credential == nil) {
		names = append(names, current) // a password that has become unusable
	}
	return names
}

func (a *Accounts) remember(keys []string) {
	for _, key := range keys {
		if name, ok := a.converter.Names().Of(key); ok {
			a.written[key] = name
		} else {
			delete(a.written, key)
		}
	}
}

// WriteRows is like [Accounts.Write], for rows that were just read from the snapshot that the names are
// from.
func (a *Accounts) WriteRows(ctx context.Context, r *legacydb.Reader, rows []legacydb.User) error {
	changes := make([]UserChange, len(rows))
	changedAt := map[string]time.Time{}
	for i, row := range rows {
		documents, _ := a.converter.User(row)
		changes[i] = UserChange{UID: row.ID, Documents: documents, Former: a.formerNames(row.ID, documents)}
		if documents != nil {
			// A snapshot does not say when a row was changed last, only the old server does.
			changedAt[row.ID], _ = documents.User.Fields[schema.FieldUpdatedAt].(time.Time)
		}
	}
	if err := a.adjust(ctx, changes); err != nil {
		return err
	}
	if a.passwords != nil {
		if err := a.passwords.First(ctx, hashesOf(changes, changedAt)); err != nil {
			return err
		}
	}
	taken, err := a.writeUsers(ctx, changes, changedAt)
	if err != nil {
		return err
	}
	next := map[string]bool{}
	for _, name := range taken {
		addAll(next, a.converter.Names().Reserve(name))
	}
	return a.Write(ctx, r, slices.Sorted(maps.Keys(next)), nil)
}

// Reconcile compares the names in Firestore with those that users should have, and mends the
// differences: documents of users who are gone or are called something else now. Names of accounts from the new side are
// reserved. Billed: a read for each username and credential.
func (a *Accounts) Reconcile(ctx context.Context, r *legacydb.Reader) error {
	former := map[string][]conversion.Name{}
	right := map[string]bool{} // keys of users whose username is as it should be
	wrong := map[string]bool{}
	for doc, err := range Documents(ctx, schema.Usernames(a.writer.client).Query) {
		if err != nil {
			return fmt.Errorf("read all usernames: %w", err)
		}
		uid := schema.UIDOf(doc)
		key := a.keyOf(uid)
		name, known := a.converter.Names().Of(key)
		switch {
		case !a.IsOld(uid):
			addAll(wrong, a.converter.Names().Reserve(doc.Ref.ID))
		case known && name.Username == doc.Ref.ID:
			right[key] = true
		default:
			former[key] = append(former[key], conversion.Name{Username: doc.Ref.ID})
		}
	}
	for doc, err := range Documents(ctx, schema.Credentials(a.writer.client).Query) {
		if err != nil {
			return fmt.Errorf("read all credentials: %w", err)
		}
		stored, err := credential.Read(doc)
		if err != nil || stored == nil || !a.IsOld(stored.UID) {
			continue // it is not this tool's
		}
		key := a.keyOf(stored.UID)
		if name, known := a.converter.Names().Of(key); !known || name.Address != stored.Email {
			former[key] = append(former[key], conversion.Name{Address: stored.Email})
		}
	}
	for key := range a.written {
		if !right[key] {
			wrong[key] = true
		}
	}
	for key := range former {
		wrong[key] = true
	}
	keys := slices.Sorted(maps.Keys(wrong))
	for chunk := range slices.Chunk(keys, 500) {
		if err := a.Write(ctx, r, chunk, former); err != nil {
			return err
		}
	}
	return nil
}
