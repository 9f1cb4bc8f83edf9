package schema

import (
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/firestore/apiv1/firestorepb"
)

const (
	follows   = "follows"
	counts    = "counts"
	following = "following"
	followers = "followers"
)

// Bounds of follows.
const (
	// MaxFollows is how many others a user may follow.
	MaxFollows = 100
	// MaxUID is the length of the longest uid in Authentication, in characters.
	//
	// Source: https://firebase.google.com/docs/auth/admin/manage-users
	MaxUID = 128
)

// FieldCount is how many there are. The uid in a follow is [FieldUID].
const FieldCount = "count"

// Follow is users/{uid}/follows/{otherUid}: a user follows another one. Only the follower can read it.
type Follow struct {
	// UID is the one of the user who is followed, like the document's ID, which a query of a collection group cannot
	// compare.
	UID       string    `firestore:"uid"`
	CreatedAt time.Time `firestore:"createdAt,serverTimestamp"`
}

// FollowPath is where follows are.
const FollowPath = UserPath + "/follows/{otherUid}"

// FollowDocument describes [Follow].
var FollowDocument = Document{Path: FollowPath, Writer: Owner, MaxPage: MaxFollows, Fields: []Field{
	{Name: FieldUID, Type: Text, Fixed: true},
	{Name: FieldCreatedAt, Type: Timestamp, Fixed: true},
}}

// Following is users/{uid}/counts/following: how many others a user follows. Rules cannot count documents, so they
// require that each follow that is added or removed changes this document, too, which bounds the number.
type Following struct {
	Count int `firestore:"count"`
	// UID is the one of the user whom the last change was about.
	UID       string    `firestore:"uid"`
	UpdatedAt time.Time `firestore:"updatedAt,serverTimestamp"`
}

// FollowingDocument describes [Following].
var FollowingDocument = Document{Path: UserPath + "/counts/following", Writer: Owner, Fields: []Field{
	{Name: FieldCount, Type: Integer, Max: MaxFollows},
	{Name: FieldUID, Type: Text, Max: MaxUID},
	{Name: FieldUpdatedAt, Type: Timestamp},
}}

// Followers is users/{uid}/counts/followers: how many others follow a user. It does not exist if nobody does.
type Followers struct {
	Count int `firestore:"count"`
}

// FollowersDocument describes [Followers].
var FollowersDocument = Document{Path: UserPath + "/counts/followers", Writer: Servers, Fields: []Field{
	{Name: FieldCount, Type: Integer},
}}

// Follows is the collection of those whom a user follows.
func Follows(user *firestore.DocumentRef) *firestore.CollectionRef { return below(user, follows) }

// FollowsOf queries the follows of a user by all others.
func FollowsOf(client *firestore.Client, uid string) firestore.Query {
	return client.CollectionGroup(follows).Where(FieldUID, "==", uid)
}

// Follower returns the user of a follow's document.
func Follower(follow *firestore.DocumentRef) *firestore.DocumentRef { return follow.Parent.Parent }

// CountsOf is the collection of a user's counts.
func CountsOf(user *firestore.DocumentRef) *firestore.CollectionRef { return below(user, counts) }

// FollowingRef returns the document of how many others a user follows.
func FollowingRef(user *firestore.DocumentRef) *firestore.DocumentRef {
	return child(CountsOf(user), following)
}

// FollowersRef returns the document of how many others follow a user.
func FollowersRef(user *firestore.DocumentRef) *firestore.DocumentRef {
	return child(CountsOf(user), followers)
}

// ReadFollowing reads the document. A field of another type reads as if it were absent.
func ReadFollowing(doc *firestore.DocumentSnapshot) (f Following) {
	fill(doc.Data(), &f)
	return f
}

// Fields returns the fields of the document. Firestore sets a timestamp that is zero.
func (f Following) Fields() map[string]any { return fieldsOf(f) }

// FollowPattern is the path pattern of a trigger for every follow.
const FollowPattern = UserPattern + "/follows/{other}"

// SplitFollowPath returns the uid of the user who is followed, given the segments of the path of a follow's document.
func SplitFollowPath(segments []string) (followed string, ok bool) {
	if len(segments) != 4 || segments[0] != users || segments[2] != follows {
		return "", false
	}
	return segments[3], true
}

// CountIn returns a count that an aggregation query returned under a name.
func CountIn(result firestore.AggregationResult, name string) int {
	value, _ := result[name].(*firestorepb.Value)
	return int(value.GetIntegerValue())
}
