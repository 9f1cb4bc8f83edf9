package billing

// Cause says who and what an amount is billed for. Fields are empty where they do not apply.
type Cause struct {
	// User is the uid of the signed-in caller; "" is an anonymous caller or a server.
	User string `json:"user,omitempty"`
	// Service is the Cloud Run service, or "client" for a browser or an app.
	Service string `json:"service,omitempty"`
	// Action is what the caller did: an RPC, an operation of Storage, the path of a service's endpoint, or
	// the name that a test gave it.
	Action string `json:"action,omitempty"`
	// Collection is the path of a Firestore collection with every document ID replaced by {}, or a bucket.
	// For something that is stored it is the name that was given to [Meter.SetLevel].
	Collection string `json:"collection,omitempty"`
}

// Other stands for the causes that a meter has no room for: as the user alone, for the less dear users, and in
// all fields, for the less dear causes.
const Other = "(other)"

// otherCause is the cause of everything that a meter has no room for.
var otherCause = Cause{Other, Other, Other, Other}

// withOtherUser returns the cause with the user replaced by Other.
func (c Cause) withOtherUser() Cause {
	c.User = Other
	return c
}
