package reverse

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// Config has what [Run] needs.
type Config struct {
	DB        *legacydb.DB
	Client    *firestore.Client
	Listener  Listener
	Database  string // projects/p/databases/d
	Converter *conversion.Converter
	// Accounts may be nil in tests without passwords and names.
	Accounts Accounts
	// Drain waits until every change that the old database had committed when it was called is applied to
	// Firestore. nil means that nothing is applied in that direction.
	Drain func(context.Context) error
	Log   *slog.Logger
	// PasswordInterval is how often the accounts in Authentication are listed, 0 for never.
	PasswordInterval time.Duration
}

// Bounds of the wait after a failure. A switch may be waiting while writes are held, so the longest is short.
const (
	minBackoff = 100 * time.Millisecond
	maxBackoff = 2 * time.Second
)

// idlePositionInterval is how often the position is stored while nothing changes. Firestore resumes from
// positions that are less than half an hour old without sending everything again.
//
// Source: https://firebase.google.com/docs/firestore/pricing#listens
const idlePositionInterval = time.Minute

// errRestart makes Run listen to other documents.
var errRestart = errors.New("restart")

// Run brings changes of Firestore to the old database, for each kind from its first switch to the new
// side on, until the context ends. It may be killed at any time; only one process at a time gets to apply
// anything. It returns an error that somebody has to mend.
func Run(ctx context.Context, cfg Config) error {
	r := &runner{cfg: cfg, store: state.NewStore(cfg.Client, nil), unsettled: map[string]bool{}, surplus: map[string]int{}}
	backoff := minBackoff
	for {
		began := time.Now()
		err := r.session(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, errRestart):
			continue
		case !retryable(err):
			return err
		}
		if time.Since(began) > maxBackoff {
			backoff = minBackoff
		}
		cfg.Log.WarnContext(ctx, "the way back was interrupted; it goes on by itself", "error", err)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(backoff):
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

// runner is the state of one Run.
type runner struct {
	cfg   Config
	store *state.Store

	// Of the current session.
	conn   *pgx.Conn // its transactions have the origin, and guards let them pass
	active map[Kind]start
	phases map[Kind]state.Phase
	wasNew map[Kind]bool // a kind is or was on the new side

	sweeps   *sweeps
	backfill *backfill

	// at is the time of the last point that was applied in this session, zero before the first. Documents are read as
	// they were then: one that was created later and is deleted before the next point is in no point.
	at time.Time

	unsettled map[string]bool // keys of users whose names may differ from those of the new side
	// surplus is how many more documents Firestore has than the old database knows, by the path of their
	// description, after all of them were compared.
	surplus map[string]int
}

// session applies points until something fails. It is long because its steps share what they open.
func (r *runner) session(ctx context.Context) error {
	streamCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	var err error
	if r.conn, err = connect(ctx, r.cfg.DB); err != nil {
		return err
	}
	defer r.conn.Close(context.WithoutCancel(ctx))
	position, err := readPosition(ctx, r.conn, false)
	if err != nil {
		return err
	}
	r.active, r.at = position.starts, time.Time{}
	r.backfill = &backfill{runner: r, left: position.left}
	if err := r.readPhases(ctx); err != nil {
		return err
	}
	s, err := open(streamCtx, r.cfg.Listener, r.cfg.Database, r.targets())
	if err != nil {
		return err
	}
	err = r.applyAll(ctx, s)
	var lost *errLost
	if errors.As(err, &lost) {
		cancel() // Firestore would send, and bill, everything
		return r.reconcile(ctx, lost.kinds)
	}
	return err
}

// applyAll applies the points of a stream until it ends.
func (r *runner) applyAll(ctx context.Context, s *stream) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	points, ended := make(chan *point, maxGathered), make(chan error, 1)
	go func() {
		for {
			p, err := s.next()
			if err != nil {
				ended <- err
				return
			}
			select {
			case points <- p:
			case <-ctx.Done():
				return
			}
		}
	}()
	var tick <-chan time.Time
	if r.cfg.PasswordInterval > 0 {
		ticker := time.NewTicker(r.cfg.PasswordInterval)
		defer ticker.Stop()
		tick = ticker.C
	}
	r.sweeps = &sweeps{runner: r}
	if err := r.sweeps.resume(ctx); err != nil {
		return err
	}
	stored := time.Now()
	for {
		var err error
		select {
		case p := <-points:
			err = r.applyPoint(ctx, r.gather(p, points), &stored)
		case <-tick:
			r.sweeps.begin(ctx)
		case found, more := <-r.sweeps.found():
			err = r.sweeps.handle(ctx, found, more)
		case page := <-r.backfill.pages:
			err = r.backfill.apply(ctx, page)
		case err = <-ended:
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// connect opens the connection whose transactions have the replication origin, and which guards let pass. Only
// one session can use an origin: another process waits here.
func connect(ctx context.Context, db *legacydb.DB) (*pgx.Conn, error) {
	config := db.Pool.Config().ConnConfig.Copy()
	config.RuntimeParams["application_name"] = "heektime reverse"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to the old database: %w", err)
	}
	for _, sql := range []string{
		"SET heektime.reverse = on",
		"SELECT pg_replication_origin_create('" + Origin + "') WHERE pg_replication_origin_oid('" + Origin + "') IS NULL",
		"SELECT pg_replication_origin_session_setup('" + Origin + "')",
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return nil, errors.Join(fmt.Errorf("become the only writer of the way back: %w", err), conn.Close(ctx))
		}
	}
	if err := InstallOn(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}

func (r *runner) readPhases(ctx context.Context) error {
	view, err := r.store.Read(ctx)
	if err != nil {
		return err
	}
	r.phases, r.wasNew = map[Kind]state.Phase{}, map[Kind]bool{}
	for _, kind := range state.Kinds() {
		s := view.Of(kind)
		r.phases[kind], r.wasNew[kind] = s.Phase, s.WasNew || s.Phase == state.PhaseNew
		if s.Origin() == state.New {
			r.phases[kind] = state.PhaseNew // until a switch back flips, the guard keeps the old server out
		}
	}
	return nil
}

// targets lists what to listen to.
func (r *runner) targets() []target {
	name := func(ref *firestore.DocumentRef) string { return ref.Path }
	states := target{docs: []string{name(schema.MigrationMarkRef(r.cfg.Client))}}
	for _, kind := range state.Kinds() {
		states.docs = append(states.docs, name(schema.MigrationRef(r.cfg.Client, kind)))
	}
	list := []target{states}
	for _, kind := range slices.Sorted(maps.Keys(r.active)) {
		from := r.active[kind]
		for _, d := range documentsOf(kind) {
			list = append(list, target{kind: kind, document: d, resume: &from, query: &firestorepb.StructuredQuery{
				From: []*firestorepb.StructuredQuery_CollectionSelector{{CollectionId: d.Collection(), AllDescendants: d.Depth() > 1}},
			}})
		}
	}
	return list
}

// documentsOf returns the documents of a kind that flow back.
func documentsOf(kind Kind) []schema.Document {
	switch kind {
	case state.Accounts:
		return []schema.Document{schema.UserDocument, schema.CredentialDocument, schema.DeletionDocument}
	case state.Timetables:
		return []schema.Document{schema.TimetableDocument, schema.LectureDocument}
	}
	return nil
}

// Bounds of what one transaction applies: points, and documents.
const (
	maxGathered  = 500
	maxDocuments = 1000
)

// gather adds the points that have arrived meanwhile to a point, so that a stream that is behind catches up:
// a transaction costs more than a document. It stops after a mark, because somebody waits for it, after a state,
// because it decides what happens to the next points, and after counts, which are compared at their point.
func (r *runner) gather(p *point, points <-chan *point) *point {
	all := &point{p.token, p.time, maps.Clone(p.changes), p.counts}
	for range maxGathered {
		set := setOf(r.cfg.Client, p.changes)
		if set.states || set.mark != "" || len(p.counts) > 0 || len(all.changes) > maxDocuments {
			return all
		}
		select {
		case p = <-points:
			all.token, all.time, all.counts = p.token, p.time, p.counts
			maps.Copy(all.changes, p.changes)
		default:
			return all
		}
	}
	return all
}

// applyPoint applies a point and stores its position in the same transaction.
func (r *runner) applyPoint(ctx context.Context, p *point, stored *time.Time) error {
	set := setOf(r.cfg.Client, p.changes)
	if set.states {
		// Reading may show a later state than that of the point. That is harmless: a switch goes on only
		// when this stream has applied its mark.
		if err := r.readPhases(ctx); err != nil {
			return err
		}
	}
	set.at = p.time
	r.backfill.touch(set)
	if set.empty() && set.mark == "" && len(p.counts) == 0 && time.Since(*stored) < idlePositionInterval {
		return r.applied(ctx, set)
	}
	store := func(ctx context.Context, t *transaction) error {
		if err := t.storePosition(ctx, p.token, p.time); err != nil {
			return err
		}
		column := "mark"
		switch {
		case set.mark == "":
			return nil
		case isPasswordMark(set.mark):
			column = "wanted_password_mark"
		}
		return t.write(ctx, "UPDATE heektime_migration.reverse_stream SET "+column+" = $1", set.mark)
	}
	if len(p.counts) > 0 {
		// Firestore sends the counts again only if the stream starts before them again.
		nothing := func(context.Context, *transaction) error { return nil }
		if err := r.apply(ctx, set, nothing); err != nil {
			return err
		}
		if err := r.compareCounts(ctx, p.counts, p.time); err != nil {
			return err
		}
		set = newChangeSet(p.time).marked(set)
	}
	if err := r.apply(ctx, set, store); err != nil {
		return err
	}
	if isPasswordMark(set.mark) {
		r.sweeps.mark = set.mark
		r.sweeps.begin(ctx)
	}
	*stored = time.Now()
	return r.applied(ctx, set)
}

// applied goes on from a point that was applied.
func (r *runner) applied(ctx context.Context, set *changeSet) error {
	r.at = set.at
	r.backfill.next(ctx)
	return r.restartIfNeeded(ctx, set)
}

// storePosition stores the position of the stream's kinds.
func (t *transaction) storePosition(ctx context.Context, token []byte, at time.Time) error {
	var kinds []string
	for kind := range t.active {
		kinds = append(kinds, string(kind))
	}
	err := t.write(ctx, "UPDATE heektime_migration.reverse_position SET token = $1, read_time = $2 WHERE kind = ANY ($3)", token, at, kinds)
	if err != nil {
		return err
	}
	return t.write(ctx, "UPDATE heektime_migration.reverse_stream SET applied_at = clock_timestamp()")
}

// restartIfNeeded returns errRestart if a switch has begun the way back of another kind.
func (r *runner) restartIfNeeded(ctx context.Context, set *changeSet) error {
	if !set.states {
		return nil
	}
	position, err := readPosition(ctx, r.conn, false)
	if err != nil {
		return err
	}
	if len(position.starts) != len(r.active) {
		return errRestart
	}
	return nil
}
