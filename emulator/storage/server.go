package storage

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/httplimit"
	"heek.kr/heektime/emulator/internal/objects"
	"heek.kr/heektime/emulator/rules"
)

// Config configures a [Server].
type Config struct {
	Clock   *clock.Clock // for generations and times; required
	Buckets []string     // buckets to create at start
	DataDir string       // data directory; empty: memory only
	// AcceptSignedTokens accepts ID tokens of real projects without verifying their signatures.
	AcceptSignedTokens bool
	Logger             *slog.Logger // logs requests at debug level, internal errors at error level; nil discards

	// MaxObjectBytes is the size of the largest object; 0 means 256 MiB. See [objects.Config].
	MaxObjectBytes int64

	// Rules is the text of storage.rules, applied to Firebase clients in every bucket. If it is
	// nil, everyone has full access. [Server.SetRules] replaces it.
	Rules []byte
	// BucketRules are the rules of buckets that have others.
	BucketRules map[string][]byte
	// Meter counts what requests are billed and how much is stored; nil counts nothing.
	Meter *billing.Meter
	// Documents are the Firestore documents that rules can read; nil: none.
	Documents rules.Documents
}

// Server is an emulated Cloud Storage. It is an [http.Handler]. It needs the request's path as it
// was sent, so it cannot be used behind an [http.ServeMux], which cleans paths.
type Server struct {
	store   *objects.Store
	buckets []string
	guard   *guard
	meter   *billing.Meter
	log     *slog.Logger

	stallTimeout time.Duration // see maxStall
}

// maxStall is how long a client may send nothing of a request body, or receive nothing of a
// response.
const maxStall = time.Minute

// New returns a server with the contents of the data directory. It creates the configured buckets
// that are missing.
func New(cfg Config) (*Server, error) {
	if cfg.Clock == nil {
		return nil, errors.New("storage: Config.Clock is missing")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	store, err := objects.Open(objects.Config{Clock: cfg.Clock, DataDir: cfg.DataDir, MaxObjectBytes: cfg.MaxObjectBytes, Meter: cfg.Meter})
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	s := &Server{store: store, buckets: cfg.Buckets, guard: newGuard(cfg), meter: cfg.Meter, log: cfg.Logger, stallTimeout: maxStall}
	err = s.createBuckets()
	files := map[string]rulesFile{}
	if cfg.Rules != nil {
		files[""] = rulesFile{"storage.rules", string(cfg.Rules)}
	}
	for bucket, text := range cfg.BucketRules {
		files[bucket] = rulesFile{"the rules of the bucket " + bucket, string(text)}
	}
	if err == nil {
		var warnings []rules.Issue
		warnings, err = s.setRules(files)
		rules.Log(s.log, warnings)
	}
	if err != nil {
		store.Close()
		return nil, err
	}
	return s, nil
}

// Close closes the server; stop its listener first. Acknowledged writes are durable even without
// Close.
func (s *Server) Close() error { return s.store.Close() }

// Objects returns the store behind the server, for access without HTTP.
func (s *Server) Objects() *objects.Store { return s.store }

// Reset removes everything and creates the buckets of [Config] again.
func (s *Server) Reset() error {
	if err := s.store.Reset(); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	return s.createBuckets()
}

func (s *Server) createBuckets() error {
	for _, name := range s.buckets {
		_, err := s.store.CreateBucket(objects.Bucket{Name: name})
		if err != nil && !isKind(err, objects.Conflict) {
			return fmt.Errorf("storage: create bucket %q: %w; a name has 3 to 63 lowercase letters, digits, hyphens, underscores and dots", name, err)
		}
	}
	return nil
}

// ServeHTTP serves one request. It does not handle CORS.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = httplimit.NewStreamReader(w, r, s.stallTimeout)
	err := s.route(w, r)
	if err != nil {
		s.fail(w, r, err)
	}
	s.log.DebugContext(r.Context(), "storage request", "method", r.Method, "url", r.URL.String(), "error", err)
}
