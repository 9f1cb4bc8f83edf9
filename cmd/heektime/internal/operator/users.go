// Package operator does what an operator does with a deployment: it shows, blocks, deletes and restores
// accounts, shows and starts refreshes, makes announcements, and shows how far a move is. The commands heektime
// user, status, refresh and announce, and the operator's console (server.go), all go through it.
package operator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/firestore/apiv1/firestorepb"
	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/email"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/schema"
)

// ErrNoUser means that a project has no such user.
var ErrNoUser = errors.New("no such user")

// Users gives access to the accounts of a project.
type Users struct {
	Project   string
	Firestore *firestore.Client
	Accounts  *firebaseauth.Client
	Deletion  *deletion.Service
}

// OpenUsers opens Authentication for a project whose Firestore is open.
func OpenUsers(ctx context.Context, project string, client *firestore.Client, log *slog.Logger) (*Users, error) {
	accounts, err := gcp.Authentication(ctx, project, "")
	if err != nil {
		return nil, err
	}
	d, err := deletion.New(deletion.Config{Firestore: client, Accounts: accounts, Log: log, Now: func() time.Time { return nowOrOurs(ctx, client) }})
	if err != nil {
		return nil, err
	}
	return &Users{project, client, accounts, d}, nil
}

// User is what an operator sees of an account.
type User struct {
	UID        string     `json:"uid"`
	Username   string     `json:"username"` // "" if there is none, or the account is hidden
	Email      string     `json:"email"`
	Account    bool       `json:"account"` // whether it is in Authentication
	Disabled   bool       `json:"disabled"`
	SignedIn   *time.Time `json:"signedIn,omitempty"`
	OldHash    bool       `json:"oldHash"` // whether it has a password of the old system
	Timetables int64      `json:"timetables"`
	Hidden     *Hidden    `json:"hidden,omitempty"`
}

// Hidden says why and how long an account is hidden.
type Hidden struct {
	UID      string    `json:"uid"`
	Username string    `json:"username"` // reserved for when the account is restored
	Blocked  bool      `json:"blocked"`
	At       time.Time `json:"at"` // of the block
	Reason   string    `json:"reason"`
	Lifting  bool      `json:"lifting"` // an unblock has not finished
	Settled  bool      `json:"settled"` // whether Authentication has ended the sessions

	Deleting  bool      `json:"deleting"`
	Requested time.Time `json:"requested"`
	Until     time.Time `json:"until"`
	Due       time.Time `json:"due"`
	Purging   bool      `json:"purging"`
}

func hiddenOf(uid string, d *schema.PendingDeletion) *Hidden {
	if d == nil {
		return nil
	}
	h := &Hidden{UID: uid, Username: d.Username(), Settled: d.SignedOut, Deleting: d.IsDeleting(), Requested: d.RequestedAt,
		Until: d.Until, Due: d.Due, Purging: d.Purging}
	if d.Block != nil {
		h.Blocked, h.At, h.Reason, h.Lifting = true, d.Block.At, d.Block.Reason, d.Block.Lifting
	}
	return h
}

// Find returns the uid of the account with this uid, email or username. The error may wrap [ErrNoUser].
func (u *Users) Find(ctx context.Context, user string) (uid string, err error) {
	account, err := u.account(ctx, user)
	if err != nil {
		return "", err
	}
	if account != nil {
		return account.UID, nil
	}
	if normalized, invalid := email.Normalize(user); invalid == nil && strings.Contains(user, "@") {
		return u.findOldAccount(ctx, normalized)
	}
	refs := []*firestore.DocumentRef{
		schema.UserRef(u.Firestore, user), schema.DeletionRef(u.Firestore, user), schema.UsernameRef(u.Firestore, user),
	}
	if refs[0] == nil {
		return "", fmt.Errorf("%w: %q is not a valid uid, email or username", ErrNoUser, user)
	}
	docs, err := u.Firestore.GetAll(ctx, refs)
	if err != nil {
		return "", fmt.Errorf("find the user %s: %w", user, err)
	}
	if docs[0].Exists() || docs[1].Exists() {
		return user, nil
	}
	if uid := schema.UIDOf(docs[2]); uid != "" {
		return uid, nil
	}
	return "", fmt.Errorf("%w: project %s has no user with the uid, email or username %q", ErrNoUser, u.Project, user)
}

// findOldAccount returns the uid of an account that has not yet moved to Firebase Authentication.
func (u *Users) findOldAccount(ctx context.Context, email string) (uid string, err error) {
	docs, err := u.Firestore.GetAll(ctx, []*firestore.DocumentRef{credential.Ref(u.Firestore, email)})
	if err != nil {
		return "", fmt.Errorf("find the old account of %s: %w", email, err)
	}
	old, err := credential.Read(docs[0])
	if err != nil {
		return "", err
	}
	if old == nil {
		return "", fmt.Errorf("%w: project %s has no account with the email %s", ErrNoUser, u.Project, email)
	}
	return old.UID, nil
}

