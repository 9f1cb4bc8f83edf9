package documentwriter

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"cloud.google.com/go/firestore"
	"golang.org/x/sync/errgroup"

	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/schema"
)

// UserChange says which documents a user of the old database should have.
type UserChange struct {
	UID string
	// Key is that of the user's row, if it is not the uid; see [NewSide].
	Key string
	// Documents are the user's, nil if the row is gone or was left out.
	Documents *conversion.UserDocuments
	// Gone says that the row is gone.
	Gone bool
	// Parked says that the row may be gone only because the account is hidden on the new side.
	Parked bool
	// Former are names that the user may still have documents of.
	Former []conversion.Name
	// KeepName leaves the account the username that it has.
	KeepName bool
	// UnlessLater leaves the user's document and username as they are if a new client has changed them later than
	// the old server the row. The credential is written all the same: only the old side has it.
	UnlessLater bool
}

// key returns the key of the user's row.
func (c UserChange) key() string { return cmp.Or(c.Key, c.UID) }

// WrittenUsers is what [Writer.WriteUsers] found.
type WrittenUsers struct {
	// Taken are names that belong to accounts from the new side.
	Taken []string
	// LeftAlone are the uids of which nothing was written.
	LeftAlone []string
}

// maxUsers is how many users one transaction writes, with up to six documents each.
const maxUsers = 40

// WriteUsers writes the documents of users and deletes those of their former names. A user must occur
// only once.
//
// Users exchange names, and a name that one gives up another takes, so who has a name is read in the
// same transaction: a name's document is deleted only if it is still the user's, and replaced only if it
// belongs to an old user, whose turn comes or has come. Names of accounts from the new side stay:
// WriteUsers writes nothing of the users who should get one and returns those names. The caller reserves them
// and converts again.
//
// The user document of an account that is about to be deleted, or that is blocked, is in deletions/{uid} until
// the account is restored. It is changed there. The username and the credential are written as usual: the owner
// may still sign in, to restore the account. Once the purge has begun, the account is left alone.
//
// Billed for each user: up to 3 writes, a deletion for each document of a former name, and a read of each
// of these documents but, unless it may be later, the user's own.
func (w *Writer) WriteUsers(ctx context.Context, changes []UserChange, isOld func(uid string) bool) (WrittenUsers, error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxParallel)
	var mu sync.Mutex
	var all WrittenUsers
	for chunk := range slices.Chunk(changes, maxUsers) {
		group.Go(func() error {
			written, err := w.writeUsers(ctx, chunk, isOld)
			mu.Lock()
			defer mu.Unlock()
			all.Taken = append(all.Taken, written.Taken...)
			all.LeftAlone = append(all.LeftAlone, written.LeftAlone...)
			return err
		})
	}
	return all, group.Wait()
}

func (w *Writer) writeUsers(ctx context.Context, chunk []UserChange, isOld func(string) bool) (written WrittenUsers, err error) {
	writes := 0
	for _, c := range chunk {
		writes += 3 + 2*len(c.Former)
	}
	if err := w.ramp.Wait(ctx, min(writes, rampStart)); err != nil {
		return written, err
	}
	err = w.fenced(ctx, fmt.Sprintf("write %d users from %s on", len(chunk), chunk[0].UID), func(_ context.Context, tx *firestore.Transaction) error {
		t := &userTransaction{client: w.client, tx: tx, isOld: isOld}
		if err := t.read(chunk); err != nil {
			return err
		}
		for _, c := range chunk {
			t.plan(c)
		}
		written = t.written
		return t.write()
	})
	return written, err
}

// userTransaction is the state of one attempt to write users.
type userTransaction struct {
	client *firestore.Client
	tx     *firestore.Transaction
	isOld  func(uid string) bool

	owners  map[string]string                  // uid by path: of a username or credential, "" if it does not exist
	hidden  map[string]*schema.PendingDeletion // by uid: those that are about to be deleted, or blocked
	current map[string]map[string]any          // users by uid, of changes that depend on them
	changes map[string]Write                   // by path; a later one replaces an earlier one
	order   []string
	written WrittenUsers
}

