package deletion

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/document"
)

// Collection that the marks stand in, each under the uid of its account. No client can read it; firestore.rules look whether a
// mark exists.
const Collection = "deletions"

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

// Mark is an account on its way out.
type PendingDeletion struct {
	// RequestedAt is when it was asked for, or when the function heard that the user document was gone.
	RequestedAt time.Time `firestore:"requestedAt"`
	// Until is when it can be taken back no more.
	Until time.Time `firestore:"until"`
	// Due is when the purge looks at it next.
	Due time.Time `firestore:"due"`
	// SignedOut is false until Authentication has ended the sessions.
	SignedOut bool `firestore:"signedOut"`
	// Purging is true from the first thing that was really deleted: then there is no way back.
	Purging bool `firestore:"purging"`
	// AccountGone is when Authentication was last seen to have the account, and had it deleted; zero before.
	AccountGone time.Time `firestore:"accountGone"`
	// User is the user document as it was, nil when there was none.
	User map[string]any `firestore:"user"`
}

// Username is the name that the account has, "" when it has none.
func (m *PendingDeletion) Username() string {
	name, _ := m.User["username"].(string)
	return name
}

// ReadMark reads the mark of an account; nil when it has none. It costs one read.
func ReadPending(ctx context.Context, client *firestore.Client, uid string) (*PendingDeletion, error) {
	ref := client.Collection(Collection).Doc(uid)
	if ref == nil {
		return nil, fmt.Errorf("%q is no uid", uid)
	}
	snap, err := ref.Get(ctx)
	return decode(snap, err)
}

// decode makes a mark of a document that was read; nil when there is none.
func decode(snap *firestore.DocumentSnapshot, err error) (*PendingDeletion, error) {
	if status.Code(err) == codes.NotFound || (err == nil && !snap.Exists()) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the mark of a deletion: %w", err)
	}
	var m PendingDeletion
	if err := snap.DataTo(&m); err != nil {
		return nil, fmt.Errorf("decode %s: %w", document.Path(snap.Ref), err)
	}
	return &m, nil
}

// documents are the places of one account.
type documents struct {
	mark, user *firestore.DocumentRef
}

// errUID is a uid that cannot name a document.
var errUID = errors.New("a uid has 1 to 1,500 bytes and no slash")

// maxAccount is the longest uid, in characters, that Authentication has; a user document may have a longer one.
const maxAccount = 128

func (s *Service) documents(uid string) (documents, error) {
	if uid == "" || len(uid) > 1500 || strings.Contains(uid, "/") {
		return documents{}, errUID
	}
	return documents{s.firestore.Collection(Collection).Doc(uid), s.firestore.Collection("users").Doc(uid)}, nil
}

// username is nil for a name that no document can have.
func (s *Service) username(name string) *firestore.DocumentRef {
	return document.In(s.usernames(), name)
}

func (s *Service) usernames() *firestore.CollectionRef {
	return s.firestore.Collection("indices").Doc("user").Collection("usernames")
}
