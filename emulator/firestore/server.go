// Package firestore is Google's Firestore in Go: the whole google.firestore.v1.Firestore service, in one process with
// the test or tool that uses it.
//
// [New] makes a [Server]; [Server.Register] puts it on a gRPC server, and [Server.Handler] is what browsers and
// everything else that speaks HTTP/1.1 talk to. Official clients find it by the environment
// variable FIRESTORE_EMULATOR_HOST. Projects and databases come into being when they are first named.
//
// Requests are judged by security rules, if there are any, but for those of servers, whose token is "owner". Clients are
// told no more than production tells them; [Server.Judgements], the log and [Server.Coverage] say which line refused and why.
//
// How it is built, from the outside in: this package speaks gRPC; internal/rest speaks REST and internal/webchannel carries the
// streams of browsers, both with the JSON of internal/wirejson; internal/service is the service without a transport;
// internal/guard judges requests by security rules; internal/txn runs transactions and commits; internal/write carries out writes; internal/query understands queries;
// internal/store keeps immutable versions of documents; internal/memo remembers what was made of them last; value, field and resource are the data model.
package firestore

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/firestore/internal/index"
	"heek.kr/heektime/emulator/firestore/internal/memo"
	"heek.kr/heektime/emulator/firestore/internal/service"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/firestore/internal/webchannel"
	"heek.kr/heektime/emulator/internal/httplimit"
)

// Config is what a server is made of.
type Config struct {
	// Clock gives commit times, read times and the age of transactions. Required.
	Clock *clock.Clock

	// Logger takes what an operator should know. Nil discards it.
	Logger *slog.Logger

	// DataDir is where commits are kept. Empty keeps them in memory.
	DataDir string

	// Indexes is the text of a firestore.indexes.json. As in production, a query that needs a composite index that is
	// not defined there fails, and the error prints the entry to add.
	Indexes []byte

	// AllowUnindexed runs queries without asking for indexes.
	AllowUnindexed bool

	// Rules is the text of a firestore.rules, by which the requests to every project are judged. Nil lets everybody do
	// everything. [Server.SetRules] replaces them.
	Rules []byte

	// Follower is told of all changes; nil for nobody.
	Follower Follower

	// LockWait is how long a commit waits for an older transaction that has locked what it writes, in real time.
	// Then it is ABORTED. 0 is 5 seconds.
	LockWait time.Duration
}

// MaxMessageBytes is how large a request a gRPC server must let through, so that those above Firestore's own limit get
// Firestore's answer. Use it with grpc.MaxRecvMsgSize.
const MaxMessageBytes = 32 << 20

// Server is an embedded Firestore. It is safe for concurrent use.
type Server struct {
	engine   *service.Engine
	bodies   *httplimit.BodyReader // of everything that comes over HTTP
	channels *webchannel.Server
}

// New makes a server. It listens nowhere by itself.
func New(c Config) (*Server, error) {
	if c.Clock == nil {
		return nil, errors.New("firestore: Config.Clock is required")
	}
	if c.LockWait == 0 {
		c.LockWait = 5 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	options := service.Options{Clock: c.Clock, Logger: c.Logger, LockWait: c.LockWait, DataDir: c.DataDir}
	if c.Follower != nil {
		options.Follower = follower{c.Follower}
	}
	engine, err := service.NewEngine(options)
	if err != nil {
		return nil, fmt.Errorf("firestore: %w", err)
	}
	s := &Server{engine: engine, bodies: &httplimit.BodyReader{MaxBytes: maxBodyBytes, MaxTotalBytes: maxBodiesBytes, Timeout: bodyTimeout}}
	streams := &channels{svc: &service.Service{Engine: engine, Recent: new(memo.Memo[*store.Document, *pb.Document])}}
	s.channels = webchannel.New(webchannel.Options{Serve: streams.serve, Bodies: s.bodies})
	if !c.AllowUnindexed {
		if err := s.SetIndexes(c.Indexes); err != nil {
			engine.Close()
			return nil, err
		}
	}
	if c.Rules != nil {
		warnings, err := s.SetRules("", c.Rules)
		if err != nil {
			engine.Close()
			return nil, err
		}
		for _, w := range warnings {
			c.Logger.Info("security rules", "issue", w.String())
		}
	}
	return s, nil
}

// SetIndexes replaces the index definitions by those of a firestore.indexes.json, and asks for them from now on.
func (s *Server) SetIndexes(text []byte) error {
	d, err := index.Parse(text)
	if err != nil {
		return fmt.Errorf("firestore: %w", err)
	}
	s.engine.SetIndexes(d)
	return nil
}

// Register makes r answer for this server.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	pb.RegisterFirestoreServer(r, &grpcServer{svc: &service.Service{Engine: s.engine, Splice: true}})
}

// EndStreams ends whatever would keep a listener from shutting down: streams, but for gRPC's streams of writes, and
// channels. New ones end at once. Call it before closing the listener.
func (s *Server) EndStreams() {
	s.engine.EndStreams()
	s.channels.Close()
}

// Close ends all streams and, with a DataDir, makes sure that everything is on disk.
func (s *Server) Close() error {
	s.EndStreams()
	return s.engine.Close()
}
