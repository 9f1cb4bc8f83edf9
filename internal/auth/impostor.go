package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"firebase.google.com/go/v4/auth"
	"github.com/google/uuid"

	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/email"
)

// Anybody may create an account in Authentication with any address, or change the address of their own
// account, without asking this service. For an address of email.OldDomain that is never legitimate:
// the domain is ours and has no mailboxes, so nobody can prove that such an address is theirs. An
// account that took one is an impostor. It must not keep the owner of an old account from migrating.
//
// Two facts tell accounts apart, and clients can forge neither:
//
//   - Authentication chooses the uid of an account that a client creates. The accounts that this service
//     creates have a uid from the old system, one from [newUID], or one of its earlier form.
//   - This service creates accounts of the domain with a verified address. Verifying takes a mailbox, and
//     an account that changes its address becomes unverified.
//
// Both are set by the call that creates the account, so a crash cannot leave an account of ours without
// them, and nothing needs to be cleaned up.

// errAddressTaken means that another account in Authentication has the address.
var errAddressTaken = errors.New("another account has the address")

// maxEvictions is how often one login frees the address of its account. Somebody who takes the address
// again each time delays the migration, not the login.
const maxEvictions = 3

// displacedDomain is the domain of the addresses that displaced accounts get. It has no mailboxes and
// no old accounts.
const displacedDomain = "displaced." + email.OldDomain

// Uids that this service chose before it chose UUIDs: 26 characters of base 32.
const (
	uidLength   = 26
	uidAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
)

// uidVersion is the version of the UUIDs that are uids of new accounts. Accounts of the old system have
// UUIDs of version 4, so the version tells where an account was created: compat-server routes calls by it
// while data moves. Version 8 leaves the other bits to the application.
//
// Source: https://www.rfc-editor.org/rfc/rfc9562#section-5.8
const uidVersion = 8

// newUID returns a uid for a new account. Authentication's own uids have 28 characters and letters in
// both cases.
func newUID() string {
	id := uuid.New()
	id[6] = id[6]&0x0f | uidVersion<<4
	return id.String()
}

func isOwnUID(uid string) bool {
	if len(uid) == uidLength {
		return strings.Trim(uid, uidAlphabet) == ""
	}
	id, err := uuid.Parse(uid)
	return err == nil && id.Version() == uidVersion && id.Variant() == uuid.RFC4122 && id.String() == uid
}

// isOurs reports whether an address is of the domain whose addresses only this service gives out.
func isOurs(address string) bool { return strings.HasSuffix(address, "@"+email.OldDomain) }

// freeAddress takes the address of an old account from the account that has it in Authentication. An
// impostor is deleted with all its data. An account that this service created is never deleted: if it
// changed its address to this one, it gets another address, and if it was created with this one, the
// error is [errCannotMigrate]. It is safe to repeat.
func (l *login) freeAddress(ctx context.Context, old *credential.Stored) error {
	holder, err := l.accounts.GetUserByEmail(ctx, l.email)
	switch {
	case auth.IsUserNotFound(err), err == nil && holder.UID == old.UID:
		return nil // it changed in the meantime
	case err != nil:
		return upstreamError("look up the account that has the address", err)
	}
	created, err := l.createdHere(ctx, holder)
	switch {
	case err != nil:
		return err
	case created && holder.EmailVerified:
		return fmt.Errorf("%w: %s was registered with the address", errCannotMigrate, holder.UID)
	case created:
		return l.displace(ctx, holder, old)
	}
	if err := l.deletion.Evict(ctx, holder.UID); err != nil {
		return err
	}
	l.log.WarnContext(ctx, "deleted an impostor that had the address of an old account",
		"uid", old.UID, "impostor", holder.UID)
	return nil
}

// displace gives an account another address. Its password, its data and its sessions stay.
func (l *login) displace(ctx context.Context, holder *auth.UserRecord, old *credential.Stored) error {
	address := strings.ToLower(holder.UID) + "@" + displacedDomain
	update := (&auth.UserToUpdate{}).Email(address).EmailVerified(false)
	if _, err := l.accounts.UpdateUser(ctx, holder.UID, update); err != nil && !auth.IsUserNotFound(err) {
		return upstreamError("change the address of the account that has it", err)
	}
	l.log.ErrorContext(ctx, "an account had changed its address to that of an old account; it got another one",
		"uid", old.UID, "displaced", holder.UID, "address", address)
	return nil
}

// createdHere reports whether this service created an account. A migration deletes the old credential
// only after it set [LegacyClaim], so a migrated account has one of the two at any time.
func (l *login) createdHere(ctx context.Context, user *auth.UserRecord) (bool, error) {
	if legacy, _ := user.CustomClaims[LegacyClaim].(bool); legacy || isOwnUID(user.UID) {
		return true, nil
	}
	return credential.Has(ctx, l.firestore, user.UID)
}
