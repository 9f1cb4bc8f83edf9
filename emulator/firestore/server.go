// Package firestore is a Firestore emulator: the complete google.firestore.v1.Firestore service,
// in the process of the test or tool that uses it.
//
// [New] returns a [Server]. [Server.Register] registers it on a gRPC server, and [Server.Handler]
// serves browsers and everything else over HTTP/1.1. The official clients find it through the
// environment variable FIRESTORE_EMULATOR_HOST. Projects and databases are created when a request
// first names them.
//
// If there are security rules, they apply to every request except those of servers, whose token is
// "owner". A denied client learns no more than in production; [Server.Evaluations], the log and
// [Server.Coverage] show which line denied the request and why.
//
// From the outside in, this package serves gRPC; internal/rest serves REST and internal/webchannel
// the streams of browsers, both with the JSON of internal/wirejson. internal/service implements the
// API independently of the transport, and internal/listen its listen streams. internal/guard
// authorizes requests by security rules. internal/txn runs transactions and commits, internal/write
// applies writes, internal/query parses and runs queries, and internal/index checks that they have
// an index. internal/store holds immutable versions of documents, internal/persist writes commits
// to disk, and internal/cache keeps the encodings of recent documents. The data model is in value,
// fieldpath and resource, below emulator/internal.
package firestore

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/firestore/internal/cache"
	"heek.kr/heektime/emulator/firestore/internal/index"
	"heek.kr/heektime/emulator/firestore/internal/service"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/firestore/internal/webchannel"
	"heek.kr/heektime/emulator/internal/emulatorauth"
	"heek.kr/heektime/emulator/internal/httplimit"
	"heek.kr/heektime/emulator/internal/muxserver"
	"heek.kr/heektime/emulator/rules"
)

// Config configures a [Server].
type Config struct {
	// Clock determines commit times, read times and the age of transactions. Required.
	Clock *clock.Clock

	// Logger is the log; nil discards it.
	Logger *slog.Logger

	// DataDir is the directory that commits are stored in. Empty means memory only.
	DataDir string

	// Indexes is the text of a firestore.indexes.json file. As in production, a query fails if it
	// needs a composite index that is not defined there; the error shows the entry to add.
	Indexes []byte

	// AllowUnindexed runs queries without checking for indexes.
	AllowUnindexed bool

	// Rules is the text of a firestore.rules file, for every project. Nil allows every request.
	// [Server.SetRules] replaces them.
	Rules []byte

	// AcceptSignedTokens accepts ID tokens of real projects without verifying their signatures, as Google's
	// emulator does. Otherwise they are rejected, as everybody can make them up.
	AcceptSignedTokens bool

	// Databases are the IDs of the databases, of whatever project, that have rules and indexes of their own.
	Databases map[string]DatabaseConfig

	// OnlyProject logs a warning when a database of another project is created; "" means none.
	OnlyProject string

	// Follower receives all changes; nil means none.
	Follower Follower

	// Functions serves the calls with which the Functions emulator of Firebase's suite registers functions, see
	// [heek.kr/heektime/emulator/triggers.Server.FunctionsHandler]. Nil means that there is none.
	Functions http.Handler

	// Meter counts what requests are billed and how much is stored; nil counts nothing. Requests of
	// the [Owner] and writes by a [Database] are those of tools and tests: they are not billed.
	Meter *billing.Meter

	// TTL deletes documents half a day after they expire, by the TTL fields in Indexes. It is off by
	// default, so that a test that advances the clock sees its own program delete them.
	TTL bool

	// LockWait is how long a commit waits, in real time, for an older transaction that has locked a
	// document it writes. Then it is ABORTED. Zero means 5 seconds.
	LockWait time.Duration
}

// ServerOptions returns the options that a gRPC server needs: it must accept messages of up to
// [MaxMessageBytes], and let clients ping as often as the SDKs do. The others save CPU time: the codec when it
// decodes writes, workers because they keep their grown stacks, and fixed windows because they need no probing.
func ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(MaxMessageBytes), muxserver.AllowPings(), grpc.ForceServerCodecV2(newCodec()),
		grpc.NumStreamWorkers(32), grpc.StaticStreamWindowSize(1 << 20), grpc.StaticConnWindowSize(1 << 20),
	}
}

// MaxMessageBytes is the size of the largest request that a gRPC server must accept, so that
// requests above Firestore's own limit get Firestore's error. [ServerOptions] sets it.
const MaxMessageBytes = 32 << 20

// Server is a Firestore emulator. It is safe for concurrent use.
type Server struct {
	engine   *service.Engine
	meter    *billing.Meter
	log      *slog.Logger
	auth     *emulatorauth.Authenticator
	bodies   *httplimit.BodyReader // for all requests over HTTP
	channels *webchannel.Server

	functions http.Handler // Config.Functions
}

// New returns a server. It does not listen on any port itself.
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
	own, err := c.ownDatabases()
	if err != nil {
		return nil, err
	}
	options := service.Options{Clock: c.Clock, Logger: c.Logger, LockWait: c.LockWait, DataDir: c.DataDir, Meter: c.Meter, TTL: c.TTL,
		Databases: own, OnlyProject: c.OnlyProject}
	if c.Follower != nil {
		options.Follower = follower{c.Follower}
	}
	engine, err := service.NewEngine(options)
	if err != nil {
		return nil, fmt.Errorf("firestore: %w", err)
	}
	s := &Server{
		engine: engine, meter: c.Meter, log: c.Logger, auth: &emulatorauth.Authenticator{SignedTokens: c.AcceptSignedTokens},
		bodies: &httplimit.BodyReader{MaxBytes: maxBodyBytes, MaxTotalBytes: maxBodiesBytes}, functions: c.Functions,
	}
	streams := &channels{auth: s.auth, svc: &service.Service{Engine: engine, Recent: new(cache.Cache[*store.Document, *pb.Document]), Meter: c.Meter}}
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
		rules.Log(c.Logger, warnings)
	}
	return s, nil
}

// SetIndexes replaces the index definitions with those of a firestore.indexes.json file. From then
// on, queries must have an index, even if AllowUnindexed was set.
func (s *Server) SetIndexes(text []byte) error {
	d, err := index.Parse(text)
	if err != nil {
		return fmt.Errorf("firestore: %w", err)
	}
	s.engine.SetIndexes(d)
	return nil
}

// Register registers the service on a gRPC server, also as version v1beta1, whose messages are the same.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	impl := &grpcServer{svc: &service.Service{Engine: s.engine, Splice: true, Meter: s.meter}, auth: s.auth}
	pb.RegisterFirestoreServer(r, impl)
	beta := pb.Firestore_ServiceDesc
	beta.ServiceName = "google.firestore.v1beta1.Firestore"
	r.RegisterService(&beta, impl)
}

// EndStreams ends everything that would keep a listener from shutting down: WebChannels, and all
// gRPC streams except Write streams. New ones end immediately. Call it before closing the listener.
func (s *Server) EndStreams() {
	s.engine.EndStreams()
	s.channels.Close()
}

// Close ends all streams and, with a DataDir, returns when everything is on disk.
func (s *Server) Close() error {
	s.EndStreams()
	return s.engine.Close()
}
