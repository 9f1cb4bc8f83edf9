package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/firestore/apiv1/firestorepb"
	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/email"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/logging"
	"heek.kr/heektime/internal/schema"
)

// userCommand shows, deletes or restores an account.
func userCommand(ctx context.Context, args []string) error {
	var t target
	flags := flag.NewFlagSet("user", flag.ContinueOnError)
	t.register(flags)
	t.registerDatabase(flags)
	now := flags.Bool("now", false, "delete: skip the time for restoring; the next purge removes the account")
	words, err := parse(flags, args, "show|delete|restore", "USER")
	if err != nil {
		return err
	}
	if !slices.Contains([]string{"show", "delete", "restore"}, words[0]) {
		return fmt.Errorf("unknown action %q: use show, delete or restore", words[0])
	}
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	u, err := t.users(ctx)
	if err != nil {
		return err
	}
	defer u.firestore.Close()
	uid, err := u.findUID(ctx, words[1])
	if err != nil {
		return err
	}
	switch words[0] {
	case "delete":
		return u.delete(ctx, uid, *now)
	case "restore":
		return u.restore(ctx, uid)
	}
	return u.show(ctx, uid)
}

// users gives access to the accounts of a project.
type users struct {
	project   string
	firestore *firestore.Client
	accounts  *firebaseauth.Client
	deletion  *deletion.Service
}

func (t *target) users(ctx context.Context) (*users, error) {
	client, err := t.firestore(ctx)
	if err != nil {
		return nil, err
	}
	accounts, err := gcp.Authentication(ctx, t.project, "")
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	d, err := deletion.New(deletion.Config{Firestore: client, Accounts: accounts, Log: logging.New(os.Stderr, t.project)})
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return &users{project: t.project, firestore: client, accounts: accounts, deletion: d}, nil
}

// findUID returns the uid of the account with this uid, email or username.
func (u *users) findUID(ctx context.Context, user string) (uid string, err error) {
	account, err := u.account(ctx, user)
	if account != nil || err != nil {
		return uidOf(account), err
	}
	if normalized, invalid := email.Normalize(user); invalid == nil && strings.Contains(user, "@") {
		return u.findOldAccount(ctx, normalized)
	}
	refs := []*firestore.DocumentRef{
		schema.UserRef(u.firestore, user), schema.DeletionRef(u.firestore, user), schema.UsernameRef(u.firestore, user),
	}
	if refs[0] == nil {
		return "", fmt.Errorf("%q is not a valid uid, email or username", user)
	}
	docs, err := u.firestore.GetAll(ctx, refs)
	if err != nil {
		return "", fmt.Errorf("find the user %s: %w", user, err)
	}
	if docs[0].Exists() || docs[1].Exists() {
		return user, nil
	}
	if uid := schema.UIDOf(docs[2]); uid != "" {
		return uid, nil
	}
	return "", fmt.Errorf("project %s has no user with the uid, email or username %q", u.project, user)
}

// findOldAccount returns the uid of an account that has not yet moved to Firebase Authentication.
func (u *users) findOldAccount(ctx context.Context, email string) (uid string, err error) {
	docs, err := u.firestore.GetAll(ctx, []*firestore.DocumentRef{credential.Ref(u.firestore, email)})
	if err != nil {
		return "", fmt.Errorf("find the old account of %s: %w", email, err)
	}
	old, err := credential.Read(docs[0])
	if err != nil {
		return "", err
	}
	if old == nil {
		return "", fmt.Errorf("project %s has no account with the email %s", u.project, email)
	}
	return old.UID, nil
}

// account returns the Firebase Authentication account with this uid or email, or nil if there is
// none.
func (u *users) account(ctx context.Context, user string) (account *firebaseauth.UserRecord, err error) {
	if strings.Contains(user, "@") {
		account, err = u.accounts.GetUserByEmail(ctx, user)
	} else {
		account, err = u.accounts.GetUser(ctx, user)
	}
	if firebaseauth.IsUserNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the account %s: %w", user, err)
	}
	return account, nil
}

func uidOf(account *firebaseauth.UserRecord) string {
	if account == nil {
		return ""
	}
	return account.UID
}

func (u *users) delete(ctx context.Context, uid string, now bool) error {
	pending, err := u.deletion.Request(ctx, uid)
	if err != nil {
		return err
	}
	if now && !pending.Purging {
		if err := u.deletion.PurgeNow(ctx, uid); err != nil {
			return err
		}
		fmt.Printf("%s is hidden and signed out; the next purge deletes it, and it cannot be restored\n", uid)
		return nil
	}
	fmt.Printf("%s is hidden and signed out\n%s\n", uid, describePending(pending, time.Now()))
	return nil
}

func (u *users) restore(ctx context.Context, uid string) error {
	pending, err := deletion.ReadPending(ctx, u.firestore, uid)
	if err != nil {
		return err
	}
	if err := u.deletion.Restore(ctx, uid); err != nil {
		return err
	}
	if pending == nil {
		fmt.Printf("%s was not being deleted\n", uid)
		return nil
	}
	fmt.Printf("%s is restored and can sign in again\n", uid)
	return nil
}

// show prints an account. It costs about ten document reads.
func (u *users) show(ctx context.Context, uid string) error {
	account, err := u.account(ctx, uid)
	if err != nil {
		return err
	}
	pending, err := deletion.ReadPending(ctx, u.firestore, uid)
	if err != nil {
		return err
	}
	user := schema.UserRef(u.firestore, uid)
	docs, err := u.firestore.GetAll(ctx, []*firestore.DocumentRef{user})
	if err != nil {
		return fmt.Errorf("read the user %s: %w", uid, err)
	}
	old, err := credential.Has(ctx, u.firestore, uid)
	if err != nil {
		return err
	}
	timetables, err := count(ctx, schema.Timetables(user))
	if err != nil {
		return err
	}
	name := schema.UsernameOf(docs[0])
	fmt.Printf("uid         %s\n", uid)
	fmt.Printf("username    %s\n", orNone(name))
	fmt.Printf("account     %s\n", describeAccount(account, old))
	fmt.Printf("timetables  %d\n", timetables)
	if pending != nil {
		fmt.Printf("deletion    requested at %s\n            %s\n", pending.RequestedAt.Local().Format(time.DateTime), describePending(pending, time.Now()))
		if name := pending.Username(); name != "" {
			fmt.Printf("            the username %s is reserved\n", name)
		}
	}
	return nil
}

func describeAccount(account *firebaseauth.UserRecord, old bool) string {
	text := "none"
	if account != nil {
		text = orNone(account.Email)
		if account.Disabled {
			text += ", disabled"
		}
		if at := account.UserMetadata.LastLogInTimestamp; at > 0 {
			text += ", last signed in at " + time.UnixMilli(at).Local().Format(time.DateTime)
		}
	}
	if old {
		text += ", with an old password hash"
	}
	return text
}

// describePending describes how far a deletion has got.
func describePending(pending *schema.PendingDeletion, now time.Time) string {
	switch {
	case pending.Purging:
		return "is being purged and cannot be restored; the next attempt is at " + pending.Due.Local().Format(time.DateTime)
	case !pending.Until.After(now):
		return "cannot be restored; the next purge deletes it"
	}
	return "can be restored until " + pending.Until.Local().Format(time.DateTime) + ", by its owner or with heektime user restore"
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
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
