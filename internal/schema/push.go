package schema

import (
	"errors"
	"reflect"
	"slices"
	"time"

	"cloud.google.com/go/firestore"
)

const (
	subscriptions = "subscriptions"
	pushes        = "pushes"
)

// Language is a language of notifications.
type Language string

// The languages.
const (
	Korean  Language = "ko"
	English Language = "en"
)

// Validate rejects a language that notifications do not have.
func (l Language) Validate() error {
	if l != Korean && l != English {
		return errors.New("language must be ko or en")
	}
	return nil
}

// Bounds of subscriptions.
const (
	// MaxSubscriptions is how many devices of a user get notifications. A further one replaces the one
	// that has not been seen longest.
	MaxSubscriptions = 10
	// MaxToken limits the registration token of a device, in bytes. Tokens have some 160, and Google does not
	// document a limit.
	MaxToken = 1000
	// MaxTopics limits the lectures that a user is notified about. A device can have 2,000 topics.
	//
	// Source: https://firebase.google.com/docs/cloud-messaging/send-message
	MaxTopics = 100
)

// Field names of a subscription, for updates and queries. When it expires is [FieldExpires].
const (
	FieldToken   = "token"
	FieldTopics  = "topics"
	FieldSettled = "settled"
	FieldRemoved = "removed"
	FieldSeen    = "seen"
)

// Subscription is users/{uid}/subscriptions/{subscriptionId}: a device that gets notifications. It says what is
// wanted; the topics of the token follow. docs/push.md explains how.
type Subscription struct {
	// Token is the registration token of Firebase Cloud Messaging.
	Token    string   `firestore:"token"`
	Language Language `firestore:"language"`
	// Topics are all topics that the token may be subscribed to.
	Topics []string `firestore:"topics"`
	// Settled means that the token is subscribed to exactly these topics.
	Settled bool `firestore:"settled"`
	// Removed means that the document is deleted as soon as the token has no topics.
	Removed bool `firestore:"removed"`
	// Seen is when the device last subscribed.
	Seen time.Time `firestore:"seen"`
	// Lease is until when a process changes the topics, zero if none does.
	Lease time.Time `firestore:"lease"`
	// Expires is when Firestore may delete the document.
	Expires time.Time `firestore:"expires"`
}

// Fields returns the fields of a subscription's document.
func (s Subscription) Fields() map[string]any { return fieldsOf(s) }

// ReadSubscription reads a subscription's document. A field of another type reads as if it were absent.
func ReadSubscription(doc *firestore.DocumentSnapshot) (s Subscription) {
	fill(doc.Data(), &s)
	return s
}

// SubscriptionPath is where subscriptions are, for triggers.
const SubscriptionPath = UserPath + "/subscriptions/{subscriptionId}"

// SubscriptionDocument describes [Subscription].
var SubscriptionDocument = Document{Path: SubscriptionPath, Writer: Servers, ServersOnly: true, Fields: serverFields(Subscription{})}

// Subscriptions is the collection of a user's subscriptions.
func Subscriptions(user *firestore.DocumentRef) *firestore.CollectionRef {
	return below(user, subscriptions)
}

// SubscriptionRef returns the document of a subscription, nil if no document can have the ID.
func SubscriptionRef(user *firestore.DocumentRef, id string) *firestore.DocumentRef {
	return child(Subscriptions(user), id)
}

// SubscriptionsOf queries a user's subscriptions.
func SubscriptionsOf(user *firestore.DocumentRef) firestore.Query {
	return Subscriptions(user).OrderBy(firestore.DocumentID, firestore.Asc).Limit(2 * MaxSubscriptions)
}

// SubscriptionsFrom queries the subscriptions of all users from a uid on, in the order of uids; of all if it is empty.
func SubscriptionsFrom(client *firestore.Client, uid string) firestore.Query {
	query := client.CollectionGroup(subscriptions).OrderBy(firestore.DocumentID, firestore.Asc)
	if uid == "" {
		return query
	}
	return query.Where(firestore.DocumentID, ">=", UserRef(client, uid))
}

// SubscriptionsWithToken queries the subscriptions of a device, whoever is signed in on it.
func SubscriptionsWithToken(client *firestore.Client, token string) firestore.Query {
	return client.CollectionGroup(subscriptions).Where(FieldToken, "==", token).Limit(MaxSubscriptions)
}

// SubscriptionOwner returns the user of a subscription's document.
func SubscriptionOwner(subscription *firestore.DocumentRef) string {
	return subscription.Parent.Parent.ID
}

