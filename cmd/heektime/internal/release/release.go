// Package release moves the services on Cloud Run to new images, and back.
//
// A release changes a service's image and its traffic, and nothing else: environment, account and limits
// belong to OpenTofu. It has three steps:
//
//   - Deploy. Each service gets a revision with the new image and without traffic, under the traffic tag
//     "candidate". What serves keeps serving, also if it was the latest revision.
//   - Check. Each candidate has to become ready and to pass a health check at the tag's URL.
//   - Move. Only when all candidates have passed, all traffic moves to them, a service after those that it
//     calls.
//
// Each step first reads what is there, so running a release again continues where it was killed. Each
// change carries the etag of what it is based on: of two releases at a time, one fails or both agree.
//
// Two annotations of a service remember what a way back needs; Cloud Run itself knows revisions, but not
// which of them have served. "served" lists the revisions that have had all traffic, the newest first,
// each with the ID of the release that moved the traffic. "withdrawn" is the image that the last
// rollback left. A change of traffic writes them in the same request.
package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	run "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/deployment/spec"
)

// Config is what a Releaser works with. All fields are required except Wait.
type Config struct {
	Services  *run.ServicesClient
	Revisions *run.RevisionsClient
	Project   string
	Table     *spec.Deployment
	// Check reports whether a revision works. uri is where it is reached, audience that of identity tokens.
	Check func(ctx context.Context, s *spec.Service, uri, audience string) error
	// Out gets a line for each step.
	Out io.Writer
	Now func() time.Time
	// Wait waits between two attempts; nil means a second or two.
	Wait func(ctx context.Context) error
}

// Releaser releases services and rolls them back.
type Releaser struct {
	Config
	mu sync.Mutex // guards Out
}

// New returns a Releaser.
func New(cfg Config) (*Releaser, error) {
	if cfg.Services == nil || cfg.Revisions == nil || cfg.Project == "" || cfg.Table == nil || cfg.Check == nil || cfg.Out == nil || cfg.Now == nil {
		return nil, errors.New("release: Config lacks a client, the project, the table, Check, Out or Now")
	}
	if cfg.Wait == nil {
		cfg.Wait = func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(1500 * time.Millisecond):
				return nil
			}
		}
	}
	return &Releaser{Config: cfg}, nil
}

// candidateTag is the traffic tag of a revision that is checked.
const candidateTag = "candidate"

// candidate is a revision that is going to get the traffic.
type candidate struct {
	service  *spec.Service
	revision string
	uri      string
	audience string
}

