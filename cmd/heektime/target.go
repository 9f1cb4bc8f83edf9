package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/cloudresourcemanager/v3"
	"google.golang.org/api/option"

	"heek.kr/heektime/cmd/heektime/internal/firebase"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/taskqueue"
)

// target is the cloud that a command works on: the local cloud that runs on this machine, or, only
// with --google, a Google Cloud project. A project's name never decides, because a local cloud may
// have the name of a real project.
type target struct {
	google     bool
	project    string
	configPath string
	database   string // of Firestore; "" for a command that does not use it

	connected  bool
	hub        string // address of the local cloud's hub
	refreshURL string // base URL of the refresh service
	pushURL    string // base URL of the push service
}

func (t *target) register(flags *flag.FlagSet) {
	flags.BoolVar(&t.google, "google", false, "work on the Google Cloud project of --project, not on this machine's local cloud")
	flags.StringVar(&t.project, "project", "", "project `ID` (default: that of the running local cloud)")
	flags.StringVar(&t.configPath, "config", "", "firebase.json `FILE` with dev's ports (default: in this folder or a parent)")
}

// registerDatabase adds --database to the flags of a command that uses Firestore.
func (t *target) registerDatabase(flags *flag.FlagSet) {
	flags.StringVar(&t.database, "database", cmp.Or(os.Getenv(databaseVariable), gcp.DefaultDatabase),
		"`ID` of the Firestore database (default: that of "+databaseVariable+", or (default))")
}

// databaseVariable is the variable that services read, too.
const databaseVariable = "FIRESTORE_DATABASE"

// describe names the target on a command's first line.
func (t *target) describe(cloud string) string {
	line := cloud + ", project " + t.project
	if t.database != "" {
		line += ", database " + t.database
	}
	return line
}

// connect finds the target, prints which one it is, and sets the environment variables that make
// Google's clients use it. Later calls do nothing.
func (t *target) connect(ctx context.Context) error {
	if t.connected {
		return nil
	}
	if t.database != "" {
		if err := gcp.CheckDatabase(t.database); err != nil {
			return err
		}
	}
	connect := t.connectLocal
	if t.google {
		connect = t.connectGoogle
	}
	err := connect(ctx)
	t.connected = err == nil
	return err
}

// connectGoogle rejects an environment that would send some of the requests to a local cloud.
func (t *target) connectGoogle(context.Context) error {
	if t.project == "" {
		return errors.New("--google needs --project with the ID of a Google Cloud project")
	}
	for _, name := range deployment.EmulatorVariables() {
		if value := os.Getenv(name); value != "" {
			return fmt.Errorf("environment variable %s is set to %s, a local cloud: unset it to use --google", name, value)
		}
	}
	fmt.Fprintln(os.Stderr, t.describe("Google Cloud"))
	return nil
}

// connectLocal asks the hub for the project and the addresses of the local cloud. The hub is that of
// --config, or else of FIREBASE_EMULATOR_HUB, or else of the nearest firebase.json.
func (t *target) connectLocal(ctx context.Context) error {
	config, err := firebase.Find(t.configPath)
	if err != nil {
		return err
	}
	hub := config.Address("hub")
	if address := os.Getenv("FIREBASE_EMULATOR_HUB"); address != "" && t.configPath == "" {
		hub = address
	}
	cloud, err := findCloud(ctx, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, hub)
	if err != nil {
		project := t.project
		if project == "" {
			project = "ID"
		}
		return fmt.Errorf("no local cloud found (%w): start heektime dev, or add --google --project %s to work on Google Cloud", err, project)
	}
	if t.project != "" && t.project != cloud.project {
		return fmt.Errorf("the local cloud at %s runs project %s, not %s: leave out --project to use it, or add --google to work on Google Cloud",
			hub, cloud.project, t.project)
	}
	t.project, t.hub = cloud.project, hub
	fmt.Fprintln(os.Stderr, t.describe("local cloud at "+hub))
	address := func(name string) string {
		if a := cloud.addresses[name]; a != "" {
			return a
		}
		return config.Address(name) // leaving a variable unset would send its client to Google
	}
	t.refreshURL, t.pushURL = "http://"+config.ServiceAddress("refresh"), "http://"+config.ServiceAddress("push")
	for name, value := range map[string]string{
		"FIRESTORE_EMULATOR_HOST":     address("firestore"),
		"FIREBASE_AUTH_EMULATOR_HOST": address("auth"),
		"STORAGE_EMULATOR_HOST":       address("storage"),
		gcp.TasksEmulatorHost:         address("tasks"),
		gcp.RunEmulatorHost:           address("tasks"), // it is on that port, too
		gcp.MessagingEmulatorHost:     address("messaging"),
	} {
		// Replace values from the shell: they may be those of another cloud.
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	return nil
}

// firestore opens the database of --database.
func (t *target) firestore(ctx context.Context) (*firestore.Client, error) {
	if err := t.connect(ctx); err != nil {
		return nil, err
	}
	return gcp.Firestore(ctx, t.project, t.database)
}

// queue opens the refresh queue.
func (t *target) queue(ctx context.Context) (*refresh.Queue, error) {
	if err := t.connect(ctx); err != nil {
		return nil, err
	}
	if t.google {
		number, err := projectNumber(ctx, t.project, option.WithQuotaProject(t.project))
		if err != nil {
			return nil, err
		}
		t.refreshURL = deployment.Table().RunURL("refresh", number)
	}
	client, err := gcp.Tasks(ctx)
	if err != nil {
		return nil, err
	}
	return &refresh.Queue{
		Client: client, Name: deployment.Table().QueueName(t.project, deployment.RefreshQueue), URL: t.refreshURL, Audience: t.refreshURL,
		ServiceAccount: spec.Email(t.project, deployment.TasksAccount),
	}, nil
}

// pushQueue opens the queue of notifications.
func (t *target) pushQueue(ctx context.Context) (*taskqueue.Queue, error) {
	if err := t.connect(ctx); err != nil {
		return nil, err
	}
	if t.google {
		number, err := projectNumber(ctx, t.project, option.WithQuotaProject(t.project))
		if err != nil {
			return nil, err
		}
		t.pushURL = deployment.Table().RunURL("push", number)
	}
	client, err := gcp.Tasks(ctx)
	if err != nil {
		return nil, err
	}
	return &taskqueue.Queue{
		Client: client, Name: deployment.Table().QueueName(t.project, deployment.PushQueue), URL: t.pushURL, Audience: t.pushURL,
		ServiceAccount: spec.Email(t.project, deployment.TasksAccount),
	}, nil
}

// projectNumber reads a project's number, which is part of its services' URLs.
func projectNumber(ctx context.Context, project string, opts ...option.ClientOption) (string, error) {
	client, err := cloudresourcemanager.NewService(ctx, opts...)
	if err != nil {
		return "", fmt.Errorf("open Resource Manager: %w; run gcloud auth application-default login", err)
	}
	got, err := client.Projects.Get("projects/" + project).Context(ctx).Do()
	if err != nil {
		return "", fmt.Errorf("read the number of project %s: %w", project, err)
	}
	return strings.TrimPrefix(got.Name, "projects/"), nil
}
