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
	// Grace is how long its owner may take an account back.
	Grace = 66 * time.Hour
	// Promise is when an account is really gone. What is between is for the purge's looks, an hour apart, and for a purge that
	// fails some times.
	Promise = 72 * time.Hour
	// tokenLife is how long ID tokens and custom tokens are good: an hour, and some minutes for clocks and what is on its way.
	// https://firebase.google.com/docs/auth/admin/create-custom-tokens
	tokenLife = 70 * time.Minute
	// lease is how long one purge keeps others from an account. It is also when a purge that failed is tried again.
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

// decode reads a pending deletion from a document that was fetched, nil if there is none.
func decode(ref *firestore.DocumentRef, snap *firestore.DocumentSnapshot, err error) (*schema.PendingDeletion, error) {
	var d schema.PendingDeletion
	if exists, err := schema.Decode(ref, snap, err, &d); !exists || err != nil {
		return nil, err
	}
	return &d, nil
}

// documents are the documents of one account.
type documents struct {
	mark, user *firestore.DocumentRef
}

// errUID is a uid that cannot be the id of a document.
var errUID = errors.New("not a uid")

// maxAccount is the longest uid, in characters, that Authentication has; a user document may have a longer one.
const maxAccount = 128

func (s *Service) documents(uid string) (documents, error) {
	at := documents{schema.DeletionRef(s.firestore, uid), schema.UserRef(s.firestore, uid)}
	if at.user == nil {
		return documents{}, fmt.Errorf("%w: %q", errUID, uid)
	}
	return at, nil
}
