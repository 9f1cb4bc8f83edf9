package replication

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/logline"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/passwords"
)

// Names of what following uses in the old database, unless [Config] has others.
const (
	DefaultSlot        = "heektime_migration"
	DefaultPublication = "heektime_migration"
	// DefaultOrigin is the replication origin of transactions that come from Firestore.
	DefaultOrigin = "heektime_reverse"
)

// Config says what to follow. URL, Mapping and Firestore are required.
type Config struct {
	// URL is the connection string of the old database. Its role must be allowed to replicate.
	URL     string
	Mapping *legacydb.Mapping
	// DB is the same database, if the caller has connections to it, which following then uses; see
	// [legacydb.Connect]. If it is nil, each session opens its own.
	DB *legacydb.DB
	// Firestore is where documents are written.
	Firestore *firestore.Client
	// Slot, Publication and Origin have the default names if they are empty. Slots and origins belong to
	// the whole PostgreSQL cluster.
	Slot, Publication, Origin string
	// Accounts removes passwords in Authentication that the old server has replaced. nil means that nobody
	// has one there.
	Accounts passwords.Authentication
	// Log gets a line for what happens, and regularly one with the lag; nil discards them.
	Log *slog.Logger
	// Adjust, if it is not nil, changes what is about to be written for documents that have been on the new
	// side; see package reverse.
	Adjust func(ctx context.Context, writes []documentwriter.Write) ([]documentwriter.Write, error)
	// NewSide says of which accounts Reverse has written the rows.
	NewSide documentwriter.NewSide
	// Reverse, if it is not nil, runs the whole time beside: the direction from Firestore to the old
	// database. When it fails, it is started again.
	Reverse func(ctx context.Context) error
}

func (cfg Config) withDefaults() Config {
	if cfg.Slot == "" {
		cfg.Slot = DefaultSlot
	}
	if cfg.Publication == "" {
		cfg.Publication = DefaultPublication
	}
	if cfg.Origin == "" {
		cfg.Origin = DefaultOrigin
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return cfg
}

// How long to wait before trying again, at first and at most. A switch may be waiting while writes are held, so the
// longest is short.
const (
	minBackoff = 100 * time.Millisecond
	maxBackoff = 2 * time.Second
)

// Run applies changes until the context ends or there is a [Problem]. It also returns
// [documentwriter.ErrReplaced] when another process has taken over. After any other error, such as those
// of a PostgreSQL that restarts, it connects again.
func Run(ctx context.Context, cfg Config) error {
	cfg = cfg.withDefaults()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		cfg.runReverse(ctx)
	}()
	err := cfg.repeat(ctx, "follow", func(ctx context.Context) (bool, error) { return cfg.follow(ctx) })
	stop()
	<-ended
	return err
}

func (cfg Config) runReverse(ctx context.Context) {
	if cfg.Reverse == nil {
		return
	}
	err := cfg.repeat(ctx, "reverse", func(ctx context.Context) (bool, error) {
		began := time.Now()
		err := cfg.Reverse(ctx)
		return time.Since(began) > maxBackoff, err
	})
	if err != nil && ctx.Err() == nil {
		cfg.Log.Error("the direction from Firestore to the old database has ended", logline.FieldError, err.Error())
	}
}

// repeat runs do until the context ends or trying again cannot help. do reports whether it got anywhere,
// which makes the next attempt immediate.
func (cfg Config) repeat(ctx context.Context, name string, do func(context.Context) (progress bool, err error)) error {
	backoff := minBackoff
	for {
		progress, err := do(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case asProblem(err) != nil, errors.Is(err, documentwriter.ErrReplaced):
			return err
		case progress:
			backoff = minBackoff
		}
		cfg.Log.Warn(name+": trying again", logline.FieldError, errorText(err), "after", backoff.String())
		select {
		case <-time.After(backoff):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
