// Package gcp opens Google's official clients. They find the embedded cloud through the usual environment variables; only
// Cloud Tasks has none in its Go client, so this package gives it one.
package gcp

import (
	"context"
	"fmt"
	"os"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/firestore"
	"cloud.google.com/go/storage"
	firebase "firebase.google.com/go/v4"
	"firebase.google.com/go/v4/auth"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// TasksEmulatorHost is the environment variable that sends Cloud Tasks calls to a local server, "host:port", in the way of
// FIRESTORE_EMULATOR_HOST.
const TasksEmulatorHost = "CLOUD_TASKS_EMULATOR_HOST"

// Firestore opens a client for a project's (default) database. It does not call out. FIRESTORE_EMULATOR_HOST is heeded.
func Firestore(ctx context.Context, project string, opts ...option.ClientOption) (*firestore.Client, error) {
	client, err := firestore.NewClient(ctx, project, opts...)
	if err != nil {
		return nil, fmt.Errorf("open Firestore of project %s: %w", project, err)
	}
	return client, nil
}

// Authentication opens the Admin client of a project's Firebase Authentication. account is the service account that signs
// custom tokens, asked of the metadata server when empty. It does not call out. FIREBASE_AUTH_EMULATOR_HOST is heeded.
func Authentication(ctx context.Context, project, account string) (*auth.Client, error) {
	app, err := firebase.NewApp(ctx, &firebase.Config{ProjectID: project, ServiceAccountID: account})
	if err != nil {
		return nil, fmt.Errorf("open Firebase of project %s: %w", project, err)
	}
	client, err := app.Auth(ctx)
	if err != nil {
		return nil, fmt.Errorf("open Authentication of project %s: %w", project, err)
	}
	return client, nil
}

// Storage opens a client. It does not call out. STORAGE_EMULATOR_HOST is heeded.
func Storage(ctx context.Context, opts ...option.ClientOption) (*storage.Client, error) {
	// The client's own metrics exporter would start at every cold start and write to Cloud Monitoring, which is billed.
	client, err := storage.NewClient(ctx, append(opts, storage.WithDisabledClientMetrics())...)
	if err != nil {
		return nil, fmt.Errorf("open Cloud Storage: %w", err)
	}
	return client, nil
}

// Tasks opens a client. It does not call out. [TasksEmulatorHost] is heeded.
func Tasks(ctx context.Context, opts ...option.ClientOption) (*cloudtasks.Client, error) {
	if host := os.Getenv(TasksEmulatorHost); host != "" {
		local, err := Local(host)
		if err != nil {
			return nil, err
		}
		opts = append(opts, local)
	}
	client, err := cloudtasks.NewClient(ctx, opts...)
	if err != nil {
		return nil, fmt.Errorf("open Cloud Tasks: %w", err)
	}
	return client, nil
}

// Local sends a gRPC client to a server of the embedded cloud, without TLS and without credentials.
func Local(host string) (option.ClientOption, error) {
	conn, err := grpc.NewClient(host, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", host, err)
	}
	return option.WithGRPCConn(conn), nil
}
