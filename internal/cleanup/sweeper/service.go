// Package sweeper finds orphaned and inconsistent data, and repairs or reports it.
//
//	lectures without timetable         removed
//	users without document or account  their timetables and follows are purged, and follows of them
//	usernames without user             freed
//	users without username index       the index is restored, unless somebody else has the username
//	expired records of refreshes       removed, if time to live has not done it
//	course lists without semester      removed
//	pending deletions without account  purged immediately, because nobody can cancel them
//	accounts with very many documents  named, for an operator
//
// Functions and purges that gave up and changes by hand leave such data; normally there is none. A run
// bills a bounded number of operations and saves where it stopped, so that the next one continues. Of
// these, one user gets a bounded share: whoever has more data than that is continued in the next sweep,
// after all others. Only one run is in progress at a time. Data younger than some minutes is left alone, because more of it
// may be about to be written.
package sweeper

import (
	"cmp"
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

// DefaultOperations is the default bound on what a run bills: a tenth of a day's free quota.
const DefaultOperations = 5000

// minOperations is the most that a single step may bill.
const minOperations = 500

const (
	// userOperations is what a run may bill for the data of one user, except that it finishes a step. It
	// is enough for 500 timetables, and a fifth of DefaultOperations.
	userOperations = 1000
	// maxUnfinished bounds how many users' places are kept. Beyond that, a user is checked from the start.
	maxUnfinished = 100
)

const (
	// young is the age below which data is left alone.
	young = 15 * time.Minute
	// runTime bounds a run; lease is how long a run excludes others.
	runTime = 10 * time.Minute
	lease   = 15 * time.Minute
)

// Config holds the sweeper's dependencies. All but Operations and Now are required.
type Config struct {
	Firestore *firestore.Client
	// Accounts is the Admin SDK's client for Authentication.
	Accounts *firebaseauth.Client
	// Bucket holds the course lists.
	Bucket *storage.BucketHandle
	// Deletion removes what the sweeper finds.
	Deletion *deletion.Service
	Log      *slog.Logger
	// Operations is the most that a run may bill; 0 means DefaultOperations.
	Operations int
	// Documents is how many timetables and lectures an account may have before a run names it; 0 means
	// DefaultDocuments.
	Documents int
	// Now returns the time; nil means time.Now.
	Now func() time.Time
}

// Service runs sweeps. It is safe for concurrent use.
type Service struct {
	firestore  *firestore.Client
	accounts   *firebaseauth.Client
	bucket     *storage.BucketHandle
	deletion   *deletion.Service
	log        *slog.Logger
	operations int
	documents  int
	now        func() time.Time
}

// New creates a sweeper. Its error names the missing dependency.
func New(cfg Config) (*Service, error) {
	switch {
	case cfg.Firestore == nil:
		return nil, errors.New("sweeper needs a Firestore client")
	case cfg.Accounts == nil:
		return nil, errors.New("sweeper needs an Admin client for Authentication")
	case cfg.Bucket == nil:
		return nil, errors.New("sweeper needs the bucket of the course lists")
	case cfg.Deletion == nil:
		return nil, errors.New("sweeper needs the deletion service")
	case cfg.Log == nil:
		return nil, errors.New("sweeper needs a logger")
	case cfg.Operations != 0 && cfg.Operations < minOperations:
		return nil, fmt.Errorf("sweeper needs at least %d operations a run: the most expensive step takes as many", minOperations)
	}
	cfg.Operations = cmp.Or(cfg.Operations, DefaultOperations)
	cfg.Documents = cmp.Or(cfg.Documents, DefaultDocuments)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	now := func() time.Time { return cfg.Now().UTC().Truncate(time.Microsecond) } // the precision that Firestore stores
	return &Service{cfg.Firestore, cfg.Accounts, cfg.Bucket, cfg.Deletion, cfg.Log, cfg.Operations, cfg.Documents, now}, nil
}

// Report is the result of a run. The document of the sweep stores the last one.
type Report = schema.SweepReport

// maxExamples bounds a report.
const maxExamples = 20

// run is the state of a run in progress.
type run struct {
	*Service
	at schema.SweepPosition
	// unfinished are the users to be continued in the next sweep.
	unfinished []schema.UnfinishedUser
	counted    string    // the uid from which the next run looks for large accounts, "" for the first
	failed     int       // runs in a row before this one that ended with an error
	written    time.Time // update time of the document after this run's last write
	report     Report
	users      *page // the current page of users
	visited    int   // the billed operations when the run began with the current user
	changed    bool  // whether the run has repaired anything
}

// errSpent means that the next step could exceed the bound on billed operations.
var errSpent = errors.New("the run has reached its bound on billed operations")

// need returns errSpent if the run may not bill n more operations.
func (r *run) need(n int) error {
	if r.report.Operations+n > r.operations-reserve {
		return errSpent
	}
	return nil
}

// billed adds n to the operations that the run has billed.
func (r *run) billed(n int) { r.report.Operations += n }

// problem reports something that only an operator can decide.
func (r *run) problem(ctx context.Context, format string, args ...any) {
	r.log.WarnContext(ctx, "sweeper found a problem that an operator must resolve", "problem", r.note(format, args...))
}

// note adds a problem to the report and returns its text.
func (r *run) note(format string, args ...any) string {
	text := fmt.Sprintf(format, args...)
	r.report.Odd++
	if len(r.report.Examples) < maxExamples {
		r.report.Examples = append(r.report.Examples, text)
	}
	return text
}

// repaired counts and logs a repair.
func (r *run) repaired(ctx context.Context, counter *int, n int, what, path string) {
	*counter += n
	r.changed = true
	r.log.InfoContext(ctx, "sweeper repaired data", "what", what, "path", path, "count", n)
}

// stage is one part of a sweep. step does a bounded piece of it, advances r.at, and reports whether the
// stage is done.
type stage struct {
	name string
	step func(r *run, ctx context.Context) (done bool, err error)
}

var stages = []stage{
	{"users", (*run).userStep}, {"usernames", (*run).usernameStep}, {"refreshes", (*run).refreshStep},
	{"objects", (*run).objectStep}, {"deletions", (*run).pendingStep},
}

// Sweep continues where the last run stopped. It ends after the last stage, or when the run has billed
// as many operations as it may.
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
	errs := appendError(nil, "find large accounts", r.findLarge(ctx))
	for began := r.at; ; {
		i := stageOf(r.at)
		done, err := stages[i].step(r, ctx)
		switch {
		case errors.Is(err, errSpent), ctx.Err() != nil:
			if r.at == began && !r.changed && errors.Is(err, errSpent) { // the next run would get no further
				r.problem(ctx, "skipped the stage %s: %d operations are not enough for it, raise SWEEP_OPERATIONS", stages[i].name, s.operations)
				r.at = schema.SweepPosition{Stage: stages[(i+1)%len(stages)].name}
			}
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer cancel()
			return r.report, errors.Join(append(errs, r.end(last, len(errs) > 0))...)
		case err != nil:
			// A stage that fails must not block the others.
			errs = appendError(errs, "sweep "+stages[i].name, err)
			done = true
		}
		if done {
			r.at = schema.SweepPosition{Stage: stages[(i+1)%len(stages)].name}
			r.report.Whole = i == len(stages)-1
		}
		if r.report.Whole {
			return r.report, errors.Join(append(errs, r.end(ctx, len(errs) > 0))...)
		}
		if err := r.save(ctx); err != nil {
			return r.report, err
		}
	}
}

// appendError appends an error, unless it is nil, with what was being done.
func appendError(errs []error, what string, err error) []error {
	if err == nil {
		return errs
	}
	return append(errs, fmt.Errorf("%s: %w", what, err))
}