// Release releases the named services with the images, which name digests. A service without an image gets
// the revision of its current template, which OpenTofu may have changed.
func (r *Releaser) Release(ctx context.Context, names []string, images map[string]string) error {
	services, err := order(r.Table, names)
	if err != nil {
		return err
	}
	id, err := r.releaseID(ctx, services)
	if err != nil {
		return err
	}
	candidates := make([]*candidate, len(services))
	errs := make([]error, len(services))
	var all sync.WaitGroup
	for i, s := range services {
		all.Go(func() {
			candidates[i], errs[i] = r.prepare(ctx, s, images[s.Name], id)
			if errs[i] != nil {
				errs[i] = inService(s, errs[i])
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("no traffic was moved: %w", err)
	}
	for i, c := range candidates {
		if err := r.move(ctx, c, id); err != nil {
			return fmt.Errorf("%s: %w; %s", c.service.Name, err, progress(candidates, i))
		}
	}
	return nil
}

// progress says what a release that failed at the i-th service has done.
func progress(candidates []*candidate, i int) string {
	var moved []string
	for _, c := range candidates[:i] {
		moved = append(moved, c.service.Name)
	}
	if moved == nil {
		return "no traffic was moved"
	}
	return "the traffic of " + strings.Join(moved, ", ") + " has moved: run the release again, or heektime rollback"
}

// prepare deploys a service's candidate and checks it.
func (r *Releaser) prepare(ctx context.Context, s *spec.Service, image, id string) (*candidate, error) {
	revision, err := r.deploy(ctx, s, image, id)
	if err != nil {
		return nil, err
	}
	pb, err := r.tag(ctx, s, revision, id)
	if err != nil {
		return nil, err
	}
	c := &candidate{service: s, revision: revision, uri: pb.Uri, audience: pb.Uri}
	if len(pb.CustomAudiences) > 0 {
		c.audience = pb.CustomAudiences[0]
	}
	for _, t := range pb.TrafficStatuses {
		if t.Tag == candidateTag {
			c.uri = t.Uri
		}
	}
	return c, r.check(ctx, c)
}

// check checks a candidate.
func (r *Releaser) check(ctx context.Context, c *candidate) error {
	if err := r.Check(ctx, c.service, c.uri, c.audience); err != nil {
		return fmt.Errorf("revision %s failed the check at %s: %w", c.revision, c.uri, err)
	}
	r.report(c.service, "%s passed the check at %s", c.revision, c.uri)
	return nil
}

// errConflict says that somebody else is changing the service.
var errConflict = errors.New("somebody else is changing it: wait for them, and run this again")

// changeAttempts bounds how often a change is based on a newer state of a service.
const changeAttempts = 5

// change reads a service, makes a change and waits for its operation; again if somebody else's change came
// in between. edit returns nil if there is nothing to do.
func (r *Releaser) change(ctx context.Context, s *spec.Service, edit func(*runpb.Service) (*runpb.UpdateServiceRequest, error)) (*runpb.Service, error) {
	for range changeAttempts {
		pb, err := r.read(ctx, s)
		if err != nil {
			return nil, err
		}
		request, err := edit(pb)
		if err != nil || request == nil {
			return pb, err
		}
		request.Service.Name, request.Service.Etag = pb.Name, pb.Etag
		err = r.update(ctx, s, request)
		if status.Code(err) == codes.Aborted {
			continue
		}
		if err != nil {
			return nil, err
		}
		return r.read(ctx, s)
	}
	return nil, errConflict
}

// read returns a service when no change of it is under way.
func (r *Releaser) read(ctx context.Context, s *spec.Service) (*runpb.Service, error) {
	for {
		pb, err := r.Services.GetService(ctx, &runpb.GetServiceRequest{Name: r.name(s)})
		if status.Code(err) == codes.NotFound {
			return nil, errNoService
		}
		if err != nil {
			return nil, fmt.Errorf("read the service: %w", err)
		}
		if !pb.Reconciling {
			return pb, nil
		}
		if err := r.Wait(ctx); err != nil {
			return nil, fmt.Errorf("wait for the change that is under way: %w", err)
		}
	}
}

// update sends a change and waits until it is done. The error of an operation is not one of the call: what
// became of the service says more.
func (r *Releaser) update(ctx context.Context, s *spec.Service, request *runpb.UpdateServiceRequest) error {
	op, err := r.Services.UpdateService(ctx, request)
	if err != nil {
		return err
	}
	shown := ""
	for !op.Done() {
		if _, err := op.Poll(ctx); err != nil && !op.Done() {
			return fmt.Errorf("wait for the operation: %w", err)
		}
		if pb, err := op.Metadata(); err == nil {
			if message := pb.GetTerminalCondition().GetMessage(); message != "" && message != shown {
				shown = message
				r.report(s, "%s", message)
			}
		}
		if op.Done() {
			return nil
		}
		if err := r.Wait(ctx); err != nil {
			return fmt.Errorf("wait for the operation: %w", err)
		}
	}
	return nil
}

// name is the resource name of a service.
func (r *Releaser) name(s *spec.Service) string {
	return r.Table.Location(r.Project) + "/services/" + s.Name
}

// report prints a line about a service.
func (r *Releaser) report(s *spec.Service, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(r.Out, "%-14s %s\n", s.Name, fmt.Sprintf(format, args...)) // progress only: ignore write errors
}