// SubscriptionPattern is the path pattern of a trigger for every subscription.
const SubscriptionPattern = UserPattern + "/subscriptions/{subscription}"

// SplitSubscriptionPath returns the user of a subscription's document, given the segments of its path.
func SplitSubscriptionPath(segments []string) (uid string, ok bool) {
	if len(segments) != 4 || segments[0] != users || segments[2] != subscriptions {
		return "", false
	}
	return segments[1], true
}

// LecturePattern is the path pattern of a trigger for every lecture of a timetable.
const LecturePattern = TimetablePattern + "/lectures/{lecture}"

// SplitLecturePath returns the user of a lecture's document, given the segments of its path.
func SplitLecturePath(segments []string) (uid string, ok bool) {
	if len(segments) != 6 || segments[0] != users || segments[2] != timetables || segments[4] != lectures {
		return "", false
	}
	return segments[1], true
}

// Push is pushes/{schoolId}/semesters/{semesterId}: which changes of a course list students have been notified of.
type Push struct {
	// Through is the time of the last change that was considered. Lectures that are not in Lectures have nothing
	// left to say up to here.
	Through time.Time `firestore:"through"`
	// Lectures are those that were sent today, or are still to be sent.
	Lectures []PushedLecture `firestore:"lectures"`
	// Moves are the lectures whose codes changed: some students still have the former code.
	Moves []PushedMove `firestore:"moves"`
	// Removed are the codes of lectures that are no longer in the list.
	Removed []string `firestore:"removed"`
	// ListChanged is the time of a change whose lectures students cannot be told of one by one, until they are told
	// that the list changed. ListTold is when they were told that last.
	ListChanged time.Time `firestore:"listChanged"`
	ListTold    time.Time `firestore:"listTold"`
}

// PushedLecture is what students of one lecture have been told.
type PushedLecture struct {
	// Identifier is the code that the lecture had after the change at Told. Gone means that the list did not have
	// the lecture then.
	Identifier string `firestore:"identifier"`
	Gone       bool   `firestore:"gone"`
	// Told is the time of the last change that a message was about.
	Told time.Time `firestore:"told"`
	// Sent is when the last message was sent, Count how many were on that day in Seoul, and Base is Told as it was
	// before the first of them.
	Sent  time.Time `firestore:"sent"`
	Count int       `firestore:"count"`
	Base  time.Time `firestore:"base"`
	// Perhaps is the time of the last change that students may know of, from a message whose outcome nobody recorded
	// before the next change came.
	Perhaps time.Time `firestore:"perhaps"`
	// Tried is when the message that is being sent was tried last, Next the last change that it is about, and
	// Topics those that got it. They are zero if none is.
	Tried  time.Time `firestore:"tried"`
	Next   time.Time `firestore:"next"`
	Topics []string  `firestore:"topics"`
}

// PushedMove is a lecture whose code changed: From is one that it had, To the one that it has.
type PushedMove struct {
	From string `firestore:"from"`
	To   string `firestore:"to"`
}

// Fields returns the fields of the document.
func (p Push) Fields() map[string]any { return fieldsOf(p) }

// Equal reports whether two documents have the same fields.
func (p Push) Equal(other Push) bool { return reflect.DeepEqual(fieldsOf(p), fieldsOf(other)) }

// Updates returns the updates that replace all fields of the document.
func (p Push) Updates() []firestore.Update {
	var updates []firestore.Update
	for name, value := range fieldsOf(p) {
		updates = append(updates, firestore.Update{Path: name, Value: value})
	}
	return updates
}

// Clone returns a copy that shares nothing with p.
func (p Push) Clone() Push {
	p.Lectures, p.Moves, p.Removed = slices.Clone(p.Lectures), slices.Clone(p.Moves), slices.Clone(p.Removed)
	return p
}

// PushDocument describes [Push].
var PushDocument = Document{Path: "pushes/{schoolId}/semesters/{semesterId}", Writer: Servers, ServersOnly: true, Fields: serverFields(Push{})}

// PushRef returns the document of a semester's notifications, nil if no document can have the IDs.
func PushRef(client *firestore.Client, schoolID string, id SemesterID) *firestore.DocumentRef {
	school := child(client.Collection(pushes), schoolID)
	if school == nil {
		return nil
	}
	return child(below(school, semesters), string(id))
}

// ChangesAfter queries the changes of a semester's list after a time, the oldest first.
func ChangesAfter(semester *firestore.DocumentRef, at time.Time) firestore.Query {
	return Changes(semester).Where(FieldAt, ">", at).OrderBy(FieldAt, firestore.Asc)
}
