// Package tasksclient opens Google's Cloud Tasks client for a test's local cloud.
//
// It is a package of its own so that only tests that import it link the client.
package tasksclient

import (
	"testing"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"google.golang.org/grpc"

	"heek.kr/heektime/emulator/emulatortest/internal/ownerconn"
)

// New returns a client for the Cloud Tasks at address, as Cloud.TasksAddress returns it. The client
// is closed when the test ends.
func New(t testing.TB, address string, opts ...grpc.DialOption) *cloudtasks.Client {
	t.Helper()
	client, err := cloudtasks.NewClient(t.Context(), ownerconn.Dial(t, address, ownerconn.Owner, opts...))
	if err != nil {
		t.Fatalf("open a Cloud Tasks client: %v", err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}
