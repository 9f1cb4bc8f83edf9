package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/firebaserules/v1"
	"google.golang.org/api/option"

	"heek.kr/heektime/cmd/heektime/internal/closedrules"
	"heek.kr/heektime/cmd/heektime/internal/stop"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/gcp"
)

// stopTimeout bounds stop and start: some ten calls.
const stopTimeout = time.Minute

// stopWrites closes the rules of a project for writes and tells its services to reject them.
func stopWrites(ctx context.Context, args []string) error {
	var o stop.Options
	return withSwitch(ctx, "stop", args, func(flags *flag.FlagSet) {
		flags.BoolVar(&o.Everything, "everything", false, "stop reads, too, and downloads of course lists: clients show what they have cached")
		flags.StringVar(&o.Message, "message", "", "`TEXT` that users see, in Korean (default: \""+stop.DefaultMessage+"\")")
	}, func(ctx context.Context, s *stop.Switch) (*stop.State, error) { return s.Stop(ctx, o) })
}

// startWrites brings the rules back that stop has replaced.
func startWrites(ctx context.Context, args []string) error {
	return withSwitch(ctx, "start", args, func(*flag.FlagSet) {},
		func(ctx context.Context, s *stop.Switch) (*stop.State, error) { return s.Start(ctx) })
}

// withSwitch runs a command on the switch and prints the state in which it leaves the project.
func withSwitch(
	ctx context.Context, name string, args []string, register func(*flag.FlagSet), run func(context.Context, *stop.Switch) (*stop.State, error),
) error {
	var t target
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	t.register(flags)
	t.registerDatabase(flags)
	bucket := flags.String("bucket", "", "`NAME` of the bucket of course lists (default: the project's; locally the project ID)")
	register(flags)
	if _, err := parse(flags, args); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	client, err := t.firestore(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	s, err := t.stopSwitch(ctx, client, *bucket)
	if err != nil {
		return err
	}
	state, err := run(ctx, s)
	if err != nil {
		return fmt.Errorf("%w\nrun the same command again: it continues where it was interrupted", err)
	}
	printStop(os.Stdout, state, time.Now())
	if !state.IsOpen() && t.google {
		fmt.Println("Google applies rules to new requests within a minute, and to running listeners within ten.")
	}
	return nil
}

// stopSwitch opens the switch of the target, which is connected.
func (t *target) stopSwitch(ctx context.Context, client *firestore.Client, bucket string) (*stop.Switch, error) {
	options := []option.ClientOption{option.WithQuotaProject(t.project)}
	if !t.google {
		options = []option.ClientOption{option.WithEndpoint("http://" + os.Getenv(gcp.TasksEmulatorHost) + "/"), option.WithoutAuthentication()}
	}
	api, err := firebaserules.NewService(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("open Firebase Rules: %w; run gcloud auth application-default login", err)
	}
	if bucket == "" {
		bucket = t.project
		if t.google {
			bucket = deployment.Table().BucketName(deployment.ListsBucket, spec.Place{Project: t.project})
		}
	}
	return &stop.Switch{Rules: api, Firestore: client, Project: t.project, Database: t.database, Bucket: bucket, Now: time.Now}, nil
}

// printStop prints what is stopped, and how to go on.
func printStop(w io.Writer, state *stop.State, now time.Time) {
	if state.IsOpen() {
		fmt.Fprintln(w, "open: clients and services may write")
		return
	}
	since := state.Since()
	what := "stopped"
	if !state.IsStopped() {
		what = "HALF STOPPED"
	}
	fmt.Fprintf(w, "%s since %s (%s)\n", what, since.UTC().Format(time.RFC3339), ago(now.Sub(since)))
	fmt.Fprintf(w, "  clients        %s\n", describeRules(state.Firestore.Closed))
	if state.Storage != nil && state.Storage.Closed != nil {
		fmt.Fprintln(w, "  course lists   cannot be downloaded, except with a URL that has a token")
	}
	if state.Notice != nil {
		fmt.Fprintf(w, "  services       reject writes of old apps and registrations: %s\n", state.Notice.Message)
	} else {
		fmt.Fprintln(w, "  services       write")
	}
	if !state.IsStopped() {
		fmt.Fprintln(w, "A command was interrupted, or somebody has released rules since. Run heektime stop or heektime start again.")
		return
	}
	fmt.Fprintln(w, "heektime start opens it again.")
}

func describeRules(c *closedrules.Closed) string {
	switch {
	case c == nil:
		return "read and write"
	case c.Everything:
		return "neither read nor write; the rules before were " + c.Before
	}
	return "read, and cannot write; the rules before were " + c.Before
}

// showStop prints what is stopped, if anything is. A failure is only a line: it must not hide what else a
// command shows.
func (t *target) showStop(ctx context.Context, client *firestore.Client) {
	s, err := t.stopSwitch(ctx, client, "")
	if err != nil {
		fmt.Fprintln(os.Stderr, "whether writes are stopped is not known:", err)
		return
	}
	switch state, err := s.State(ctx); {
	case err != nil:
		fmt.Fprintln(os.Stderr, "whether writes are stopped is not known:", err)
	case !state.IsOpen():
		printStop(os.Stderr, state, time.Now())
	}
}
