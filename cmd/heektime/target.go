package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/cmd/heektime/internal/firebase"
	"heek.kr/heektime/cmd/heektime/internal/local"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/refresh"
)

// target is the cloud that a command works on: the embedded one of a running heektime dev, or Google's.
type target struct {
	project    string
	configPath string
}

func (t *target) register(flags *flag.FlagSet) {
	flags.StringVar(&t.project, "project", local.DefaultProject, "project `ID`; one that begins with demo- is the embedded cloud of a running heektime dev, any other is Google's")
	flags.StringVar(&t.configPath, "config", "", "firebase.json `FILE` (default: the nearest one in this folder and those above it)")
}

// isLocal follows Firebase's habit that a project named demo-… never touches Google's cloud. FIRESTORE_EMULATOR_HOST says the
// same of any project.
func (t *target) isLocal() bool {
	return strings.HasPrefix(t.project, "demo-") || os.Getenv("FIRESTORE_EMULATOR_HOST") != ""
}

// open points the official clients at the target.
func (t *target) open() error {
	if !t.isLocal() {
		return nil
	}
	config, err := firebase.Find(t.configPath)
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"FIRESTORE_EMULATOR_HOST":     config.Address("firestore"),
		"FIREBASE_AUTH_EMULATOR_HOST": config.Address("auth"),
		"STORAGE_EMULATOR_HOST":       config.Address("storage"),
		gcp.TasksEmulatorHost:         config.Address("tasks"),
		"REFRESH_URL":                 "http://" + config.Address("refresh"),
		"OIDC_AUDIENCE":               "http://" + config.Address("refresh"),
		"REFRESH_QUEUE":               deployment.Table().QueueName(t.project, deployment.RefreshQueue),
		"TASKS_SERVICE_ACCOUNT":       spec.Email(t.project, deployment.TasksAccount),
	} {
		if os.Getenv(name) == "" {
			os.Setenv(name, value)
		}
	}
	// Google's clients would try for a long time, and say less.
	address := os.Getenv("FIRESTORE_EMULATOR_HOST")
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return fmt.Errorf("nothing answers at %s for project %s: start it with heektime dev, or name another project with --project", address, t.project)
	}
	return conn.Close()
}

func (t *target) firestore(ctx context.Context) (*firestore.Client, error) {
	if err := t.open(); err != nil {
		return nil, err
	}
	return gcp.Firestore(ctx, t.project)
}

// queue opens the queue of refreshes. On Google's cloud it reads the same environment variables as the
// refresh service.
func (t *target) queue(ctx context.Context) (*refresh.Queue, error) {
	if err := t.open(); err != nil {
		return nil, err
	}
	env := environment.Process()
	q := refresh.QueueFromEnvironment(env)
	q.Audience = env.Required("OIDC_AUDIENCE", "the audience of tokens for the refresh service, its base URL")
	err := env.Err()
	if err == nil {
		q.Client, err = gcp.Tasks(ctx)
	}
	return q, err
}
