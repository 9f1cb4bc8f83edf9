// Package sweeper looks for what nobody points to any more, and for what does not fit together, and mends it or tells of it.
//
//	lectures without timetable       removed
//	users without document, account  their timetables are purged
//	usernames without user           freed
//	users without username           get it back, if nobody has it
//	expired records of refreshes     removed, should time to live not have done it
//	course lists without semester    removed
//	deletions without account        purged at once, as nobody can take them back
//
// It is for what functions and purges leave when they give up, and for what people do by hand: there should be nothing to do.
// Each run bills so many operations at most and remembers where it stopped. Only one runs at a time. What is younger than some
// minutes is left alone: it may be half of something that is on its way.
package sweeper

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/storage"
	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/schema"
)

// DefaultOperations is how many operations a run bills at most: a tenth of what is free in a day.
const DefaultOperations = 5000

// minOperations is what the dearest single step may bill.
const minOperations = 500

const (
	// young is how old something must be to be taken for left over.
	young = 15 * time.Minute
	// runTime bounds a run, lease is how long it keeps others out.
	runTime = 10 * time.Minute
	lease   = 15 * time.Minute
)

// Config is what the sweeper works with. All but Operations and Now are required.
type Config struct {
	Firestore *firestore.Client
	// Accounts is the Admin SDK's client of Authentication.
	Accounts *firebaseauth.Client
	// Bucket of the course lists.
	Bucket *storage.BucketHandle
	// Deletion removes what the sweeper finds.
	Deletion *deletion.Service
	Log      *slog.Logger
	// Operations is the most that a run may bill; 0 means DefaultOperations.
	Operations int
	// Now returns the time; nil means time.Now.
	Now func() time.Time
}

// Service sweeps. It is safe for concurrent use.
type Service struct {
	firestore  *firestore.Client
	accounts   *firebaseauth.Client
	bucket     *storage.BucketHandle
	deletion   *deletion.Service
	log        *slog.Logger
	operations int
	now        func() time.Time
}

// New returns an error that names what the config lacks.
func New(cfg Config) (*Service, error) {
	switch {
	case cfg.Firestore == nil:
		return nil, errors.New("sweeper needs a Firestore client")
	case cfg.Accounts == nil:
		return nil, errors.New("sweeper needs an Admin client of Authentication")
	case cfg.Bucket == nil:
		return nil, errors.New("sweeper needs the bucket of the course lists")
	case cfg.Deletion == nil:
		return nil, errors.New("sweeper needs the deletion service")
	case cfg.Log == nil:
		return nil, errors.New("sweeper needs a logger")
	case cfg.Operations != 0 && cfg.Operations < minOperations:
		return nil, fmt.Errorf("sweeper needs at least %d operations a run: the most expensive step takes as many", minOperations)
	}
	if cfg.Operations == 0 {
		cfg.Operations = DefaultOperations
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	now := func() time.Time { return cfg.Now().UTC().Truncate(time.Microsecond) } // the precision that Firestore stores
	return &Service{cfg.Firestore, cfg.Accounts, cfg.Bucket, cfg.Deletion, cfg.Log, cfg.Operations, now}, nil
}

// Report is what a run did. The document of the sweep keeps the last one.
type Report = schema.SweepReport

// maxExamples bounds a report.
const maxExamples = 20

// run is one run on its way.
type run struct {
	*Service
	at      schema.SweepPosition
	written time.Time // when the position was remembered last
	report  Report
	users   *page // the page of users that is being looked at
	changed bool  // something was mended
}

// errSpent says that the run may not bill what the next step could take.
var errSpent = errors.New("the run has billed what it may")

// need makes sure that n more operations may be billed.
func (r *run) need(n int) error {
	if r.report.Operations+n > r.operations-reserve {
		return errSpent
	}
	return nil
}

// billed counts operations.
func (r *run) billed(n int) { r.report.Operations += n }

// odd tells of something that only a person can decide.
func (r *run) odd(ctx context.Context, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	r.report.Odd++
	if len(r.report.Examples) < maxExamples {
		r.report.Examples = append(r.report.Examples, text)
	}
	r.log.WarnContext(ctx, "sweeper found something odd", "what", text)
}

// mended tells the log of something that was mended.
func (r *run) mended(ctx context.Context, counter *int, n int, what, path string) {
	*counter += n
	r.changed = true
	r.log.InfoContext(ctx, "sweeper mended", "what", what, "path", path, "count", n)
}

// stage is a part of everything. step does a bounded piece of it and moves r.at.Token on; it says whether the stage is at its
// end.
type stage struct {
	name string
	step func(r *run, ctx context.Context) (done bool, err error)
}

var stages = []stage{
	{"users", (*run).userStep}, {"usernames", (*run).usernameStep}, {"refreshes", (*run).refreshStep},
	{"objects", (*run).objectStep}, {"deletions", (*run).markStep},
}

// Sweep goes on where the last run stopped, until everything has been looked at or the run has billed what it may.
func (s *Service) Sweep(ctx context.Context) (Report, error) {
	ctx, cancel := context.WithTimeout(ctx, runTime)
	defer cancel()
	r := &run{Service: s}
	switch err := r.begin(ctx); {
	case errors.Is(err, errBusy):
		return Report{Busy: true}, nil
	case err != nil:
		return r.report, err
	}
	var errs []error
	for began := r.at; ; {
		i := stageOf(r.at)
		done, err := stages[i].step(r, ctx)
		switch {
		case errors.Is(err, errSpent), ctx.Err() != nil:
			if r.at == began && !r.changed && errors.Is(err, errSpent) { // the next run would come no further either
				r.odd(ctx, "a run of %d operations is not enough for %s: it is left out (SWEEP_OPERATIONS)", s.operations, stages[i].name)
				r.at = schema.SweepPosition{Stage: stages[(i+1)%len(stages)].name}
			}
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer cancel()
			return r.report, errors.Join(append(errs, r.end(last))...)
		case err != nil:
			// What cannot be looked at must not keep the rest from being looked at.
			errs = append(errs, fmt.Errorf("sweep %s: %w", stages[i].name, err))
			done = true
		}
		if done {
			r.at = schema.SweepPosition{Stage: stages[(i+1)%len(stages)].name}
			r.report.Whole = i == len(stages)-1
		}
		if r.report.Whole {
			return r.report, errors.Join(append(errs, r.end(ctx))...)
		}
		if err := r.save(ctx); err != nil {
			return r.report, err
		}
	}
}
