package schema

import (
	"time"

	"cloud.google.com/go/firestore"
)

const users = "users"

// Bounds of a username, in characters.
const (
	MinUsername = 4
	MaxUsername = 32
)

// Field names of a user.
const (
	FieldUsername  = "username"
	FieldCreatedAt = "createdAt"
	FieldUpdatedAt = "updatedAt"
)

// User is users/{uid}. uid is the one of Firebase Authentication. An account that is about to be deleted
// has no such document; see [PendingDeletion].
type User struct {
	Username  string    `firestore:"username"`
	CreatedAt time.Time `firestore:"createdAt,serverTimestamp"`
	UpdatedAt time.Time `firestore:"updatedAt,serverTimestamp"`
}

// UserPath is where users are, for triggers.
const UserPath = "users/{uid}"

// UserDocument describes [User].
var UserDocument = Document{Path: UserPath, Writer: Owner, Fields: []Field{
	{Name: FieldUsername, Type: Text, Min: MinUsername, Max: MaxUsername, Pattern: UsernamePattern},
	{Name: FieldCreatedAt, Type: Timestamp, Fixed: true},
	{Name: FieldUpdatedAt, Type: Timestamp},
}}

// Users is the collection of users.
func Users(client *firestore.Client) *firestore.CollectionRef { return client.Collection(users) }

// UserRef returns the document of a user, nil if no document can have the uid.
func UserRef(client *firestore.Client, uid string) *firestore.DocumentRef {
	return child(Users(client), uid)
}

// UserWithName queries the user who has a username.
func UserWithName(client *firestore.Client, username string) firestore.Query {
	return Users(client).Where(FieldUsername, "==", username).Limit(1)
}

// UserPattern is the path pattern of a trigger for every user document.
const UserPattern = "users/{uid}"

// SplitUserPath returns the uid of a user's document, given the segments of its path.
func SplitUserPath(segments []string) (uid string, ok bool) {
	if len(segments) != 2 || segments[0] != users {
		return "", false
	}
	return segments[1], true
}

// UsernameOf returns the username in a user's document, "" if there is none.
func UsernameOf(user *firestore.DocumentSnapshot) string { return usernameIn(user.Data()) }

func usernameIn(user map[string]any) string {
	name, _ := user[FieldUsername].(string)
	return name
}
