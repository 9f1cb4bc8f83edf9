package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
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

// userCommand ends an account, takes it back, or shows what there is of it.
func userCommand(ctx context.Context, args []string) error {
	var t target
	flags := flag.NewFlagSet("user", flag.ContinueOnError)
	t.register(flags)
	now := flags.Bool("now", false, "delete: leave no time to take it back; it is gone with the next purge")
	words, err := parse(flags, args, "delete|restore|show", "USER")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	u, err := t.users(ctx)
	if err != nil {
		return err
	}
	defer u.firestore.Close()
	uid, err := u.find(ctx, words[1])
	if err != nil {
		return err
	}
	switch words[0] {
	case "delete":
		return u.delete(ctx, uid, *now)
	case "restore":
		return u.restore(ctx, uid)
	case "show":
		return u.show(ctx, uid)
	}
	return fmt.Errorf("heektime user knows delete, restore and show, not %q", words[0])
}

// users are the accounts of a project.
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
	return &users{t.project, client, accounts, d}, nil
}

// find is the uid of whom somebody means by a uid, an address or a username.
func (u *users) find(ctx context.Context, who string) (uid string, err error) {
	account, err := u.account(ctx, who)
	if account != nil || err != nil {
		return uidOf(account), err
	}
	if email, bad := email.Normalize(who); bad == nil && strings.Contains(who, "@") {
		docs, err := u.firestore.GetAll(ctx, []*firestore.DocumentRef{credential.Ref(u.firestore, email)})
		if err != nil {
			return "", fmt.Errorf("look for the old account of %s: %w", email, err)
		}
		old, err := credential.Read(docs[0])
		if err != nil {
			return "", err
		}
		if old != nil {
			return old.UID, nil
		}
		return "", fmt.Errorf("project %s has no account with the address %s", u.project, email)
	}
	places := []*firestore.DocumentRef{
		schema.UserRef(u.firestore, who), schema.DeletionRef(u.firestore, who), schema.UsernameRef(u.firestore, who),
	}
	if places[0] == nil {
		return "", fmt.Errorf("%q is not a uid, address or username", who)
	}
	docs, err := u.firestore.GetAll(ctx, places)
	if err != nil {
		return "", fmt.Errorf("look for %s: %w", who, err)
	}
	if docs[0].Exists() || docs[1].Exists() {
		return who, nil
	}
	if uid := schema.UIDOf(docs[2]); uid != "" {
		return uid, nil
	}
	return "", fmt.Errorf("project %s has nobody with the uid, address or username %q", u.project, who)
}

// account is whom Authentication knows by a uid or an address, nil when it knows nobody.
func (u *users) account(ctx context.Context, who string) (account *firebaseauth.UserRecord, err error) {
	if strings.Contains(who, "@") {
		account, err = u.accounts.GetUserByEmail(ctx, who)
	} else {
		account, err = u.accounts.GetUser(ctx, who)
	}
	if firebaseauth.IsUserNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ask Authentication for %s: %w", who, err)
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
	mark, err := u.deletion.Request(ctx, uid)
	if err != nil {
		return err
	}
	if now && !mark.Purging {
		if err := u.deletion.PurgeNow(ctx, uid); err != nil {
			return err
		}
		fmt.Printf("%s is hidden and signed out; the next purge takes everything, and there is no way back\n", uid)
		return nil
	}
	fmt.Printf("%s is hidden and signed out\n%s\n", uid, describe(mark, time.Now()))
	return nil
}

func (u *users) restore(ctx context.Context, uid string) error {
	mark, err := deletion.ReadPending(ctx, u.firestore, uid)
	if err != nil {
		return err
	}
	if err := u.deletion.Restore(ctx, uid); err != nil {
		return err
	}
	if mark == nil {
		fmt.Printf("%s was not going to be deleted\n", uid)
		return nil
	}
	fmt.Printf("%s is as it was, and may sign in\n", uid)
	return nil
}

// show prints what there is. It bills some ten reads.
func (u *users) show(ctx context.Context, uid string) error {
	account, err := u.account(ctx, uid)
	if err != nil {
		return err
	}
	mark, err := deletion.ReadPending(ctx, u.firestore, uid)
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
	if mark != nil {
		fmt.Printf("deletion    asked for at %s\n            %s\n", mark.RequestedAt.Local().Format(time.DateTime), describe(mark, time.Now()))
		if name := mark.Username(); name != "" {
			fmt.Printf("            the username %s waits for it\n", name)
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
			text += ", signed in last at " + time.UnixMilli(at).Local().Format(time.DateTime)
		}
	}
	if old {
		text += ", has an old password hash"
	}
	return text
}

// describe says in words how far a deletion is.
func describe(mark *schema.PendingDeletion, now time.Time) string {
	switch {
	case mark.Purging:
		return "is being purged: there is no way back; the next look is at " + mark.Due.Local().Format(time.DateTime)
	case !mark.Until.After(now):
		return "the next purge takes everything; there is no way back"
	}
	return "can be taken back until " + mark.Until.Local().Format(time.DateTime) + ", by its owner or with heektime user restore"
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// count is how many documents a collection has. It bills a read for each thousand.
func count(ctx context.Context, c *firestore.CollectionRef) (int64, error) {
	answer, err := c.NewAggregationQuery().WithCount("n").Get(ctx)
	if err != nil {
		return 0, fmt.Errorf("count %s: %w", c.ID, err)
	}
	n, _ := answer["n"].(*firestorepb.Value)
	return n.GetIntegerValue(), nil
}
