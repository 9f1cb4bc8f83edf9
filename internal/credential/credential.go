// Package credential stores the password hashes of accounts from the old system until each account has
// migrated to Firebase Authentication. Clients cannot read their collection:
//
//	credentials/{SHA-256 of the address}  {email, uid, hash, held}
//
// The key makes a lookup a single read, keeps addresses unique, and allows any character in them.
package credential

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/api/iterator"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/errwrap"
	"heek.kr/heektime/internal/schema"
)

// Credential is the password of an old account. Package schema describes its document.
type Credential = schema.Credential

// ErrTaken means that the address belongs to another old account, or has another hash.
var ErrTaken = errors.New("the address belongs to another old account")

// Key returns the document id for an address, which must be normalized.
func Key(email string) string {
	sum := sha256.Sum256([]byte(email))
	return hex.EncodeToString(sum[:])
}

// Ref returns the reference of an address's credential, which need not exist.
func Ref(client *firestore.Client, email string) *firestore.DocumentRef {
	return schema.CredentialRef(client, Key(email))
}

// Stored is a credential read from Firestore. Its methods fail with [ErrChanged] if the document has
// changed since.
type Stored struct {
	schema.StoredCredential

	ref     *firestore.DocumentRef
	version time.Time
}

// Read decodes a fetched document. It returns nil if the document does not exist.
func Read(doc *firestore.DocumentSnapshot) (*Stored, error) {
	if !doc.Exists() {
		return nil, nil
	}
	c := Stored{ref: doc.Ref, version: doc.UpdateTime}
	if err := doc.DataTo(&c.StoredCredential); err != nil {
		return nil, fmt.Errorf("read credential %s: %w", doc.Ref.ID, err)
	}
	if c.UID == "" || Key(c.Email) != doc.Ref.ID {
		return nil, fmt.Errorf("credential %s has no uid, or the address of another credential", doc.Ref.ID)
	}
	return &c, nil
}

// ErrChanged means that a credential has been changed or deleted since it was read.
var ErrChanged = errors.New("the old credential has changed since it was read")

// Lock prevents other logins from migrating the account until the given time. It costs one write. The
// error may wrap [ErrChanged].
func (c *Stored) Lock(ctx context.Context, until time.Time) error {
	return c.set(ctx, "lock", until)
}

// Release removes the lock. It costs one write. The error may wrap [ErrChanged].
func (c *Stored) Release(ctx context.Context) error {
	return c.set(ctx, "release", firestore.Delete)
}

func (c *Stored) set(ctx context.Context, operation string, lockedUntil any) error {
	update := []firestore.Update{{Path: schema.FieldHeld, Value: lockedUntil}}
	result, err := c.ref.Update(ctx, update, firestore.LastUpdateTime(c.version))
	if err == nil {
		c.version = result.UpdateTime
	}
	return c.wrapChanged(err, operation)
}

// Delete deletes the credential if it has not changed since it was read or locked. The error may wrap
// [ErrChanged].
func (c *Stored) Delete(ctx context.Context) error {
	_, err := c.ref.Delete(ctx, firestore.LastUpdateTime(c.version))
	return c.wrapChanged(err, "delete")
}

// wrapChanged turns the error of a failed precondition into ErrChanged.
func (c *Stored) wrapChanged(err error, operation string) error {
	if code := status.Code(err); code == codes.FailedPrecondition || code == codes.NotFound {
		err = ErrChanged
	}
	return errwrap.Wrap(err, "%s the old credential of %s", operation, c.UID)
}

// Add stores a credential from the old system. Adding the same credential again has no effect. The error
// wraps [ErrTaken] if the address already has another uid or another hash.
func Add(ctx context.Context, client *firestore.Client, c Credential) error {
	if c.UID == "" || c.Email == "" || c.Hash == "" {
		return errors.New("a credential needs an address, a uid and a hash")
	}
	ref := Ref(client, c.Email)
	_, err := ref.Create(ctx, c)
	if status.Code(err) != codes.AlreadyExists {
		return errwrap.Wrap(err, "store the credential of %s", c.UID)
	}
	doc, err := ref.Get(ctx)
	if err != nil {
		return fmt.Errorf("read the credential of %s: %w", c.UID, err)
	}
	if stored, err := Read(doc); err != nil || stored == nil || stored.Credential != c {
		return errors.Join(fmt.Errorf("store the credential of %s: %w", c.UID, ErrTaken), err)
	}
	return nil
}

// DeleteAll deletes all credentials of a uid and returns how many there were.
func DeleteAll(ctx context.Context, client *firestore.Client, uid string) (deleted int, err error) {
	docs := schema.CredentialsOf(client, uid).Documents(ctx)
	defer docs.Stop()
	for {
		doc, err := docs.Next()
		if errors.Is(err, iterator.Done) {
			return deleted, nil
		}
		if err == nil {
			_, err = doc.Ref.Delete(ctx)
		}
		if err != nil {
			return deleted, fmt.Errorf("delete the credentials of %s: %w", uid, err)
		}
		deleted++
	}
}

// Has reports whether a uid has a credential. It costs one read.
func Has(ctx context.Context, client *firestore.Client, uid string) (bool, error) {
	found, err := schema.CredentialsOf(client, uid).Select().Limit(1).Documents(ctx).GetAll()
	return len(found) > 0, errwrap.Wrap(err, "look for a credential of %s", uid)
}

// Remaining counts the accounts that have not migrated. It bills one read per thousand.
func Remaining(ctx context.Context, client *firestore.Client) (int64, error) {
	result, err := schema.Credentials(client).NewAggregationQuery().WithCount("n").Get(ctx)
	if err != nil {
		return 0, fmt.Errorf("count old credentials: %w", err)
	}
	n, ok := result["n"].(*firestorepb.Value)
	if !ok {
		return 0, fmt.Errorf("count old credentials: the result is %T", result["n"])
	}
	return n.GetIntegerValue(), nil
}
