// Package schedulerclient opens Google's Cloud Scheduler client for a test's local cloud.
//
// It is a package of its own so that only tests that import it link the client.
package schedulerclient

import (
	"testing"

	scheduler "cloud.google.com/go/scheduler/apiv1"
	"google.golang.org/grpc"

	"heek.kr/heektime/emulator/emulatortest/internal/ownerconn"
)

// New returns a client for the Cloud Scheduler at address. Cloud Scheduler shares a port with Cloud
// Tasks: Cloud.TasksAddress returns it. The client is closed when the test ends.
func New(t testing.TB, address string, opts ...grpc.DialOption) *scheduler.CloudSchedulerClient {
	t.Helper()
	client, err := scheduler.NewCloudSchedulerClient(t.Context(), ownerconn.Dial(t, address, ownerconn.Owner, opts...))
	if err != nil {
		t.Fatalf("open a Cloud Scheduler client: %v", err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}
