package schema

import "cloud.google.com/go/firestore"

// FieldValue is the only field of a username's document.
const FieldValue = "value"

// Username is indices/user/usernames/{username}. Together with the user's own document it makes usernames
// unique: firestore.rules accepts neither without the other.
type Username struct {
	// UID of the user who has the name.
	UID string `firestore:"value"`
}

// UsernameDocument describes [Username].
var UsernameDocument = Document{Path: "indices/user/usernames/{username}", Writer: Owner, Fields: []Field{
	{Name: FieldValue, Type: Text, Fixed: true},
}}

// Usernames is the collection of usernames in use.
func Usernames(client *firestore.Client) *firestore.CollectionRef {
	return client.Collection("indices").Doc("user").Collection("usernames")
}

// UsernameRef returns the document of a username, nil if no document can have the name.
func UsernameRef(client *firestore.Client, username string) *firestore.DocumentRef {
	return child(Usernames(client), username)
}

// UsernamesOf queries the usernames that belong to a user.
func UsernamesOf(client *firestore.Client, uid string) firestore.Query {
	return Usernames(client).Where(FieldValue, "==", uid)
}

// UIDOf returns the uid in a username's document, "" if there is none.
func UIDOf(username *firestore.DocumentSnapshot) string {
	uid, _ := username.Data()[FieldValue].(string)
	return uid
}
