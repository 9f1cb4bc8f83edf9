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

// target is the cloud that a command works on: a running heektime dev, or a Google Cloud project.
type target struct {
	project    string
	configPath string
}

func (t *target) register(flags *flag.FlagSet) {
	flags.StringVar(&t.project, "project", local.DefaultProject, "project `ID`: demo-… is a running heektime dev, any other is on Google Cloud\n(default: "+local.DefaultProject+")")
	flags.StringVar(&t.configPath, "config", "", "firebase.json `FILE` with dev's ports (default: in this folder or a parent)")
}

// isLocal reports whether the target is a running dev. By Firebase's convention, a project named
// demo-… never exists on Google Cloud; FIRESTORE_EMULATOR_HOST makes any project local.
func (t *target) isLocal() bool {
	return strings.HasPrefix(t.project, "demo-") || os.Getenv("FIRESTORE_EMULATOR_HOST") != ""
}

// configure sets the environment variables that make Google's clients use the target, and checks
// that a local target is running.
func (t *target) configure() error {
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
		"REFRESH_URL":                 "http://" + config.ServiceAddress("refresh"),
		"OIDC_AUDIENCE":               "http://" + config.ServiceAddress("refresh"),
		"REFRESH_QUEUE":               deployment.Table().QueueName(t.project, deployment.RefreshQueue),
		"TASKS_SERVICE_ACCOUNT":       spec.Email(t.project, deployment.TasksAccount),
	} {
		if os.Getenv(name) == "" {
			os.Setenv(name, value)
		}
	}
	// Google's clients would retry for a long time and report less.
	address := os.Getenv("FIRESTORE_EMULATOR_HOST")
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return fmt.Errorf("project %s is local, but nothing listens on %s: start heektime dev, or name a Google Cloud project with --project", t.project, address)
	}
	return conn.Close()
}

func (t *target) firestore(ctx context.Context) (*firestore.Client, error) {
	if err := t.configure(); err != nil {
		return nil, err
	}
	return gcp.Firestore(ctx, t.project)
}

// queue opens the refresh queue. For a project on Google Cloud it reads the same environment
// variables as the refresh service.
func (t *target) queue(ctx context.Context) (*refresh.Queue, error) {
	if err := t.configure(); err != nil {
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
