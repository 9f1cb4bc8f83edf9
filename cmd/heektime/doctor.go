package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/doctor"
	"heek.kr/heektime/cmd/heektime/internal/firebase"
	"heek.kr/heektime/cmd/heektime/internal/local"
	"heek.kr/heektime/cmd/heektime/internal/release"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/gcp"
)

// doctorOptions are the flags of doctor.
type doctorOptions struct {
	target
	json, images, sign    bool
	url, service          string
	site, origins, bucket string
	timeout               time.Duration
}

// examine compares a project, or one URL, with the table of the deployment.
func examine(ctx context.Context, args []string) error {
	var o doctorOptions
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	o.register(flags)
	flags.BoolVar(&o.json, "json", false, "print JSON instead of text")
	flags.BoolVar(&o.images, "images", false, "also download the images, about 10 MB each, and read what they were built with")
	flags.BoolVar(&o.sign, "sign", false, "also have the accounts that sign custom tokens sign something; needs "+
		"roles/iam.serviceAccountTokenCreator on them")
	flags.StringVar(&o.url, "url", "", "check only the service, the revision or the site at this `URL`, from outside")
	flags.StringVar(&o.service, "service", "", "`NAME` of the service at --url, if the URL does not contain it")
	flags.StringVar(&o.site, "site", "", "`URL` of the web app (default: https://PROJECT.web.app)")
	flags.StringVar(&o.origins, "origins", "", "`ORIGINS` of web pages in addition to the site and Hosting's, separated by commas")
	flags.StringVar(&o.bucket, "bucket", "", "`NAME` of the bucket of a local cloud (default: the project ID)")
	o.registerDatabase(flags)
	flags.DurationVar(&o.timeout, "timeout", 30*time.Second, "how long to wait for the APIs")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	var files doctor.Files
	if o.google || o.url != "" { // a local cloud has no copy of the files to compare with
		var err error
		if files, err = o.files(); err != nil {
			return err
		}
	}
	if o.url != "" {
		return o.examineURL(ctx, files)
	}
	if err := o.connect(ctx); err != nil {
		return err
	}
	report, err := doctor.Run(ctx, o.options(files))
	if err != nil {
		return err
	}
	if o.json {
		err = printIndented(os.Stdout, report)
	} else {
		report.Write(os.Stdout)
	}
	if err == nil && report.Errors() > 0 {
		err = errReported
	}
	return err
}

// files reads the rules and indexes of the firebase.json that is in use.
func (o *doctorOptions) files() (doctor.Files, error) {
	config, err := firebase.Find(o.configPath)
	if err != nil {
		return doctor.Files{}, err
	}
	if config.Path == "" {
		return doctor.Files{}, errors.New("no firebase.json in this folder or a parent: doctor compares a project with its rules and indexes; name it with --config")
	}
	return doctor.ReadFiles(config.Path)
}

func (o *doctorOptions) options(files doctor.Files) doctor.Options {
	options := doctor.Options{
		Project: o.project, Table: deployment.Table(), Files: files, Database: o.database, SiteURL: strings.TrimSuffix(o.site, "/"),
		Images: o.images, Sign: o.sign, Timeout: o.timeout,
	}
	if o.origins != "" {
		options.Origins = strings.Split(o.origins, ",")
	}
	if o.google {
		return options
	}
	if o.bucket == "" {
		o.bucket = o.project
	}
	options.Local, options.Table = true, local.Table()
	options.Buckets = map[string]string{deployment.ListsBucket: o.bucket}
	options.Endpoints, options.URLs = o.localEndpoints(), o.localURLs()
	return options
}

// localEndpoints are the APIs that the local cloud serves, by the addresses that connect set.
func (o *doctorOptions) localEndpoints() map[string]string {
	tasks := "http://" + os.Getenv(gcp.TasksEmulatorHost)
	return map[string]string{
		"cloudtasks.googleapis.com": tasks, "cloudscheduler.googleapis.com": tasks,
		"storage.googleapis.com":         "http://" + os.Getenv("STORAGE_EMULATOR_HOST"),
		"identitytoolkit.googleapis.com": "http://" + os.Getenv("FIREBASE_AUTH_EMULATOR_HOST") + "/identitytoolkit.googleapis.com",
	}
}

// localURLs are the services that dev runs.
func (o *doctorOptions) localURLs() map[string]string {
	urls := map[string]string{}
	config, err := firebase.Find(o.configPath)
	if err != nil {
		return urls // files has reported it
	}
	for _, s := range deployment.Table().Services {
		urls[s.Name] = "http://" + config.ServiceAddress(s.Name)
	}
	return urls
}

// examineURL checks one service or site. With --google it asks a service that is not public for its
// health, too, with a token of the account that releases use. Everything else needs no credentials.
func (o *doctorOptions) examineURL(ctx context.Context, files doctor.Files) error {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	if !o.json {
		fmt.Fprintln(os.Stderr, o.url)
	}
	options := doctor.URLOptions{URL: o.url, Service: o.service, Table: deployment.Table(), Files: files}
	if o.google {
		if o.project == "" {
			return errors.New("--google needs --project with the ID of a Google Cloud project")
		}
		options.Token = release.ImpersonatedToken(o.project, deployment.CheckAccount)
	}
	findings := doctor.CheckURL(ctx, options)
	if o.json {
		if err := printIndented(os.Stdout, map[string]any{"url": o.url, "findings": findings}); err != nil {
			return err
		}
	} else {
		for _, f := range findings {
			doctor.WriteFinding(os.Stdout, f)
		}
	}
	if len(findings) > 0 {
		return errReported
	}
	if !o.json {
		fmt.Println("✓ healthy")
	}
	return nil
}

// printIndented prints a value as JSON.
func printIndented(w io.Writer, value any) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if err := out.Encode(value); err != nil {
		return fmt.Errorf("print JSON: %w", err)
	}
	return nil
}
