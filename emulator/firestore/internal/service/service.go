// Package service is the google.firestore.v1.Firestore service without a transport: requests and responses are the
// protocol's messages, streams are functions. gRPC, REST and WebChannel are thin layers above it.
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

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/firestore/internal/cache"
	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/firestore/internal/index"
	"heek.kr/heektime/emulator/firestore/internal/listen"
	"heek.kr/heektime/emulator/firestore/internal/persist"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/firestore/internal/txn"
	"heek.kr/heektime/emulator/internal/fieldpath"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Database is one database and all that runs on it.
type Database struct {
	*store.DB
	Txns  *txn.Manager
	Hub   *listen.Hub
	Guard *guard.Guard

	instance [8]byte      // tells resume tokens of this database from those of another with the same name
	log      *persist.Log // nil when nothing is kept
	feed     *feed        // nil when nobody follows
}

// Engine holds all databases. A database comes into being when it is first named, as in Google's emulator.
type Engine struct {
	options Options
	lock    *os.File // of the data directory
	closing chan struct{}
	ended   sync.Once // guards closing
	streams atomic.Uint64
	indexes atomic.Pointer[index.Definitions] // nil when none are asked for

	mu     sync.RWMutex
	dbs    map[resource.Database]*Database
	guards map[string]*guard.Guard // by project
	rules  *guard.ActiveRules      // of projects that have none of their own
	own    map[string]bool         // projects that have
	closed bool
}

// Options are what an engine is made of.
type Options struct {
	Clock    *clock.Clock
	Logger   *slog.Logger
	LockWait time.Duration // how long commits wait for older transactions
	DataDir  string        // where databases are kept; empty keeps none
	Follower Follower      // is told of all changes; nil for nobody
}

// NewEngine makes an engine with the databases that its data directory holds. It asks for no indexes until
// [Engine.SetIndexes].
func NewEngine(o Options) (*Engine, error) {
	e := &Engine{options: o, closing: make(chan struct{}), dbs: map[resource.Database]*Database{},
		guards: map[string]*guard.Guard{}, own: map[string]bool{}}
	if o.DataDir == "" {
		return e, nil
	}
	return e, e.openAll()
}

// SetIndexes says which indexes there are. Queries that need others fail from now on; nil asks for none.
func (e *Engine) SetIndexes(d *index.Definitions) { e.indexes.Store(d) }

// maxDatabases is how many databases come into being by being named.
const maxDatabases = 10_000

// Database returns the database of that name, which has been checked.
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
		return nil, status.Errorf(codes.ResourceExhausted, "There are %d databases; no more come into being.", maxDatabases)
	}
	d, err := e.open(name)
	if err != nil {
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	e.dbs[name] = d
	return d, nil
}

// Names are the names of all databases, in order.
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

// open makes a database, or loads it.
func (e *Engine) open(name resource.Database) (*Database, error) {
	d := &Database{DB: store.New(name, e.options.Clock), Guard: e.guard(name.Project())}
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
	d.Txns = txn.New(d.DB, e.options.LockWait)
	d.Hub = listen.NewHub(d.DB, func(c *store.Commit) { d.waitDurable(c.Snapshot) })
	return d, nil
}

// EndStreams ends all listen streams; new ones end at once.
func (e *Engine) EndStreams() { e.ended.Do(func() { close(e.closing) }) }

// Close ends all streams and waits until everything is kept.
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

// Service answers requests.
type Service struct {
	Engine *Engine

	// Splice puts the stored encoding of documents into responses as fields unknown to the protocol package. On the
	// wire that is the same and costs next to nothing; whoever reads the messages themselves must not ask for it.
	Splice bool

	// Recent, if it is there, has the messages of documents that were made last. All listeners then get the same message of a
	// version of a document, which whoever reads it must not change.
	Recent *cache.Cache[*store.Document, *pb.Document]
}

// MaxRecentBytes is about how large a document may be that is remembered: together they must not hold much.
const MaxRecentBytes = 128 << 10

// document makes a response of a stored document.
func (s *Service) document(d *store.Document, f *value.Fields) *pb.Document {
	if s.Recent == nil || f != d.Fields || f.Size() > MaxRecentBytes {
		return s.newDocument(d, f)
	}
	out, _ := s.Recent.Get(d, func() (*pb.Document, error) { return s.newDocument(d, f), nil })
	return out
}

func (s *Service) newDocument(d *store.Document, f *value.Fields) *pb.Document {
	out := &pb.Document{Name: d.Name, CreateTime: d.Created.Proto(), UpdateTime: d.Updated.Proto()}
	switch {
	case !s.Splice:
		out.Fields = f.Proto()
	case f == d.Fields:
		out.ProtoReflect().SetUnknown(d.Wire())
	default:
		out.ProtoReflect().SetUnknown(f.AppendDocumentFields(nil))
	}
	return out
}

// masked returns the fields of a document that a mask shows; a nil mask shows all.
func masked(d *store.Document, m mask) *value.Fields {
	if m == nil {
		return d.Fields
	}
	return d.Fields.Pick(m)
}

type mask [][]string

func parseMask(m *pb.DocumentMask) (mask, error) {
	if m == nil {
		return nil, nil
	}
	out := mask{}
	for _, s := range m.GetFieldPaths() {
		p, err := fieldpath.Parse(s)
		if err != nil {
			return nil, err
		}
		if !p.IsName() {
			out = append(out, p)
		}
	}
	return out, nil
}
