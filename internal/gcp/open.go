package gcp

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/firestore"
	firestorev1 "cloud.google.com/go/firestore/apiv1"
	"cloud.google.com/go/storage"
	firebase "firebase.google.com/go/v4"
	"firebase.google.com/go/v4/auth"
	"firebase.google.com/go/v4/messaging"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// TasksEmulatorHost is the environment variable that redirects Cloud Tasks to a local server,
// "host:port", as FIRESTORE_EMULATOR_HOST does for Firestore.
const TasksEmulatorHost = "CLOUD_TASKS_EMULATOR_HOST"

// RunEmulatorHost is the environment variable that redirects clients of Cloud Run's Admin API to a local
// server, "host:port".
const RunEmulatorHost = "CLOUD_RUN_EMULATOR_HOST"

// MessagingEmulatorHost is the environment variable that redirects Cloud Messaging and its topic management to
// a local server, "host:port". No SDK of Firebase's has such a variable.
const MessagingEmulatorHost = "FCM_EMULATOR_HOST"

// Firestore opens a client for a database of a project, "" for [DefaultDatabase].
func Firestore(ctx context.Context, project, database string, opts ...option.ClientOption) (*firestore.Client, error) {
	database = cmp.Or(database, DefaultDatabase)
	client, err := firestore.NewClientWithDatabase(ctx, project, database, opts...)
	if err != nil {
		return nil, fmt.Errorf("open the Firestore database %s of project %s: %w", database, project, err)
	}
	return client, nil
}

// Authentication opens the Admin SDK's client of a project's Firebase Authentication. account is the
// service account that signs custom tokens. If it is empty, the client gets it from the metadata server.
func Authentication(ctx context.Context, project, account string, opts ...option.ClientOption) (*auth.Client, error) {
	app, err := firebase.NewApp(ctx, &firebase.Config{ProjectID: project, ServiceAccountID: account}, opts...)
	if err != nil {
		return nil, fmt.Errorf("open Firebase of project %s: %w", project, err)
	}
	client, err := app.Auth(ctx)
	if err != nil {
		return nil, fmt.Errorf("open Authentication of project %s: %w", project, err)
	}
	return client, nil
}

// Messaging opens the Admin SDK's client of a project's Cloud Messaging. The SDK has no setting for the
// address of the topic management, so [MessagingEmulatorHost] changes where its requests go.
func Messaging(ctx context.Context, project string, opts ...option.ClientOption) (*messaging.Client, error) {
	if host := os.Getenv(MessagingEmulatorHost); host != "" {
		opts = append(opts, option.WithHTTPClient(&http.Client{Transport: messagingEmulator(host)}))
	}
	app, err := firebase.NewApp(ctx, &firebase.Config{ProjectID: project}, opts...)
	if err != nil {
		return nil, fmt.Errorf("open Firebase of project %s: %w", project, err)
	}
	client, err := app.Messaging(ctx)
	if err != nil {
		return nil, fmt.Errorf("open Cloud Messaging of project %s: %w", project, err)
	}
	return client, nil
}

// messagingEmulator sends requests to the emulator at an address, in place of the host of their URL.
type messagingEmulator string

func (address messagingEmulator) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = "http", string(address), ""
	r.Header.Set("Authorization", "Bearer owner")
	return http.DefaultTransport.RoundTrip(r)
}

// Storage opens a client of Cloud Storage. The client's own metrics are off: their exporter would
// run at every cold start and write to Cloud Monitoring, which is billed.
func Storage(ctx context.Context, opts ...option.ClientOption) (*storage.Client, error) {
	client, err := storage.NewClient(ctx, append(opts, storage.WithDisabledClientMetrics())...)
	if err != nil {
		return nil, fmt.Errorf("open Cloud Storage: %w", err)
	}
	return client, nil
}

// Tasks opens a client of Cloud Tasks.
func Tasks(ctx context.Context) (*cloudtasks.Client, error) {
	opts, err := TasksOptions()
	if err != nil {
		return nil, err
	}
	client, err := cloudtasks.NewClient(ctx, opts...)
	if err != nil {
		return nil, fmt.Errorf("open Cloud Tasks: %w", err)
	}
	return client, nil
}

// TasksOptions returns the options for clients of Cloud Tasks and Cloud Scheduler, both of which the
// local cloud serves on one port. If [TasksEmulatorHost] is set, clients connect to it without TLS or
// credentials.
func TasksOptions() ([]option.ClientOption, error) {
	return emulatorOptions(TasksEmulatorHost)
}

// RunOptions returns the options for clients of Cloud Run's Admin API, which [RunEmulatorHost] redirects.
func RunOptions() ([]option.ClientOption, error) { return emulatorOptions(RunEmulatorHost) }

// emulatorOptions returns the options for clients that an environment variable may redirect.
func emulatorOptions(variable string) ([]option.ClientOption, error) {
	host := os.Getenv(variable)
	if host == "" {
		return nil, nil
	}
	conn, err := grpc.NewClient(host, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", host, err)
	}
	return []option.ClientOption{option.WithGRPCConn(conn)}, nil
}

// FirestoreStreams opens the client of Firestore's own API, which has what the one of [Firestore] hides:
// listen streams with their resume tokens. FIRESTORE_EMULATOR_HOST redirects it, too.
func FirestoreStreams(ctx context.Context) (*firestorev1.Client, error) {
	var opts []option.ClientOption
	if host := os.Getenv("FIRESTORE_EMULATOR_HOST"); host != "" {
		conn, err := grpc.NewClient(host, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(emulatorOwner{}))
		if err != nil {
			return nil, fmt.Errorf("connect to %s: %w", host, err)
		}
		opts = append(opts, option.WithGRPCConn(conn))
	}
	client, err := firestorev1.NewClient(ctx, opts...)
	if err != nil {
		return nil, fmt.Errorf("open Firestore's streams: %w", err)
	}
	return client, nil
}

// emulatorOwner is a token for which an emulator evaluates no security rules.
type emulatorOwner struct{}

func (emulatorOwner) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer owner"}, nil
}

func (emulatorOwner) RequireTransportSecurity() bool { return false }
