package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"heek.kr/heektime/cmd/heektime/internal/image"
	"heek.kr/heektime/internal/deployment"
)

// imageFolder is the default of --out and --from, in the root of the repository. Git ignores it.
const imageFolder = "bin/images"

// imageCommand builds the images of the services and of the local cloud, and pushes them to a registry.
func imageCommand(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "build":
			return buildImages(ctx, args[1:])
		case "push":
			return pushImages(ctx, args[1:])
		}
	}
	return errors.New("usage: heektime image build|push [flags] --all|SERVICE|localcloud|firestore")
}

// buildImages builds one image or all, and prints a line about each.
func buildImages(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("image build", flag.ContinueOnError)
	out := flags.String("out", "", "`FOLDER` for the images, one OCI layout each (default: "+imageFolder+")")
	revision := flags.String("revision", "", "`COMMIT` that is built (default: git's)")
	programs, err := parsePrograms(flags, args)
	if err != nil {
		return err
	}
	compiler, err := image.NewCompiler(ctx, ".")
	if err != nil {
		return err
	}
	if *revision == "" {
		if *revision, err = image.Revision(ctx, compiler.Root); err != nil {
			return err
		}
	}
	if *out == "" {
		*out = filepath.Join(compiler.Root, filepath.FromSlash(imageFolder))
	}
	fmt.Fprintf(os.Stderr, "on this machine, commit %s, in %s\n", *revision, *out)
	if image.Dirty(*revision) {
		fmt.Fprintln(os.Stderr, "there are uncommitted changes (git status lists them), so these images cannot be pushed")
	}
	builder := &image.Builder{Compiler: compiler, Out: *out, Revision: *revision}
	for _, p := range programs {
		built, err := builder.Build(ctx, &p)
		if err != nil {
			return err
		}
		fmt.Println(built)
	}
	return nil
}

// pushedImages is what heektime image push prints, for heektime release.
type pushedImages struct {
	// Revision is the commit that the images were built from.
	Revision string `json:"revision"`
	// Images are the references of the images by service. They name digests, so they stay what they
	// are.
	Images map[string]string `json:"images"`
}

// pushImages pushes one image or all, and prints their digests as JSON.
func pushImages(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("image push", flag.ContinueOnError)
	from := flags.String("from", "", "`FOLDER` of the images (default: "+imageFolder+")")
	google := flags.Bool("google", false, "push to the Artifact Registry of --project")
	project := flags.String("project", "", "project `ID`")
	registry := flags.String("registry", "", "`HOST/PATH` of another registry. It has to accept pushes from anyone, or from $REGISTRY_USER with $REGISTRY_PASSWORD")
	tag := flags.String("tag", "", "also tag it with this `NAME`, such as a version")
	programs, err := parsePrograms(flags, args)
	if err != nil {
		return err
	}
	pusher := &image.Pusher{From: *from, Repository: *registry}
	switch {
	case *google == (*registry != ""):
		return errors.New("image push needs either --google --project ID or --registry HOST/PATH")
	case *google && *project == "":
		return errors.New("--google needs --project with the ID of a Google Cloud project")
	case *google:
		pusher.Repository = deployment.Table().ImageRepository(*project)
		fmt.Fprintf(os.Stderr, "Google Cloud, project %s, Artifact Registry %s\n", *project, pusher.Repository)
	default:
		pusher.Auth = image.EnvironmentAuth(os.Getenv)
		fmt.Fprintf(os.Stderr, "registry %s\n", pusher.Repository)
	}
	if *tag != "" {
		pusher.Tags = []string{*tag}
	}
	if pusher.From == "" {
		compiler, err := image.NewCompiler(ctx, ".")
		if err != nil {
			return err
		}
		pusher.From = filepath.Join(compiler.Root, filepath.FromSlash(imageFolder))
	}
	if *google {
		if pusher.Auth, err = image.GoogleAuth(ctx); err != nil {
			return err
		}
	}
	return pushEach(ctx, pusher, programs, os.Stdout)
}

// pushEach prints the digests when all images are there: a release needs all of them, of one commit.
func pushEach(ctx context.Context, pusher *image.Pusher, programs []image.Program, w io.Writer) error {
	result := pushedImages{Images: map[string]string{}}
	for _, s := range programs {
		pushed, err := pusher.Push(ctx, s.Name)
		if err != nil {
			return err
		}
		if result.Revision != "" && result.Revision != pushed.Revision {
			return fmt.Errorf("the image of %s is of commit %s, the others are of %s: build all of them again",
				s.Name, pushed.Revision, result.Revision)
		}
		result.Revision = pushed.Revision
		result.Images[s.Name] = pushed.Reference
		fmt.Fprintln(os.Stderr, pushed.Reference)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(result); err != nil {
		return fmt.Errorf("print the digests: %w", err)
	}
	return nil
}

// parsePrograms reads the flags of a command that works on one program or on all services of the table. The programs of
// the local cloud have to be named: they are no part of a release.
func parsePrograms(flags *flag.FlagSet, args []string) (programs []image.Program, err error) {
	all := flags.Bool("all", false, "work on all services instead of one")
	want := []string{"SERVICE"}
	if slices.Contains(args, "--all") || slices.Contains(args, "-all") {
		want = nil
	}
	rest, err := parse(flags, args, want...)
	if err != nil {
		return nil, err
	}
	if !*all && len(rest) == 0 {
		return nil, fmt.Errorf("%s takes --all or the name of a service", flags.Name())
	}
	for _, s := range deployment.Table().Services {
		if *all || s.Name == rest[0] {
			programs = append(programs, *image.Service(&s))
		}
	}
	for _, p := range image.LocalCloud() {
		if !*all && p.Name == rest[0] {
			programs = append(programs, p)
		}
	}
	if len(programs) == 0 {
		return nil, fmt.Errorf("service %q does not exist; heektime deployment lists the services, and localcloud and firestore are the local cloud", rest[0])
	}
	return programs, nil
}
