package schema

import (
	"errors"
	"fmt"
	"regexp"
	"unicode/utf8"

	"cloud.google.com/go/firestore"
)

// UsernamePattern is what a new username consists of, in the syntax of RE2. firestore.rules has the same
// pattern; package schemarules compares the two. It lists ranges, not classes like \p{L}, because the
// versions of Unicode that Google's RE2 and Go's regexp know differ.
//
// Every name has one spelling: rules cannot normalize, so the pattern has no combining marks, no
// conjoining jamo, and no character that a normalization form, compatibility forms included, replaces
// with another. The jamo that keyboards type (ㅋㅋ) are exceptions: they look like themselves only. Nothing
// is invisible, and nothing separates, controls or formats text. Of ASCII punctuation it has what URLs
// never encode.
//
// Every client can therefore open a name as a segment of a URL's path, and two names that look alike
// differ in script or case.
//
// Sources: https://firebase.google.com/docs/reference/rules/rules.String#matches,
// https://github.com/google/re2/wiki/Syntax, https://www.rfc-editor.org/rfc/rfc3986#section-2.3
const UsernamePattern = `[-.0-9A-Z_a-z~À-ÖØ-öø-ıĴ-ľŁ-ňŊ-žƠơƯưȘ-țẠ-ỹΆΈ-ΊΌΎ-ΡΣ-ώЀ-џҐґ々〇ぁ-ゖァ-ヺーㄱ-ㅎㅏ-ㅣ㐀-䶿一-鿿가-힣☀-➿⭐🌀-🙏🚀-🛿🤀-🧿🩰-🫿]+`

var usernamePattern = regexp.MustCompile(`\A(?:` + UsernamePattern + `)\z`)

// ErrUsername means that nobody can claim a name. Names that exist may be like that all the same: the old
// system and earlier rules allowed more.
var ErrUsername = errors.New("not a valid new username")

// CheckUsername returns an error that wraps [ErrUsername] if firestore.rules let nobody claim a name.
func CheckUsername(name string) error {
	length := utf8.RuneCountInString(name)
	if length < MinUsername || length > MaxUsername || !usernamePattern.MatchString(name) || !IsID(name) {
		return fmt.Errorf("%w: %.100q", ErrUsername, name)
	}
	return nil
}

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

// NewUsername returns the fields of a username's document.
func NewUsername(uid string) map[string]any { return fieldsOf(Username{UID: uid}) }

// UIDOf returns the uid in a username's document, "" if there is none.
func UIDOf(username *firestore.DocumentSnapshot) string {
	uid, _ := username.Data()[FieldValue].(string)
	return uid
}
