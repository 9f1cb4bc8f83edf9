package replication

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/passwords"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/migration/walstream"
	"heek.kr/heektime/internal/schema"
)

// session is the work between two failures. It starts from what Firestore has, and keeps nothing of the
// session before it.
type session struct {
	cfg    Config
	db     *legacydb.DB
	states *state.Store
	writer *documentwriter.Writer
	lock   *pgx.Conn

	converter *conversion.Converter
	accounts  *documentwriter.Accounts
	passwords *passwords.Store
	// namesAt is what the reader of all names saw: a change of a user that it contains does not say any
	// more what else changed by it.
	namesAt    walstream.Snapshot
	reconciled bool

	columns   map[string]string // the type of each column when the copy began: "public.lectures credit"
	relations map[*walstream.Relation]bool

	position schema.MigrationPosition
	applied  walstream.LSN // everything up to it has been written
	written  walstream.LSN // the position in Firestore
	wroteAt  time.Time
	changes  int           // that were applied since then
	confirm  atomic.Uint64 // written, for the receiver
	progress bool          // changes were applied in this session
	changed  bool          // changes were applied after the position was written
}

func (s *session) confirmable() walstream.LSN { return walstream.LSN(s.confirm.Load()) }

// follow runs one session and reports whether it applied anything.
func (cfg Config) follow(ctx context.Context) (progress bool, err error) {
	s := &session{cfg: cfg, states: state.NewStore(cfg.Firestore, nil), relations: map[*walstream.Relation]bool{}}
	defer func() {
		if p := asProblem(err); p != nil && s.writer != nil {
			err = errors.Join(err, s.reportProblem(ctx, p))
		}
		s.close()
	}()
	if err := s.open(ctx); err != nil {
		return false, err
	}
	conn, err := walstream.Connect(ctx, cfg.URL)
	if err != nil {
		return false, err
	}
	defer closeBriefly(conn.Close)
	if err := s.check(ctx, conn); err != nil {
		return false, err
	}
	if s.position.Problem != "" {
		s.position.Problem = ""
		if err := s.writer.Advance(ctx, s.position); err != nil {
			return false, err
		}
	}
	if err := s.load(ctx); err != nil {
		return false, err
	}
	stream, err := conn.Start(ctx, cfg.Slot, cfg.Publication, s.written)
	if err != nil {
		return false, err
	}
	cfg.Log.Info("following", "slot", cfg.Slot, "from", s.written.String())
	err = s.run(ctx, newReceiver(s, stream))
	return s.progress, err
}

// open makes this process the only one that works on the migration, claims the position, and opens the
// old database.
func (s *session) open(ctx context.Context) (err error) {
	if s.lock, err = Lock(ctx, s.cfg.URL); err != nil {
		return err
	}
	if s.writer, s.position, err = documentwriter.Claim(ctx, s.cfg.Firestore, s.cfg.Log); err != nil {
		return err
	}
	if s.cfg.DB != nil {
		s.db, err = s.cfg.DB.Checked(ctx)
	} else {
		s.db, err = legacydb.Open(ctx, legacydb.Config{URL: s.cfg.URL, Mapping: s.cfg.Mapping, ReadOnly: true})
	}
	if err != nil {
		return explainOpen(err)
	}
	s.passwords, err = passwords.Open(ctx, s.cfg.URL, s.cfg.Accounts)
	return err
}

// load reads what conversions need to know of the whole database.
func (s *session) load(ctx context.Context) error {
	r, err := s.db.Reader(ctx, "")
	if err != nil {
		return err
	}
	defer r.Close()
	if err := s.loadConverter(ctx, r, conversion.NewNames(s.cfg.Mapping)); err != nil {
		return err
	}
	if s.accounts, err = documentwriter.NewAccounts(ctx, s.writer, s.converter, r); err != nil {
		return err
	}
	s.accounts.SetPasswords(s.passwords)
	s.accounts.SetNewSide(s.cfg.NewSide)
	// It contains at least the transactions that the reader saw.
	s.namesAt, err = walstream.CurrentSnapshot(ctx, s.db.Pool)
	return err
}

// loadConverter makes a converter with the schools and semesters as they are now.
func (s *session) loadConverter(ctx context.Context, r *legacydb.Reader, names *conversion.Names) error {
	converter, err := documentwriter.NewConverter(ctx, s.cfg.Firestore, s.cfg.Mapping, r, names)
	if err != nil {
		return err
	}
	s.converter = converter
	if s.accounts != nil {
		s.accounts.SetConverter(converter)
	}
	return nil
}

// run receives and applies until one of them fails.
func (s *session) run(ctx context.Context, r *receiver) error {
	wanted := &wantedPosition{changed: make(chan struct{}, 1)}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return r.run(ctx) })
	group.Go(func() error { return s.applyAll(ctx, r, wanted) })
	group.Go(func() error { return wanted.watch(ctx, s.cfg.Firestore) })
	group.Go(func() error { return s.watch(ctx) })
	return group.Wait()
}

// reportProblem writes a problem to the position, for heektime migrate status.
func (s *session) reportProblem(ctx context.Context, p *Problem) error {
	s.position.Problem = p.Error()
	return s.writer.Advance(ctx, s.position)
}

func (s *session) close() {
	if s.lock != nil {
		closeBriefly(s.lock.Close)
	}
	if s.db != nil && s.cfg.DB == nil {
		s.db.Close()
	}
	if s.passwords != nil {
		closeBriefly(s.passwords.Close)
	}
}

// closeBriefly closes a connection that may be broken.
func closeBriefly(closeConn func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = closeConn(ctx) // nothing depends on it
}

// lockKey identifies the advisory lock of the migration: "heekmigr".
const lockKey = 0x6865656b6d696772

// Lock makes this process the only one that copies or follows a database, until the connection ends. It
// prevents a second one from taking over by mistake. That the first writes nothing afterwards is the
// concern of package documentwriter.
func Lock(ctx context.Context, url string) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("connect to the old database: %w", err)
	}
	// PostgreSQL looks after 15 seconds whether this machine is still there. Otherwise it would keep the lock for hours.
	_, err = conn.Exec(ctx, "SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3")
	var locked bool
	if err == nil {
		err = conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", int64(lockKey)).Scan(&locked)
	}
	if err == nil && !locked {
		err = errors.New("another heektime migrate copy or follow is running on this database: only one may run")
	}
	if err != nil {
		closeBriefly(conn.Close)
		return nil, err
	}
	return conn, nil
}

// watchInterval is how often a session checks what it relies on.
const watchInterval = 10 * time.Second

// watch checks that the connection that holds the lock is not broken, and that all tables are published.
func (s *session) watch(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(watchInterval):
		}
		if err := s.lock.Ping(ctx); err != nil {
			return fmt.Errorf("the connection that holds the lock is broken: %w", err)
		}
		if err := s.checkRequirements(ctx); err != nil {
			return err
		}
	}
}