// maxUID is the length of the longest uid in Authentication.
const maxUID = 128

// account returns the Firebase Authentication account with this uid or email, or nil if there is none.
func (u *Users) account(ctx context.Context, user string) (account *firebaseauth.UserRecord, err error) {
	switch {
	case strings.Contains(user, "@"):
		account, err = u.Accounts.GetUserByEmail(ctx, user)
	case user == "" || len(user) > maxUID:
		return nil, nil
	default:
		account, err = u.Accounts.GetUser(ctx, user)
	}
	if firebaseauth.IsUserNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the account %s: %w", user, err)
	}
	return account, nil
}

// Show describes an account. It costs about ten document reads.
func (u *Users) Show(ctx context.Context, uid string) (*User, error) {
	shown := &User{UID: uid}
	account, err := u.account(ctx, uid)
	if err != nil {
		return nil, err
	}
	if account != nil {
		shown.Account, shown.Email, shown.Disabled = true, account.Email, account.Disabled
		if at := account.UserMetadata.LastLogInTimestamp; at > 0 {
			t := time.UnixMilli(at)
			shown.SignedIn = &t
		}
	}
	pending, err := deletion.ReadPending(ctx, u.Firestore, uid)
	if err != nil {
		return nil, err
	}
	shown.Hidden = hiddenOf(uid, pending)
	user := schema.UserRef(u.Firestore, uid)
	docs, err := u.Firestore.GetAll(ctx, []*firestore.DocumentRef{user})
	if err != nil {
		return nil, fmt.Errorf("read the user %s: %w", uid, err)
	}
	shown.Username = schema.UsernameOf(docs[0])
	if shown.OldHash, err = credential.Has(ctx, u.Firestore, uid); err != nil {
		return nil, err
	}
	shown.Timetables, err = count(ctx, schema.Timetables(user))
	return shown, err
}

// Delete requests the deletion of an account. With now, the next purge removes it.
func (u *Users) Delete(ctx context.Context, uid string, now bool) (*Hidden, error) {
	pending, err := u.Deletion.Request(ctx, uid)
	if err == nil && now && !pending.Purging {
		err = u.Deletion.PurgeNow(ctx, uid)
	}
	if err != nil {
		return nil, err
	}
	return hiddenOf(uid, pending), nil
}

// Restore restores an account whose deletion is pending, and reports whether one was.
func (u *Users) Restore(ctx context.Context, uid string) (was bool, err error) {
	pending, err := deletion.ReadPending(ctx, u.Firestore, uid)
	if err != nil {
		return false, err
	}
	return pending != nil && pending.IsDeleting(), u.Deletion.Restore(ctx, uid)
}

// Block blocks an account.
func (u *Users) Block(ctx context.Context, uid, reason string) (*Hidden, error) {
	pending, err := u.Deletion.Block(ctx, uid, reason)
	if err != nil {
		return nil, err
	}
	return hiddenOf(uid, pending), nil
}

// Unblock unblocks an account, and reports whether it was blocked.
func (u *Users) Unblock(ctx context.Context, uid string) (was bool, err error) {
	return u.Deletion.Unblock(ctx, uid)
}

// MaxHidden is how many hidden accounts [Users.Hidden] returns.
const MaxHidden = 200

// Hidden lists the accounts that are blocked or pending deletion, by uid. more is true if there are others.
// It costs a read for each.
func (u *Users) Hidden(ctx context.Context) (list []*Hidden, more bool, err error) {
	query := schema.Deletions(u.Firestore).OrderBy(firestore.DocumentID, firestore.Asc).Limit(MaxHidden + 1)
	docs, err := query.Documents(ctx).GetAll()
	if err != nil {
		return nil, false, fmt.Errorf("list the hidden accounts: %w", err)
	}
	list = []*Hidden{}
	for i, doc := range docs {
		if i == MaxHidden {
			return list, true, nil
		}
		var d schema.PendingDeletion
		if err := doc.DataTo(&d); err != nil {
			return nil, false, fmt.Errorf("decode %s: %w", schema.Path(doc.Ref), err)
		}
		list = append(list, hiddenOf(doc.Ref.ID, &d))
	}
	return list, false, nil
}

// count returns the number of documents in a collection. It costs one read per thousand.
func count(ctx context.Context, c *firestore.CollectionRef) (int64, error) {
	result, err := c.NewAggregationQuery().WithCount("n").Get(ctx)
	if err != nil {
		return 0, fmt.Errorf("count %s: %w", c.ID, err)
	}
	n, _ := result["n"].(*firestorepb.Value)
	return n.GetIntegerValue(), nil
}
