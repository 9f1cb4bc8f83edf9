package service

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/firestore/internal/index"
	"heek.kr/heektime/emulator/firestore/internal/listen"
	"heek.kr/heektime/emulator/firestore/internal/persist"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/firestore/internal/txn"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Database is a database with its transactions, listeners and rules.
type Database struct {
	*store.DB
	Txns  *txn.Manager
	Hub   *listen.Hub
	Guard *guard.Guard

	instance [8]byte      // part of resume tokens: distinguishes databases that had the same name
	log      *persist.Log // nil without a data directory
	feed     *feed        // nil without a follower
	stored   *stored      // nil without a meter
	indexes  *atomic.Pointer[index.Definitions]
}

// Engine holds all databases. A database is created when it is first used, as in Google's emulator.
type Engine struct {
	options Options
	lock    *os.File // of the data directory
	closing chan struct{}
	ended   sync.Once // closes closing
	streams atomic.Uint64
	indexes atomic.Pointer[index.Definitions] // nil if indexes are not checked

	sweeping sync.Mutex // held while expired documents are deleted

	mu       sync.RWMutex
	dbs      map[resource.Database]*Database
	guards   map[string]*guard.Guard // by project, or by database if it has rules of its own
	rules    *guard.ActiveRules      // of projects without rules of their own
	ownRules map[string]bool         // projects with rules of their own
	closed   bool
}

// Options configures an engine.
type Options struct {
	Clock    *clock.Clock
	Logger   *slog.Logger
	LockWait time.Duration // how long commits wait for older transactions
	DataDir  string        // directory for databases; if empty, they are only in memory
	Follower Follower      // receives all changes, may be nil
	Meter    *billing.Meter
	TTL      bool // delete expired documents
	// Databases are those with rules and indexes of their own, by the last part of their names.
	Databases map[string]OwnDatabase
	// OnlyProject is the project whose databases are expected; "" means that all are.
	OnlyProject string
}

// NewEngine returns an engine with the databases in its data directory. It does not check indexes
// until [Engine.SetIndexes] is called.
func NewEngine(o Options) (*Engine, error) {
	e := &Engine{options: o, closing: make(chan struct{}), dbs: map[resource.Database]*Database{},
		guards: map[string]*guard.Guard{}, ownRules: map[string]bool{}}
	e.streams.Store(uint64(time.Now().UnixMicro())) // resume tokens outlive the process
	if o.DataDir != "" {
		if err := e.openAll(); err != nil {
			return e, err
		}
	}
	if o.TTL {
		go e.sweepExpired()
	}
	return e, nil
}

// SetIndexes replaces the index definitions. Queries that need other indexes fail from now on. If d
// is nil, indexes are not checked.
func (e *Engine) SetIndexes(d *index.Definitions) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.indexes.Store(d)
	for _, db := range e.dbs {
		if db.stored != nil {
			db.stored.recount(db.indexes.Load())
		}
	}
}

// maxDatabases is the maximum number of databases.
const maxDatabases = 10_000

// Database returns the database with a valid name, and creates it if necessary.
func (e *Engine) Database(name resource.Database) (*Database, error) {
	e.mu.RLock()
	d := e.dbs[name]
	e.mu.RUnlock()
	if d != nil {
		return d, nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if d := e.dbs[name]; d != nil {
		return d, nil
	}
	if len(e.dbs) >= maxDatabases {
		return nil, status.Errorf(codes.ResourceExhausted, "There are already %d databases; no more can be created.", maxDatabases)
	}
	d, err := e.open(name)
	if err != nil {
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	e.dbs[name] = d
	return d, nil
}

// Names returns the names of all databases, in order.
func (e *Engine) Names() []string {
	e.mu.RLock()
	defer e.mu.RUnlock()
	out := make([]string, 0, len(e.dbs))
	for name := range e.dbs {
		out = append(out, string(name))
	}
	slices.Sort(out)
	return out
}

// open creates or loads a database.
func (e *Engine) open(name resource.Database) (*Database, error) {
	d := &Database{DB: store.New(name, e.options.Clock), Guard: e.guardOf(name), indexes: e.indexesOf(name)}
	if only := e.options.OnlyProject; only != "" && name.Project() != only {
		e.options.Logger.Warn("a client uses the Firestore of a project that was not started: its documents are not those of the project that was. "+
			"Give both the same project ID, or set emulators.singleProjectMode to false", "project", name.Project(), "started", only)
	}
	rand.Read(d.instance[:])
	follower := e.options.Follower
	if e.options.DataDir != "" {
		var since value.Micros
		if follower != nil {
			since = follower.Cursor(name)
		}
		log, err := persist.Open(e.dir(name), d.DB, e.options.Logger, since)
		if err != nil {
			return nil, fmt.Errorf("open database %s: %w", name, err)
		}
		d.log, d.instance = log, log.InstanceID()
	}
	if follower != nil {
		d.feed = e.newFeed(d)
		if d.log != nil {
			d.log.BeforeCompact = d.feed.flush
		}
		go d.feed.run()
	}
	if e.options.Meter != nil {
		d.stored = meterStorage(d.DB, e.options.Meter, d.indexes.Load())
	}
	d.Txns = txn.New(d.DB, e.options.LockWait)
	d.Hub = listen.NewHub(d.DB, func(c *store.Commit) bool { return d.waitDurable(c.Snapshot) == nil }, d.lastDurable)
	return d, nil
}

// EndStreams ends all listen streams. New ones end immediately.
func (e *Engine) EndStreams() { e.ended.Do(func() { close(e.closing) }) }

// Close ends all streams and waits until everything is durable.
func (e *Engine) Close() error {
	e.EndStreams()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	var errs []error
	for _, d := range e.dbs {
		d.Hub.Close()
		if d.feed != nil {
			<-d.feed.ended
		}
		if d.log != nil {
			errs = append(errs, d.log.Close())
		}
	}
	if e.lock != nil {
		errs = append(errs, e.lock.Close())
	}
	return errors.Join(errs...)
}
