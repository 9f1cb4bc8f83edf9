// Package subscriptions is the service with which users subscribe their devices to notifications:
//
//	POST   /subscriptions/      {"token", "language"} → 200 {"id"}
//	DELETE /subscriptions/{id}  → 204
//
// Both need "Authorization: Bearer <ID token>". The service stores what is wanted, and a task of the push service
// makes the topics of the device follow within a minute; see docs/push.md. Clients send no list of lectures.
//
// Calls may be repeated, at the same time as well: the ID follows from the token.
package subscriptions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/pushtask"
	"heek.kr/heektime/internal/ratelimit"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/taskqueue"
)

// Config holds the service's dependencies. All but Now are required.
type Config struct {
	Firestore *firestore.Client
	// Accounts is the Admin SDK's client for Authentication, which verifies ID tokens.
	Accounts *firebaseauth.Client
	// Queue is the queue of the topics of devices.
	Queue *taskqueue.Queue
	Log   *slog.Logger
	// Now returns the time; nil means time.Now.
	Now func() time.Time
}

// Service stores subscriptions. It is safe for concurrent use. The only state that it holds between requests counts
// the calls of each user.
type Service struct {
	firestore *firestore.Client
	accounts  *firebaseauth.Client
	queue     *taskqueue.Queue
	calls     *ratelimit.Limiter // of each user
	log       *slog.Logger
	now       func() time.Time
}

// New returns a service, or an error naming the field that cfg lacks.
func New(cfg Config) (*Service, error) {
	switch {
	case cfg.Firestore == nil:
		return nil, errors.New("subscription service needs a Firestore client")
	case cfg.Accounts == nil:
		return nil, errors.New("subscription service needs an Admin client for Authentication")
	case cfg.Log == nil:
		return nil, errors.New("subscription service needs a logger")
	}
	if err := cfg.Queue.Validate(); err != nil {
		return nil, err
	}
	now := cfg.Now
	if now == nil {
		now = time.Now
	}
	s := &Service{
		firestore: cfg.Firestore, accounts: cfg.Accounts, queue: cfg.Queue, log: cfg.Log,
		now: func() time.Time { return now().UTC().Truncate(time.Microsecond) }, // the precision that Firestore stores
	}
	s.calls = ratelimit.New(callLimit)
	return s, nil
}

const (
	// retention is how long a device that is not seen again stays subscribed. A client subscribes again when it
	// starts, so this is a device that nobody has used for two months.
	retention = 60 * 24 * time.Hour
	// seenEvery is how often that is recorded.
	seenEvery = 24 * time.Hour
)

// Errors of a call.
var (
	// ErrHidden means that the account is blocked or about to be deleted.
	ErrHidden = errors.New("the account is blocked or about to be deleted")
	// ErrInvalid means that a request is malformed. Errors that wrap it explain why.
	ErrInvalid = errors.New("invalid")
)

// StoppedError means that an operator has stopped writes: docs/stop.md.
type StoppedError struct {
	// Message is what users see.
	Message string
}

func (e *StoppedError) Error() string { return "writes are stopped" }

// ID returns the ID of a device's subscription.
func ID(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:16])
}

// Subscribe subscribes a device of a user, and returns the ID of the subscription. A device has one user: the one
// who subscribed it last. Beyond [schema.MaxSubscriptions] devices, the one that was seen longest ago loses its
// subscription.
//
// It adds the tasks before it stores what they are for: if the process dies in between, they find nothing to do.
//
// Billed: 3 reads, and 1 for each subscription of the user; 1 write, and 2 tasks, unless the device was seen today.
func (s *Service) Subscribe(ctx context.Context, uid, token string, language schema.Language) (id string, err error) {
	if token == "" || len(token) > schema.MaxToken {
		return "", fmt.Errorf("%w: the token has %d bytes, want 1 to %d", ErrInvalid, len(token), schema.MaxToken)
	}
	if err := language.Validate(); err != nil {
		return "", fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	user := schema.UserRef(s.firestore, uid)
	if user == nil {
		return "", ErrHidden
	}
	id = ID(token)
	known, err := schema.SubscriptionsWithToken(s.firestore, token).Documents(ctx).GetAll()
	if err != nil {
		return "", fmt.Errorf("look for the device: %w", err)
	}
	if !s.isCurrent(known, user, id, language) {
		if err := pushtask.FollowDevice(ctx, s.queue, uid, s.now()); err != nil {
			return "", err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, pushtask.CommitWithin)
	defer cancel()
	err = s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		return s.subscribe(tx, user, id, token, language, known)
	})
	if err != nil {
		return "", fmt.Errorf("subscribe a device of %s: %w", uid, err)
	}
	return id, nil
}

