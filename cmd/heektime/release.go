package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	cloudrun "cloud.google.com/go/run/apiv2"

	"heek.kr/heektime/cmd/heektime/internal/release"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/gcp"
)

// releaseTimeout bounds a release. Cloud Run gives a revision four minutes to start.
const releaseTimeout = 20 * time.Minute

// releaseServices deploys images by digest, checks them and moves the traffic to them.
func releaseServices(ctx context.Context, args []string) error {
	var t target
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	t.register(flags)
	images := map[string]string{}
	flags.Func("images", "JSON `FILE` that heektime image push printed, or - for standard input", func(path string) error {
		read, err := readImages(path)
		maps.Copy(images, read)
		return err
	})
	flags.Func("image", "`SERVICE=IMAGE` with the image's digest, HOST/PATH@sha256:…; may be repeated", func(text string) error {
		service, image, err := release.ParseImage(text)
		if err == nil {
			images[service] = image
		}
		return err
	})
	names, err := parseFlags(flags, args, "usage: heektime release [flags] [SERVICE…]")
	if err != nil {
		return err
	}
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(images)) // none: all services, with the images that they have
	}
	return t.withReleaser(ctx, func(ctx context.Context, r *release.Releaser) error { return r.Release(ctx, names, images) })
}

// readImages reads the images of services from a file.
func readImages(path string) (map[string]string, error) {
	var text []byte
	var err error
	if path == "-" {
		text, err = io.ReadAll(os.Stdin)
	} else {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the images: %w", err)
	}
	return release.ParseImages(text)
}

// rollBack moves the traffic back to the revisions that served before.
func rollBack(ctx context.Context, args []string) error {
	var t target
	flags := flag.NewFlagSet("rollback", flag.ContinueOnError)
	t.register(flags)
	to := flags.String("to", "", "`REVISION` to go to, of the one service named (default: the one that served before)")
	names, err := parseFlags(flags, args, "usage: heektime rollback [flags] [SERVICE…]")
	if err != nil {
		return err
	}
	if *to != "" && len(names) != 1 {
		return errors.New("--to needs the name of one service")
	}
	return t.withReleaser(ctx, func(ctx context.Context, r *release.Releaser) error {
		if *to != "" {
			return r.RollbackTo(ctx, names[0], *to)
		}
		return r.Rollback(ctx, names)
	})
}

// withReleaser connects to the target's Cloud Run and calls f.
func (t *target) withReleaser(ctx context.Context, f func(context.Context, *release.Releaser) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, releaseTimeout)
	defer cancel()
	if err := t.connect(ctx); err != nil {
		return err
	}
	opts, err := gcp.RunOptions()
	if err != nil {
		return err
	}
	services, err := cloudrun.NewServicesClient(ctx, opts...)
	if err != nil {
		return fmt.Errorf("open Cloud Run: %w; run gcloud auth application-default login", err)
	}
	defer func() { err = errors.Join(err, services.Close()) }()
	if opts, err = gcp.RunOptions(); err != nil {
		return err
	}
	revisions, err := cloudrun.NewRevisionsClient(ctx, opts...)
	if err != nil {
		return fmt.Errorf("open Cloud Run: %w", err)
	}
	defer func() { err = errors.Join(err, revisions.Close()) }()
	check := &release.HealthCheck{Table: deployment.Table()}
	if t.google {
		check.Token = release.ImpersonatedToken(t.project, deployment.CheckAccount)
	}
	r, err := release.New(release.Config{
		Services: services, Revisions: revisions, Project: t.project, Table: deployment.Table(),
		Check: check.Check, Out: os.Stdout, Now: time.Now,
	})
	if err != nil {
		return err
	}
	return f(ctx, r)
}
