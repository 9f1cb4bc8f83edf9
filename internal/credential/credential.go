// Package credential keeps the passwords of old accounts, as the hashes that the old system had, until each has been moved to
// Firebase Authentication. They stand in a collection that security rules give to no client:
//
//	credentials/{SHA-256 of the address}  {email, uid, hash, held}
//
// The key makes a look-up one read and an address unique, and holds whatever characters an address has.
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

	"heek.kr/heektime/internal/schema"
)

// Credential is the password of an old account. Package schema describes its document.
type Credential = schema.Credential

// ErrTaken says that another old account has the address.
var ErrTaken = errors.New("the address belongs to another old account")

// Key is the id of an address's document. The address must be normal.
func Key(email string) string {
	sum := sha256.Sum256([]byte(email))
	return hex.EncodeToString(sum[:])
}

// Ref is where an address's credential is, if it has one.
func Ref(client *firestore.Client, email string) *firestore.DocumentRef {
	return schema.CredentialRef(client, Key(email))
}

// Stored is a credential as it stood in the database when it was read.
type Stored struct {
	schema.StoredCredential

	ref     *firestore.DocumentRef
	version time.Time
}

// Read decodes a document that was read; nil when it does not exist.
func Read(doc *firestore.DocumentSnapshot) (*Stored, error) {
	if !doc.Exists() {
		return nil, nil
	}
	c := Stored{ref: doc.Ref, version: doc.UpdateTime}
	if err := doc.DataTo(&c.StoredCredential); err != nil {
		return nil, fmt.Errorf("read credential %s: %w", doc.Ref.ID, err)
	}
	if c.UID == "" || Key(c.Email) != doc.Ref.ID {
		return nil, fmt.Errorf("credential %s names no account or the address of another", doc.Ref.ID)
	}
	return &c, nil
}

// ErrChanged says that a credential is gone or another than was read.
var ErrChanged = errors.New("the old credential changed meanwhile")

// Hold makes sure that nobody else moves the credential before until. It costs one write. The error wraps ErrChanged.
func (c *Stored) Lock(ctx context.Context, until time.Time) error {
	return c.set(ctx, "hold", until)
}

// Release lets others move a credential that is held. It costs one write. The error wraps ErrChanged.
func (c *Stored) Release(ctx context.Context) error {
	return c.set(ctx, "release", firestore.Delete)
}

func (c *Stored) set(ctx context.Context, doing string, held any) error {
	result, err := c.ref.Update(ctx, []firestore.Update{{Path: schema.FieldHeld, Value: held}}, firestore.LastUpdateTime(c.version))
	if err == nil {
		c.version = result.UpdateTime
	}
	return c.changed(err, doing)
}

// Delete removes the credential as it was read or held, and no other. The error wraps ErrChanged.
func (c *Stored) Delete(ctx context.Context) error {
	_, err := c.ref.Delete(ctx, firestore.LastUpdateTime(c.version))
	return c.changed(err, "delete")
}

func (c *Stored) changed(err error, doing string) error {
	if code := status.Code(err); code == codes.FailedPrecondition || code == codes.NotFound {
		err = ErrChanged
	}
	return wrap(err, "%s the old credential of %s", doing, c.UID)
}

// Add stores a credential, for who moves old accounts here. Adding the same one again changes nothing. The error wraps
// ErrTaken when the address has another uid or another hash.
func Add(ctx context.Context, client *firestore.Client, c Credential) error {
	if c.UID == "" || c.Email == "" || c.Hash == "" {
		return errors.New("a credential needs address, uid and hash")
	}
	ref := Ref(client, c.Email)
	_, err := ref.Create(ctx, c)
	if status.Code(err) != codes.AlreadyExists {
		return wrap(err, "store the credential of %s", c.UID)
	}
	doc, err := ref.Get(ctx)
	if err != nil {
		return fmt.Errorf("look at the credential of %s: %w", c.UID, err)
	}
	if there, err := Read(doc); err != nil || there == nil || there.Credential != c {
		return errors.Join(fmt.Errorf("store the credential of %s: %w", c.UID, ErrTaken), err)
	}
	return nil
}

// DeleteAll deletes what a uid has, however often it is called, and says how much that was.
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

// Has says whether a uid has one. It costs one read.
func Has(ctx context.Context, client *firestore.Client, uid string) (bool, error) {
	found, err := schema.CredentialsOf(client, uid).Select().Limit(1).Documents(ctx).GetAll()
	return len(found) > 0, wrap(err, "look for a credential of %s", uid)
}

// Remaining counts the credentials that wait for their owners to sign in. It bills one read for each thousand.
func Remaining(ctx context.Context, client *firestore.Client) (int64, error) {
	answer, err := schema.Credentials(client).NewAggregationQuery().WithCount("n").Get(ctx)
	if err != nil {
		return 0, fmt.Errorf("count old credentials: %w", err)
	}
	n, ok := answer["n"].(*firestorepb.Value)
	if !ok {
		return 0, fmt.Errorf("count old credentials: answer is %T", answer["n"])
	}
	return n.GetIntegerValue(), nil
}

func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), err)
}
