package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/operator"
	"heek.kr/heektime/internal/logging"
)

// userActions are what heektime user does with an account.
var userActions = []string{"show", "block", "unblock", "delete", "restore"}

// userCommand shows, blocks, unblocks, deletes or restores an account.
func userCommand(ctx context.Context, args []string) error {
	var t target
	flags := flag.NewFlagSet("user", flag.ContinueOnError)
	t.register(flags)
	t.registerDatabase(flags)
	now := flags.Bool("now", false, "delete: skip the time for restoring; the next purge removes the account")
	reason := flags.String("reason", "", "block: a `NOTE` that operators see, and no user")
	words, err := parse(flags, args, "show|block|unblock|delete|restore", "USER")
	if err != nil {
		return err
	}
	if !slices.Contains(userActions, words[0]) {
		return fmt.Errorf("unknown action %q: use show, block, unblock, delete or restore", words[0])
	}
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	u, err := t.users(ctx)
	if err != nil {
		return err
	}
	defer u.Firestore.Close()
	uid, err := u.Find(ctx, words[1])
	if err != nil {
		return err
	}
	switch words[0] {
	case "block":
		return blockUser(ctx, u, uid, *reason)
	case "unblock":
		return unblockUser(ctx, u, uid)
	case "delete":
		return deleteUser(ctx, u, uid, *now)
	case "restore":
		return restoreUser(ctx, u, uid)
	}
	return showUser(ctx, u, uid)
}

func (t *target) users(ctx context.Context) (*operator.Users, error) {
	client, err := t.firestore(ctx)
	if err != nil {
		return nil, err
	}
	u, err := operator.OpenUsers(ctx, t.project, client, logging.New(os.Stderr, t.project))
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return u, nil
}

func blockUser(ctx context.Context, u *operator.Users, uid, reason string) error {
	if _, err := u.Block(ctx, uid, reason); err != nil {
		return err
	}
	fmt.Printf("%s is blocked: hidden, signed out, and cannot sign in; the data is kept\n", uid)
	return nil
}

func unblockUser(ctx context.Context, u *operator.Users, uid string) error {
	switch was, err := u.Unblock(ctx, uid); {
	case err != nil:
		return err
	case !was:
		fmt.Printf("%s was not blocked\n", uid)
	default:
		fmt.Printf("%s is unblocked and can sign in again\n", uid)
	}
	return nil
}

func deleteUser(ctx context.Context, u *operator.Users, uid string, now bool) error {
	hidden, err := u.Delete(ctx, uid, now)
	switch {
	case err != nil:
		return err
	case now && !hidden.Purging:
		fmt.Printf("%s is hidden and signed out; the next purge deletes it, and it cannot be restored\n", uid)
	default:
		now, err := operator.Now(ctx, u.Firestore)
		if err != nil {
			return err
		}
		fmt.Printf("%s is hidden and signed out\n%s\n", uid, describeDeletion(hidden, now))
	}
	return nil
}

func restoreUser(ctx context.Context, u *operator.Users, uid string) error {
	was, err := u.Restore(ctx, uid)
	if err != nil {
		return err
	}
	if !was {
		fmt.Printf("%s was not being deleted\n", uid)
		return nil
	}
	user, err := u.Show(ctx, uid)
	switch {
	case err != nil:
		return err
	case user.Hidden != nil && user.Hidden.Blocked:
		fmt.Printf("%s is restored, but still blocked\n", uid)
	default:
		fmt.Printf("%s is restored and can sign in again\n", uid)
	}
	return nil
}

// showUser prints an account.
func showUser(ctx context.Context, u *operator.Users, uid string) error {
	user, err := u.Show(ctx, uid)
	if err != nil {
		return err
	}
	fmt.Printf("uid         %s\n", uid)
	fmt.Printf("username    %s\n", orNone(user.Username))
	fmt.Printf("account     %s\n", describeAccount(user))
	fmt.Printf("timetables  %d\n", user.Timetables)
	h := user.Hidden
	if h == nil {
		return nil
	}
	if h.Blocked {
		fmt.Printf("blocked     at %s\n", h.At.Local().Format(time.DateTime))
		if h.Reason != "" {
			fmt.Printf("            %s\n", h.Reason)
		}
		if !h.Settled {
			fmt.Println("            the sign-out has not finished; heektime user block completes it, and so does the next purge")
		}
	}
	if h.Deleting {
		now, err := operator.Now(ctx, u.Firestore)
		if err != nil {
			return err
		}
		fmt.Printf("deletion    requested at %s\n            %s\n", h.Requested.Local().Format(time.DateTime), describeDeletion(h, now))
	}
	if h.Username != "" {
		fmt.Printf("            the username %s is reserved\n", h.Username)
	}
	return nil
}

func describeAccount(user *operator.User) string {
	text := "none"
	if user.Account {
		text = orNone(user.Email)
		if user.Disabled {
			text += ", disabled"
		}
		if user.SignedIn != nil {
			text += ", last signed in at " + user.SignedIn.Local().Format(time.DateTime)
		}
	}
	if user.OldHash {
		text += ", with an old password hash"
	}
	return text
}

// describeDeletion describes how far a deletion has got.
func describeDeletion(h *operator.Hidden, now time.Time) string {
	switch {
	case h.Purging:
		return "is being purged and cannot be restored; the next attempt is at " + h.Due.Local().Format(time.DateTime)
	case !h.Until.After(now):
		return "cannot be restored; the next purge deletes it"
	case h.Blocked:
		return "can be restored until " + h.Until.Local().Format(time.DateTime) + ", with heektime user restore"
	}
	return "can be restored until " + h.Until.Local().Format(time.DateTime) + ", by its owner or with heektime user restore"
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
