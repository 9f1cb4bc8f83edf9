package snapshotcopy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/logline"
	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/passwords"
	"heek.kr/heektime/internal/migration/replication"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// Config says what to copy. URL, Mapping and Firestore are required.
type Config struct {
	// URL is the connection string of the old database. Its role must be allowed to replicate.
	URL     string
	Mapping *legacydb.Mapping
	// Firestore is where documents are written.
	Firestore *firestore.Client
	// Accounts is as in [replication.Config].
	Accounts passwords.Authentication
	// Slot and Publication have the default names of package replication if they are empty.
	Slot, Publication string
	// Prepare creates or mends what the old database needs; without it, Run only says what is missing.
	Prepare bool
	// Ramp keeps to Google's advice for new traffic. The local cloud does not need it.
	Ramp bool
	// Progress, if it is not nil, is called now and then.
	Progress func(Progress)
	// Log gets a line for what happens; nil discards them.
	Log *slog.Logger

	// BatchRows is how many rows are read while as many are written, SaveInterval how often the progress
	// is saved. Zero means the defaults, a SaveInterval below zero after each batch.
	BatchRows    int
	SaveInterval time.Duration
}

// Defaults of a [Config]. A batch is several transactions of documentwriter.
const (
	defaultBatchRows    = 1600
	defaultSaveInterval = 2 * time.Second
)

func (cfg Config) withDefaults() Config {
	if cfg.Slot == "" {
		cfg.Slot = replication.DefaultSlot
	}
	if cfg.Publication == "" {
		cfg.Publication = replication.DefaultPublication
	}
	if cfg.BatchRows == 0 {
		cfg.BatchRows = defaultBatchRows
	}
	if cfg.SaveInterval == 0 {
		cfg.SaveInterval = defaultSaveInterval
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return cfg
}

// Retries of an attempt that got nowhere, after the connection broke for instance.
const (
	maxAttempts  = 6
	firstBackoff = 200 * time.Millisecond
)

// Run copies everything that has not moved to Firestore yet. If it fails or is killed, running it again
// continues.
func Run(ctx context.Context, cfg Config) error {
	cfg = cfg.withDefaults()
	var meter meter
	attempts, backoff := 0, firstBackoff
	for {
		before := meter.rows
		err := attempt(ctx, cfg, &meter)
		if err == nil || ctx.Err() != nil || final(err) {
			return err
		}
		if meter.rows > before {
			attempts, backoff = 0, firstBackoff
		}
		if attempts++; attempts == maxAttempts {
			return fmt.Errorf("%w; run heektime migrate copy again: it continues", err)
		}
		cfg.Log.Warn("copy: trying again", logline.FieldError, err.Error(), "after", backoff.String())
		select {
		case <-time.After(backoff):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		backoff *= 2
	}
}

// final reports whether trying again cannot help.
func final(err error) bool {
	var p *replication.Problem
	return errors.As(err, &p) || errors.Is(err, documentwriter.ErrReplaced) || errors.Is(err, errNotReady) || errors.Is(err, legacydb.ErrMapping)
}

// errNotReady is wrapped by errors that a person has to do something about.
var errNotReady = errors.New("cannot copy")

// copying is one attempt.
type copying struct {
	cfg       Config
	db        *legacydb.DB
	writer    *documentwriter.Writer
	progress  schema.MigrationCopy
	meter     *meter
	saved     time.Time
	converter *conversion.Converter
	accounts  *documentwriter.Accounts
	passwords *passwords.Store
	// rows streams rows, lookup reads single ones meanwhile.
	rows, lookup *legacydb.Reader
}

func attempt(ctx context.Context, cfg Config, m *meter) error {
	lock, err := replication.Lock(ctx, cfg.URL)
	if err != nil {
		return err
	}
	defer closeBriefly(lock.Close)
	db, err := legacydb.Open(ctx, legacydb.Config{URL: cfg.URL, Mapping: cfg.Mapping, ReadOnly: true})
	if err != nil {
		return err
	}
	defer db.Close()
	moving, err := notMoved(ctx, cfg.Firestore)
	if err != nil {
		return err
	}
	if err := requirePrepared(ctx, cfg, db); err != nil {
		return err
	}
	c := &copying{cfg: cfg, db: db, meter: m}
	if c.passwords, err = passwords.Open(ctx, cfg.URL, cfg.Accounts); err != nil {
		return err
	}
	defer closeBriefly(c.passwords.Close)
	if c.writer, _, err = documentwriter.Claim(ctx, cfg.Firestore, cfg.Log); err != nil {
		return err
	}
	if cfg.Ramp {
		if m.ramp == nil {
			m.ramp = documentwriter.NewRamp(time.Now)
		}
		c.writer.SetRamp(m.ramp)
	}
	closeSource, err := c.openSource(ctx)
	if err != nil {
		return err
	}
	defer closeSource()
	if err := c.load(ctx, moving); err != nil {
		return err
	}
	for _, step := range steps() {
		if !slices.Contains(moving, step.kind) || step.sweep && !c.progress.Sweep || slices.Contains(c.progress.Done, step.name) {
			continue
		}
		if err := step.run(ctx, c); err != nil {
			return fmt.Errorf("copy: %s: %w", step.name, err)
		}
		c.progress.Done = append(c.progress.Done, step.name)
		c.progress.Kind, c.progress.After = "", ""
		if err := c.save(ctx); err != nil {
			return err
		}
	}
	c.progress.FinishedAt = time.Now()
	return c.save(ctx)
}

// notMoved lists the kinds of data that are on the old side. The others must not be copied: Firestore
// has newer data.
func notMoved(ctx context.Context, client *firestore.Client) (kinds []state.Kind, err error) {
	view, err := state.NewStore(client, nil).Read(ctx)
	if err != nil {
		return nil, err
	}
	for _, kind := range state.Kinds() {
		s := view.Of(kind)
		if !s.Resting() {
			return nil, fmt.Errorf("%w while %v is being switched: wait until that has ended", errNotReady, s)
		}
		if s.Phase == state.PhaseOld {
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) == 0 {
		return nil, fmt.Errorf("%w: all kinds of data have moved to Firestore", errNotReady)
	}
	return kinds, nil
}

// step is a part of a copy that is done as a whole.
type step struct {
	name  string
	kind  state.Kind
	sweep bool
	run   func(context.Context, *copying) error
}

// steps lists the steps in their order: what others refer to comes first.
func steps() []step {
	return []step{
		{string(legacydb.SchoolKind), state.Schools, false, copySchools},
		{string(legacydb.SemesterKind), state.Schools, false, copySemesters},
		{string(legacydb.UserKind), state.Accounts, false, copyUsers},
		{string(legacydb.TimetableKind), state.Timetables, false, copyTimetables},
		{string(legacydb.LectureKind), state.Timetables, false, copyLectures},
		{"sweep " + string(legacydb.UserKind), state.Accounts, true, sweepUsers},
		{"sweep " + string(legacydb.TimetableKind), state.Timetables, true, sweepTimetables},
		{"sweep " + string(legacydb.LectureKind), state.Timetables, true, sweepLectures},
	}
}

// save saves the progress.
func (c *copying) save(ctx context.Context) error {
	c.saved = time.Now()
	c.cfg.report(c.meter.progress(c.progress.Kind))
	return c.writer.SaveCopy(ctx, c.progress, nil)
}

// closeBriefly closes a connection that may be broken.
func closeBriefly(closeConn func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = closeConn(ctx) // nothing depends on it
}