// read reads who owns the documents that the changes are about.
func (t *userTransaction) read(chunk []UserChange) error {
	t.owners, t.hidden, t.changes = map[string]string{}, map[string]*schema.PendingDeletion{}, map[string]Write{}
	t.current = map[string]map[string]any{}
	var refs []*firestore.DocumentRef
	add := func(ref *firestore.DocumentRef) {
		if ref != nil && !slices.ContainsFunc(refs, func(r *firestore.DocumentRef) bool { return r.Path == ref.Path }) {
			refs = append(refs, ref)
		}
	}
	for _, c := range chunk {
		add(schema.DeletionRef(t.client, c.UID))
		if c.Documents != nil {
			add(c.Documents.Username.Ref)
			if c.UnlessLater || c.KeepName {
				add(c.Documents.User.Ref)
			}
		}
		for _, name := range c.Former {
			for _, ref := range t.refs(name) {
				add(ref)
			}
		}
	}
	docs, err := t.tx.GetAll(refs)
	if err != nil {
		return fmt.Errorf("read who has which name: %w", err)
	}
	for _, doc := range docs {
		switch {
		case !doc.Exists():
		case doc.Ref.Parent.ID == schema.DeletionDocument.Collection():
			pending := schema.ReadPendingDeletion(doc)
			t.hidden[doc.Ref.ID], t.current[doc.Ref.ID] = &pending, pending.User
		case doc.Ref.Parent.ID == schema.UserDocument.Collection():
			t.current[doc.Ref.ID] = doc.Data()
		case doc.Ref.Parent.ID == schema.CredentialDocument.Collection():
			t.owners[doc.Ref.Path] = schema.CredentialUID(doc)
		default:
			t.owners[doc.Ref.Path] = schema.UIDOf(doc)
		}
	}
	return nil
}

// refs returns the documents of a name, either half of which may be unknown.
func (t *userTransaction) refs(name conversion.Name) (refs []*firestore.DocumentRef) {
	if ref := schema.UsernameRef(t.client, name.Username); ref != nil {
		refs = append(refs, ref)
	}
	if name.Address != "" {
		refs = append(refs, credential.Ref(t.client, name.Address))
	}
	return refs
}

func (t *userTransaction) set(d *conversion.Document, uid string) {
	t.change(Write{Ref: d.Ref, Fields: d.Fields})
	t.owners[d.Ref.Path] = uid
}

func (t *userTransaction) change(write Write) {
	if _, ok := t.changes[write.Ref.Path]; !ok {
		t.order = append(t.order, write.Ref.Path)
	}
	t.changes[write.Ref.Path] = write
}

// plan adds the writes of one user.
func (t *userTransaction) plan(c UserChange) {
	hidden := t.hidden[c.UID]
	if hidden != nil && (hidden.Purging || c.Documents == nil && c.Parked) {
		t.written.LeftAlone = append(t.written.LeftAlone, c.UID)
		return
	}
	keep := map[string]bool{}
	d, current := c.Documents, t.current[c.UID]
	username, _ := current[schema.FieldUsername].(string)
	if ref := schema.UsernameRef(t.client, username); d != nil && c.KeepName && ref != nil {
		user := *d.User
		user.Fields = maps.Clone(user.Fields)
		user.Fields[schema.FieldUsername] = username
		d = &conversion.UserDocuments{User: &user, Username: &conversion.Document{Ref: ref, Fields: d.Username.Fields}, Credential: d.Credential}
		t.owners[ref.Path] = c.UID // it is in the user's document
	}
	switch {
	case d != nil && c.UnlessLater && isLater(current, d.User.Fields):
		if d.Credential != nil {
			t.set(d.Credential, c.UID)
			keep[d.Credential.Ref.Path] = true
		}
		if ref := schema.UsernameRef(t.client, username); ref != nil {
			keep[ref.Path] = true
		}
	case d != nil:
		if owner := t.owners[d.Username.Ref.Path]; owner != "" && owner != c.UID && !t.isOld(owner) {
			t.written.Taken = append(t.written.Taken, d.Username.Ref.ID)
			t.written.LeftAlone = append(t.written.LeftAlone, c.UID)
			return
		}
		for _, doc := range d.All() {
			if hidden != nil && doc == d.User {
				t.setHidden(c.UID, doc.Fields)
				continue
			}
			t.set(doc, c.UID)
			keep[doc.Ref.Path] = true
		}
	case hidden != nil:
		t.setHidden(c.UID, nil)
	default:
		if ref := schema.UserRef(t.client, c.UID); ref != nil {
			t.change(Write{Ref: ref})
		}
	}
	for _, name := range c.Former {
		for _, ref := range t.refs(name) {
			if !keep[ref.Path] && t.owners[ref.Path] == c.UID {
				t.change(Write{Ref: ref})
				t.owners[ref.Path] = ""
			}
		}
	}
}

// setHidden changes the user document that a hidden account gets when it is restored. nil means that it gets none.
func (t *userTransaction) setHidden(uid string, user map[string]any) {
	t.change(Write{Ref: schema.DeletionRef(t.client, uid), Fields: map[string]any{schema.FieldUser: user}})
}

func (t *userTransaction) write() error {
	for _, path := range t.order {
		write := t.changes[path]
		var err error
		switch {
		case write.Fields == nil:
			err = t.tx.Delete(write.Ref)
		case write.Ref.Parent.ID == schema.DeletionDocument.Collection():
			err = t.tx.Update(write.Ref, []firestore.Update{{Path: schema.FieldUser, Value: write.Fields[schema.FieldUser]}})
		default:
			err = t.tx.Set(write.Ref, write.Fields)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", schema.Path(write.Ref), err)
		}
	}
	return nil
}
