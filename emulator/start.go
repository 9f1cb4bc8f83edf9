package emulator

import (
	"context"
	"testing"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	gcfirestore "cloud.google.com/go/firestore"
	gcscheduler "cloud.google.com/go/scheduler/apiv1"
	gcstorage "cloud.google.com/go/storage"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// Start starts a local cloud for a test and closes it when the test ends. set changes its configuration.
func Start(t testing.TB, set ...func(*Config)) *Cloud {
	t.Helper()
	var cfg Config
	for _, f := range set {
		f(&cfg)
	}
	c, err := Open(cfg)
	if err != nil {
		t.Fatalf("start the local cloud: %v", err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close the local cloud: %v", err)
		}
	})
	return c
}

// FirestoreClient is Google's client for the default database, as a server with all rights. It needs no environment variable,
// so tests can run side by side.
func (c *Cloud) FirestoreClient(t testing.TB, opts ...grpc.DialOption) *gcfirestore.Client {
	t.Helper()
	client, err := gcfirestore.NewClient(t.Context(), c.Project, Connection(t, c.FirestoreAddress(), opts...))
	if err != nil {
		t.Fatalf("open Firestore: %v", err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// StorageClient is Google's client for Cloud Storage.
func (c *Cloud) StorageClient(t testing.TB, opts ...option.ClientOption) *gcstorage.Client {
	t.Helper()
	opts = append([]option.ClientOption{
		option.WithEndpoint("http://" + c.StorageAddress() + "/storage/v1/"), option.WithoutAuthentication(),
		gcstorage.WithDisabledClientMetrics(),
	}, opts...)
	client, err := gcstorage.NewClient(t.Context(), opts...)
	if err != nil {
		t.Fatalf("open Cloud Storage: %v", err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// TasksClient is Google's client for Cloud Tasks.
func (c *Cloud) TasksClient(t testing.TB, opts ...grpc.DialOption) *cloudtasks.Client {
	t.Helper()
	client, err := cloudtasks.NewClient(t.Context(), Connection(t, c.TasksAddress(), opts...))
	if err != nil {
		t.Fatalf("open Cloud Tasks: %v", err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// SchedulerClient is Google's client for Cloud Scheduler.
func (c *Cloud) SchedulerClient(t testing.TB, opts ...grpc.DialOption) *gcscheduler.CloudSchedulerClient {
	t.Helper()
	client, err := gcscheduler.NewCloudSchedulerClient(t.Context(), Connection(t, c.TasksAddress(), opts...))
	if err != nil {
		t.Fatalf("open Cloud Scheduler: %v", err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// Connection connects a client to a server of the local cloud as "owner", whom security rules do not judge.
func Connection(t testing.TB, address string, opts ...grpc.DialOption) option.ClientOption {
	t.Helper()
	opts = append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithPerRPCCredentials(owner{}),
	}, opts...)
	conn, err := grpc.NewClient(address, opts...)
	if err != nil {
		t.Fatalf("connect to %s: %v", address, err)
	}
	t.Cleanup(func() { conn.Close() })
	return option.WithGRPCConn(conn)
}

// owner is the credential that emulators take for a server's.
type owner struct{}

func (owner) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer owner"}, nil
}

func (owner) RequireTransportSecurity() bool { return false }
