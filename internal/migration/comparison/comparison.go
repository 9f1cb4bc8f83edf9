package comparison

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/reverse"
	"heek.kr/heektime/internal/schema"
)

// Config says what to compare. Old and Firestore are required.
type Config struct {
	Old       *legacydb.DB
	Firestore *firestore.Client
	// Kinds of data, all if it is empty.
	Kinds []schema.MigrationKind
	// Sample compares so many users, at random. 0 compares all.
	Sample int
	// Since compares only users with rows whose updated_at is at or after this time, the latest first, in
	// addition to Sample. It does not find rows that were deleted.
	Since time.Time
	// MaxChanged is how many such users are compared at most, all if it is 0. No more are compared once Budget has
	// passed, unless that is 0.
	MaxChanged int
	Budget     time.Duration
	// Known, if it is not nil, is what an earlier comparison of some users has read of all others. It saves reading
	// all users again, unless there are differences.
	Known *Known
	// Drained, if it is not zero, is a time of Firestore by which everything from before a switch had arrived on both
	// sides. Only new clients have changed documents since, so that what differs there is expected.
	Drained time.Time
	// Arrive waits until all changes of either side up to now have arrived on the other; see [Stream]. Its
	// error wraps [ErrStuck] if they do not. Without it, both sides must be at rest: no difference is late.
	Arrive func(context.Context) error
	// Looks is how many times a user is inspected whose data keeps changing, 20 if it is 0. Each look waits for Arrive. What
	// still differs then is unconfirmed.
	Looks int
	// Accounts returns which uids have an account in Authentication: a user whose password moved there has
	// no credential. Without it such a credential is a difference.
	Accounts func(ctx context.Context, uids []string) (map[string]bool, error)
	// Examples is how many differences of each sort the report has, 5 if it is 0.
	Examples int
	// Found is called for each difference, if it is not nil. Calls do not overlap.
	Found func(Difference)
	// Progress is called as users are done, if it is not nil. Calls do not overlap.
	Progress func(Progress)
}

// Progress is how far a comparison is.
type Progress struct {
	// Users are done, of Total.
	Users, Total int
	// Differences were found, Waiting users have some that may only be late.
	Differences, Waiting int
}

// Run compares both sides. If it fails, the report has what it found until then.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	c, err := newComparer(cfg)
	if err != nil {
		return nil, err
	}
	c.report.Started = time.Now()
	err = c.run(ctx)
	c.report.Ended = time.Now()
	c.report.Whole = err == nil && c.wholeUsers()
	return c.report.finish(), err
}

// ErrDifferent means that the two sides differ.
var ErrDifferent = errors.New("the old database and Firestore differ")

// comparer is a comparison in progress.
type comparer struct {
	Config
	convert *conversion.Converter
	// sampled are the users to compare, nil for all. total is how many there are.
	sampled []string
	total   int
	// onNewSide has the kinds that have been on the new side: their documents flow back.
	onNewSide map[schema.MigrationKind]bool
	// complete has those of them whose documents from before the first switch have all flowed back, too.
	complete  map[schema.MigrationKind]bool
	flowsBack bool // some kind's documents flow back
	reload    bool // what is known may be out of date
	stuck     bool // nothing arrives
	reads     counter

	mu      sync.Mutex
	report  *Report
	pending map[string]*pendingUser // by uid
	// inspected are users of the new side. reserved are usernames of theirs that old users would have.
	inspected, reserved map[string]bool
}

func newComparer(cfg Config) (*comparer, error) {
	if cfg.Old == nil || cfg.Firestore == nil {
		return nil, errors.New("a comparison needs the old database and Firestore")
	}
	if len(cfg.Kinds) == 0 {
		cfg.Kinds = []schema.MigrationKind{schema.MigrateSchools, schema.MigrateAccounts, schema.MigrateTimetables}
	}
	cfg.Examples = cmp.Or(cfg.Examples, 5)
	cfg.Looks = cmp.Or(cfg.Looks, defaultLooks)
	return &comparer{Config: cfg, report: newReport(cfg), pending: map[string]*pendingUser{},
		inspected: map[string]bool{}, reserved: map[string]bool{}}, nil
}

func (c *comparer) has(kind schema.MigrationKind) bool { return slices.Contains(c.Kinds, kind) }

// wholeUsers reports whether all users are compared.
func (c *comparer) wholeUsers() bool { return c.Sample == 0 && c.Since.IsZero() }

func (c *comparer) run(ctx context.Context) error {
	if err := c.readState(ctx); err != nil {
		return err
	}
	if err := c.load(ctx); err != nil {
		return err
	}
	defer func() { c.report.Reads = c.reads.n() }()
	if c.has(schema.MigrateSchools) {
		if err := c.compareSchools(ctx); err != nil {
			return err
		}
	}
	if !c.has(schema.MigrateAccounts) && !c.has(schema.MigrateTimetables) {
		return nil
	}
	var err error
	if c.wholeUsers() {
		err = c.scan(ctx)
	} else {
		err = c.inspectSample(ctx)
	}
	if err != nil {
		return err
	}
	return c.settle(ctx, true)
}

// readState reads which kinds have been on the new side.
func (c *comparer) readState(ctx context.Context) error {
	c.onNewSide = map[schema.MigrationKind]bool{}
	for _, kind := range []schema.MigrationKind{schema.MigrateSchools, schema.MigrateAccounts, schema.MigrateTimetables} {
		var m schema.Migration
		if _, err := schema.Read(ctx, schema.MigrationRef(c.Firestore, kind), &m); err != nil {
			return err
		}
		c.reads.add(1)
		c.onNewSide[kind] = m.WasNew || m.Phase == schema.PhaseNew
	}
	if !c.onNewSide[schema.MigrateAccounts] && !c.onNewSide[schema.MigrateTimetables] {
		return nil
	}
	err := c.Old.Pool.QueryRow(ctx, "SELECT to_regclass('heektime_migration.ids') IS NOT NULL").Scan(&c.flowsBack)
	if err != nil {
		return fmt.Errorf("look for the tables of the way back: %w", err)
	}
	if c.flowsBack {
		c.complete, err = reverse.Complete(ctx, c.Old.Pool)
	}
	return err
}
