// Package storageclient opens Google's Cloud Storage client for a test's local cloud.
//
// It is a package of its own because the client is large: only tests that import it link it.
package storageclient

import (
	"testing"

	"cloud.google.com/go/storage"
	"google.golang.org/api/option"
)

// New returns a client for the Cloud Storage at address, as Cloud.StorageAddress returns it. The
// client has all rights, like a server's, and is closed when the test ends.
func New(t testing.TB, address string, opts ...option.ClientOption) *storage.Client {
	t.Helper()
	opts = append([]option.ClientOption{
		option.WithEndpoint("http://" + address + "/storage/v1/"), option.WithoutAuthentication(),
		storage.WithDisabledClientMetrics(),
	}, opts...)
	client, err := storage.NewClient(t.Context(), opts...)
	if err != nil {
		t.Fatalf("open a Cloud Storage client: %v", err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}
