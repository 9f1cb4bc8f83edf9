package replication_test

import (
	"log/slog"
	"testing"

	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/schema"
)

// What the old website changes while an account is about to be deleted, or blocked, is there when the account is
// restored, and so is the password that the owner needs to restore it. It is long because of its table.
func TestHiddenAccount(t *testing.T) {
	t.Parallel()
	const second = "second password"
	for name, c := range map[string]struct {
		moved, blocked, before bool
	}{
		"pending, with a password in Authentication":       {moved: true},
		"pending, with the old hash, before follow starts": {before: true},
		"blocked": {moved: true, blocked: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSigning(t)
			service, err := deletion.New(deletion.Config{Firestore: s.w.Firestore, Accounts: s.accounts, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			first := s.user.Password
			if c.moved {
				s.valid(first)
			}
			if !c.before {
				s.follow()
				s.w.drain(t)
			}
			if c.blocked {
				_, err = service.Block(t.Context(), s.user.ID, "")
			} else {
				_, err = service.Request(t.Context(), s.user.ID)
			}
			if err != nil {
				t.Fatal(err)
			}
			s.changeOld(second)
			name := "renamed"
			s.w.Exec(t, rename(s.user, name))
			if c.before {
				s.follow()
			}
			s.w.drain(t)
			if doc, err := schema.UserRef(s.w.Firestore, s.user.ID).Get(t.Context()); err == nil {
				t.Errorf("the hidden account has the document %v", doc.Data())
			}
			s.user.Username = &name
			if c.blocked {
				_, err = service.Unblock(t.Context(), s.user.ID)
			} else {
				s.valid(second, first) // or nobody could restore the account
				err = service.Restore(t.Context(), s.user.ID)
			}
			if err != nil {
				t.Fatal(err)
			}
			s.valid(second, first)
			doc, err := schema.UserRef(s.w.Firestore, s.user.ID).Get(t.Context())
			if err != nil || schema.UsernameOf(doc) != name {
				t.Errorf("restored as %v, %v, want the username %s", doc.Data(), err, name)
			}
		})
	}
}

// A user whose row the old server deletes while the account is hidden has no document when it is restored.
func TestHiddenAccountWithoutRow(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	service, err := deletion.New(deletion.Config{Firestore: s.w.Firestore, Accounts: s.accounts, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s.follow()
	s.w.drain(t)
	if _, err := service.Request(t.Context(), s.user.ID); err != nil {
		t.Fatal(err)
	}
	s.w.Exec(t, "DELETE FROM users WHERE id = '"+s.user.ID+"'")
	s.w.drain(t)
	if err := service.Restore(t.Context(), s.user.ID); err != nil {
		t.Fatal(err)
	}
	if s.signIn(s.user.Password) {
		t.Error("a user who was deleted can sign in")
	}
	s.w.RequireEqual(t)
}
