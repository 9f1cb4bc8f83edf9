// Package emulatortest starts a local cloud for a Go test and opens Google's clients for it.
//
//	func TestMine(t *testing.T) {
//		cloud := emulatortest.Start(t) // in memory, on free ports, closed when the test ends
//		client := cloud.FirestoreClient(t)
//		…
//	}
//
// It is apart from package emulator because it imports every Google client, which a program that only runs the cloud does not need.
package emulatortest

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

	"heek.kr/heektime/emulator"
)

// Cloud is a running local cloud of a test.
type Cloud struct{ *emulator.Cloud }

// Start starts a local cloud for a test and closes it when the test ends. set changes its configuration.
func Start(t testing.TB, set ...func(*emulator.Config)) *Cloud {
	t.Helper()
	var cfg emulator.Config
	for _, f := range set {
		f(&cfg)
	}
	c, err := emulator.Open(cfg)
	if err != nil {
		t.Fatalf("start the local cloud: %v", err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close the local cloud: %v", err)
		}
	})
	return &Cloud{c}
}

// FirestoreClient is Google's client for the default database, as a server with all rights. It needs no environment variable,
// so tests can run side by side.
func (c *Cloud) FirestoreClient(t testing.TB, opts ...grpc.DialOption) *gcfirestore.Client {
	t.Helper()
	return c.firestoreClient(t, "owner", opts)
}

func (c *Cloud) firestoreClient(t testing.TB, who bearer, opts []grpc.DialOption) *gcfirestore.Client {
	t.Helper()
	client, err := gcfirestore.NewClient(t.Context(), c.Project, connection(t, c.FirestoreAddress(), who, opts))
	if err != nil {
		t.Fatalf("open Firestore: %v", err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// FirestoreClientAs is Google's client with the ID token of a user, whom security rules judge. claims are further claims of
// the token, such as {"email_verified": true}.
func (c *Cloud) FirestoreClientAs(t testing.TB, uid string, claims map[string]any, opts ...grpc.DialOption) *gcfirestore.Client {
	t.Helper()
	raw, err := c.IDToken(uid, claims)
	if err != nil {
		t.Fatal(err)
	}
	return c.firestoreClient(t, bearer(raw), opts)
}

// FirestoreClientSignedOut is Google's client as somebody who is not signed in.
func (c *Cloud) FirestoreClientSignedOut(t testing.TB, opts ...grpc.DialOption) *gcfirestore.Client {
	t.Helper()
	return c.firestoreClient(t, "", opts)
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
	return connection(t, address, "owner", opts)
}

func connection(t testing.TB, address string, who bearer, opts []grpc.DialOption) option.ClientOption {
	t.Helper()
	opts = append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithPerRPCCredentials(who),
	}, opts...)
	conn, err := grpc.NewClient(address, opts...)
	if err != nil {
		t.Fatalf("connect to %s: %v", address, err)
	}
	t.Cleanup(func() { conn.Close() })
	return option.WithGRPCConn(conn)
}

// bearer is a token as a credential: "owner" is what emulators take for a server's, "" is none.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	if b == "" {
		return nil, nil
	}
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

func (bearer) RequireTransportSecurity() bool { return false }
