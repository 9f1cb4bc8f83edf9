package deletion

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// Times of a deletion.
const (
	// Grace is how long the owner can restore an account.
	Grace = 66 * time.Hour
	// Promise is how long after the request an account is gone at the latest. The time after Grace is
	// for the hourly purges and for retries of failed ones.
	Promise = 72 * time.Hour
	// tokenLife is how long ID tokens and custom tokens are valid: an hour, and some minutes for clock
	// skew and requests in flight.
	//
	// Source: https://firebase.google.com/docs/auth/admin/create-custom-tokens
	tokenLife = 70 * time.Minute
	// lease is how long a purge has an account to itself, and when a failed purge is retried.
	lease = 15 * time.Minute
	// purgeTime bounds one purge of one account, so that it ends before its lease.
	purgeTime = 10 * time.Minute
)

// ReadPending reads the pending deletion of an account, nil if it has none. It costs one read.
func ReadPending(ctx context.Context, client *firestore.Client, uid string) (*schema.PendingDeletion, error) {
	ref := schema.DeletionRef(client, uid)
	if ref == nil {
		return nil, fmt.Errorf("%w: %q", errUID, uid)
	}
	snap, err := ref.Get(ctx)
	return decode(ref, snap, err)
}

// decode decodes the document of a pending deletion, nil if it does not exist. err is the error of
// the read.
func decode(ref *firestore.DocumentRef, snap *firestore.DocumentSnapshot, err error) (*schema.PendingDeletion, error) {
	var d schema.PendingDeletion
	if exists, err := schema.Decode(ref, snap, err, &d); !exists || err != nil {
		return nil, err
	}
	return &d, nil
}

// documents are the documents of one account.
type documents struct {
	pending, user *firestore.DocumentRef
}

// errUID means that a uid cannot be the id of a document.
var errUID = errors.New("not a uid")

// maxUIDLength is the length of the longest uid in Authentication, in characters. The id of a user
// document may be longer.
const maxUIDLength = 128

func (s *Service) documents(uid string) (documents, error) {
	refs := documents{schema.DeletionRef(s.firestore, uid), schema.UserRef(s.firestore, uid)}
	if refs.user == nil {
		return documents{}, fmt.Errorf("%w: %q", errUID, uid)
	}
	return refs, nil
}
