package storage

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/httplimit"
	"heek.kr/heektime/emulator/internal/objects"
	"heek.kr/heektime/emulator/rules"
)

// Config says how a server works.
type Config struct {
	Clock   *clock.Clock // gives generations and times; required
	Buckets []string     // are there from the start
	DataDir string       // where to keep everything; empty: memory only
	Logger  *slog.Logger // one line a request at debug level, faults at error level; nil discards

	// MaxObjectBytes is the size of the largest object; 0: 256 MiB. See objects.Config for the reason.
	MaxObjectBytes int64

	// Rules is the text of a storage.rules, by which Firebase's clients are judged in every bucket. Nil lets everybody do
	// everything. [Server.SetRules] replaces them.
	Rules []byte
	// Documents are what the rules may ask Firestore for; nil: there are none.
	Documents rules.Documents
}

// Server is the embedded Cloud Storage. It is an [http.Handler] for a listener of its own; it must see the request's
// path as it was sent, so it can't stand behind an [http.ServeMux], which cleans paths.
type Server struct {
	store   *objects.Store
	buckets []string
	guard   *guard
	log     *slog.Logger

	patience time.Duration // see maxPause
}

// maxPause is how long a client may send nothing of its request's body, or take nothing of its answer.
const maxPause = time.Minute

// New makes a server, with what the data directory has and with the buckets that are missing in it.
func New(cfg Config) (*Server, error) {
	if cfg.Clock == nil {
		return nil, errors.New("storage: Config.Clock is missing")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	store, err := objects.Open(objects.Config{Clock: cfg.Clock, DataDir: cfg.DataDir, MaxObjectBytes: cfg.MaxObjectBytes})
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	s := &Server{store: store, buckets: cfg.Buckets, guard: newGuard(cfg), log: cfg.Logger, patience: maxPause}
	err = s.createBuckets()
	if err == nil && cfg.Rules != nil {
		var warnings []rules.Issue
		warnings, err = s.SetRules("", cfg.Rules)
		for _, w := range warnings {
			s.log.Info("security rules", "issue", w.String())
		}
	}
	if err != nil {
		store.Close()
		return nil, err
	}
	return s, nil
}

// Close ends the server; the listener should have stopped before. Acknowledged objects are safe without it.
func (s *Server) Close() error { return s.store.Close() }

// Objects returns the store behind the server: the same buckets and objects, without HTTP.
func (s *Server) Objects() *objects.Store { return s.store }

// Reset removes everything and makes the buckets of [Config] again.
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
			return fmt.Errorf("storage: creating bucket %q: %w", name, err)
		}
	}
	return nil
}

// ServeHTTP answers one request. CORS is up to whoever listens.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = httplimit.NewStreamReader(w, r, s.patience)
	err := s.route(w, r)
	if err != nil {
		s.fail(w, r, err)
	}
	s.log.DebugContext(r.Context(), "storage request", "method", r.Method, "url", r.URL.String(), "error", err)
}
