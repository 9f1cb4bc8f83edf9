package emulatortest

import (
	"testing"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/option"
	"google.golang.org/grpc"

	"heek.kr/heektime/emulator/emulatortest/internal/ownerconn"
)

// FirestoreClient returns Google's client for the default database. Like a server's, it has all
// rights. It needs no environment variable, so tests can run in parallel.
func (c *Cloud) FirestoreClient(t testing.TB, opts ...grpc.DialOption) *firestore.Client {
	t.Helper()
	return c.firestoreClient(t, ownerconn.Owner, opts)
}

// FirestoreClientAs returns a client that is signed in as a user: security rules apply to it. claims,
// such as {"email_verified": true}, are added to the user's ID token; see [emulator.Cloud.IDToken].
func (c *Cloud) FirestoreClientAs(t testing.TB, uid string, claims map[string]any, opts ...grpc.DialOption) *firestore.Client {
	t.Helper()
	token, err := c.IDToken(uid, claims)
	if err != nil {
		t.Fatal(err)
	}
	return c.firestoreClient(t, token, opts)
}

// FirestoreClientSignedOut returns a client that is not signed in: request.auth is null in the rules.
func (c *Cloud) FirestoreClientSignedOut(t testing.TB, opts ...grpc.DialOption) *firestore.Client {
	t.Helper()
	return c.firestoreClient(t, "", opts)
}

func (c *Cloud) firestoreClient(t testing.TB, token string, opts []grpc.DialOption) *firestore.Client {
	t.Helper()
	client, err := firestore.NewClient(t.Context(), c.Project, ownerconn.Dial(t, c.FirestoreAddress(), token, opts...))
	if err != nil {
		t.Fatalf("open a Firestore client: %v", err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// Connection connects one of Google's gRPC clients to a server of the local cloud, with all rights.
// The connection is closed when the test ends.
func Connection(t testing.TB, address string, opts ...grpc.DialOption) option.ClientOption {
	t.Helper()
	return ownerconn.Dial(t, address, ownerconn.Owner, opts...)
}
