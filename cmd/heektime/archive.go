package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"heek.kr/heektime/cmd/heektime/internal/archive"
	"heek.kr/heektime/cmd/heektime/internal/image"
)

// archiveFolder is the default of --out, in the root of the repository. Git ignores it.
const archiveFolder = "bin/archives"

// packArchives packs the programs of the local cloud, for all systems or some, and prints the archives' names.
func packArchives(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("archive", flag.ContinueOnError)
	out := flags.String("out", "", "`FOLDER` for the archives and their checksums (default: "+archiveFolder+")")
	version := flags.String("version", "", "fail unless the programs are of this `VERSION`, a tag of the commit")
	var targets []image.Target
	flags.Func("platform", "only for this `OS/ARCH`; repeat it for others (default: all six of a release)", func(value string) error {
		system, arch, ok := strings.Cut(value, "/")
		if !ok || system == "" || arch == "" {
			return errors.New("it must be OS/ARCH, such as linux/amd64")
		}
		targets = append(targets, image.Target{OS: system, Arch: arch})
		return nil
	})
	if _, err := parse(flags, args); err != nil {
		return err
	}
	compiler, err := image.NewCompiler(ctx, ".")
	if err != nil {
		return err
	}
	if *out == "" {
		*out = filepath.Join(compiler.Root, filepath.FromSlash(archiveFolder))
	}
	if targets == nil {
		targets = archive.Targets
	}
	fmt.Fprintf(os.Stderr, "on this machine, in %s\n", *out)
	names, err := (&archive.Packer{Compiler: compiler, Out: *out, Version: *version}).Pack(ctx, targets)
	for _, name := range names {
		fmt.Println(filepath.Join(*out, name))
	}
	return err
}
