package billing

// Cause says who and what an amount is billed for. Fields are empty where they do not apply.
type Cause struct {
	// User is the uid of the signed-in caller; "" is an anonymous caller or a server.
	User string
	// Service is the Cloud Run service, or "client" for a browser or an app.
	Service string
	// Action is what the caller did: an RPC, an operation of Storage, the path of a service's endpoint, or
	// the name that a test gave it.
	Action string
	// Collection is the path of a Firestore collection with every document ID replaced by {}, or a bucket.
	Collection string
}
