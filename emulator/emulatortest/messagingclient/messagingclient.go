// Package messagingclient opens the Firebase Admin SDK's Cloud Messaging client for a test's local cloud.
//
// It is a package of its own because the Admin SDK links the clients of all other services: only
// tests that import it pay for that.
package messagingclient

import (
	"net/http"
	"testing"

	firebase "firebase.google.com/go/v4"
	"firebase.google.com/go/v4/messaging"
	"google.golang.org/api/option"
)

// New returns a client for a project's Cloud Messaging. address is where it listens, as
// Cloud.MessagingAddress returns it.
func New(t testing.TB, project, address string) *messaging.Client {
	t.Helper()
	ctx := t.Context()
	app, err := firebase.NewApp(ctx, &firebase.Config{ProjectID: project}, option.WithHTTPClient(&http.Client{Transport: Transport(address)}))
	if err != nil {
		t.Fatalf("open the Firebase Admin SDK: %v", err)
	}
	client, err := app.Messaging(ctx)
	if err != nil {
		t.Fatalf("open a Cloud Messaging client: %v", err)
	}
	return client
}

// Transport sends requests to an emulator at an address, host:port, in place of the host of their URL. The
// Admin SDK has no other way to change the address of topic management. Program code can copy it.
type Transport string

// RoundTrip implements [http.RoundTripper].
func (address Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = "http", string(address), ""
	r.Header.Set("Authorization", "Bearer owner")
	return http.DefaultTransport.RoundTrip(r)
}