// isCurrent reports whether the device is subscribed as it should be, and was seen today.
func (s *Service) isCurrent(docs []*firestore.DocumentSnapshot, user *firestore.DocumentRef, id string, language schema.Language) bool {
	if len(docs) != 1 || docs[0].Ref.ID != id || schema.SubscriptionOwner(docs[0].Ref) != user.ID {
		return false
	}
	sub := schema.ReadSubscription(docs[0])
	return sub.Language == language && sub.Settled && !sub.Removed && s.now().Sub(sub.Seen) < seenEvery
}

// subscribe stores the subscription. The topics of other users' subscriptions of the device become its own, so that
// it leaves them.
func (s *Service) subscribe(
	tx *firestore.Transaction, user *firestore.DocumentRef, id, token string, language schema.Language, known []*firestore.DocumentSnapshot,
) error {
	refs := []*firestore.DocumentRef{schema.StopRef(s.firestore), schema.DeletionRef(s.firestore, user.ID)}
	var others []*firestore.DocumentRef
	for _, doc := range known {
		if doc.Ref.ID == id && schema.SubscriptionOwner(doc.Ref) != user.ID {
			others = append(others, doc.Ref)
		}
	}
	snaps, err := tx.GetAll(append(refs, others...))
	if err != nil {
		return err
	}
	mine, err := tx.Documents(schema.SubscriptionsOf(user)).GetAll()
	switch {
	case err != nil:
		return err
	case snaps[0].Exists():
		return &StoppedError{schema.StopOf(snaps[0]).Message}
	case snaps[1].Exists():
		return ErrHidden
	}
	if s.isCurrent(mine, user, id, language) && len(others) == 0 {
		return nil
	}
	now := s.now()
	sub := schema.Subscription{Token: token, Language: language, Seen: now, Expires: now.Add(retention)}
	for _, doc := range append(snaps[2:], mine...) {
		if doc.Exists() && doc.Ref.ID == id {
			old := schema.ReadSubscription(doc)
			sub.Topics = append(sub.Topics, old.Topics...)
			sub.Settled = old.Settled && old.Language == language && !old.Removed && schema.SubscriptionOwner(doc.Ref) == user.ID && len(others) == 0
			if old.Lease.After(sub.Lease) {
				sub.Lease = old.Lease
			}
		}
	}
	slices.Sort(sub.Topics)
	sub.Topics = slices.Compact(sub.Topics)
	for _, ref := range others {
		if err := tx.Delete(ref); err != nil {
			return err
		}
	}
	if err := s.replaceOldest(tx, mine, id); err != nil {
		return err
	}
	return tx.Set(schema.SubscriptionRef(user, id), sub.Fields())
}

// replaceOldest marks the subscriptions as removed that are too many with the one that is being stored.
func (s *Service) replaceOldest(tx *firestore.Transaction, mine []*firestore.DocumentSnapshot, id string) error {
	mine = slices.DeleteFunc(slices.Clone(mine), func(doc *firestore.DocumentSnapshot) bool {
		return doc.Ref.ID == id || schema.ReadSubscription(doc).Removed
	})
	slices.SortFunc(mine, func(a, b *firestore.DocumentSnapshot) int {
		return schema.ReadSubscription(a).Seen.Compare(schema.ReadSubscription(b).Seen)
	})
	for _, doc := range mine[:max(0, len(mine)-schema.MaxSubscriptions+1)] {
		if err := tx.Update(doc.Ref, []firestore.Update{{Path: schema.FieldRemoved, Value: true}}); err != nil {
			return err
		}
	}
	return nil
}

// Unsubscribe removes a subscription of a user. It does nothing if there is none.
//
// Billed: 1 read; 1 write and 1 task if there is one.
func (s *Service) Unsubscribe(ctx context.Context, uid, id string) error {
	ref := schema.SubscriptionRef(schema.UserRef(s.firestore, uid), id)
	if ref == nil {
		return nil // no subscription can have this ID
	}
	var sub schema.Subscription
	if exists, err := schema.Read(ctx, ref, &sub); err != nil || !exists {
		return err
	}
	if err := pushtask.Follow(ctx, s.queue, uid, s.now()); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, pushtask.CommitWithin)
	defer cancel()
	_, err := ref.Update(ctx, []firestore.Update{{Path: schema.FieldRemoved, Value: true}})
	if err != nil && status.Code(err) != codes.NotFound {
		return fmt.Errorf("remove a subscription of %s: %w", uid, err)
	}
	return nil
}
