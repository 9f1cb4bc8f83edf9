// Package hub lists the running emulators and their addresses for tools, and what they would be billed. It stands in for the
// Firebase CLI's hub, which @firebase/rules-unit-testing finds through the environment variable
// FIREBASE_EMULATOR_HUB.
//
// Source: wire traffic between @firebase/rules-unit-testing 5 and the Firebase CLI's hub.
package hub

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/internal/httpjson"
)

// Emulator is an entry of the list.
type Emulator struct {
	Name string `json:"name"` // as in firebase.json: firestore, auth, storage, …
	Host string `json:"host"` // to connect to
	Port int    `json:"port"`
	// Listen are the addresses that the emulator listens on.
	Listen []Listener `json:"listen"`
}

// Listener is one address that an emulator listens on.
type Listener struct {
	Address string `json:"address"`
	Family  string `json:"family"` // IPv4 or IPv6
	Port    int    `json:"port"`
}

// Server is the hub. It is an [http.Handler] and safe for concurrent use.
type Server struct {
	mux     *http.ServeMux
	project string

	mu        sync.RWMutex
	emulators map[string]Emulator
	triggers  func(ctx context.Context, enabled bool) error
	usage     func() billing.Usage
	prices    *billing.Prices
}

// New returns a hub with an empty list, for the cloud with this default project.
func New(project string) *Server {
	s := &Server{mux: http.NewServeMux(), project: project, emulators: map[string]Emulator{}}
	s.mux.HandleFunc("GET /{$}", s.locator)
	s.mux.HandleFunc("GET /emulators", s.list)
	s.mux.HandleFunc("GET /usage", s.serveUsage)
	s.mux.HandleFunc("GET /prices", s.servePrices)
	s.mux.HandleFunc("PUT /functions/disableBackgroundTriggers", s.setEnabled(false))
	s.mux.HandleFunc("PUT /functions/enableBackgroundTriggers", s.setEnabled(true))
	return s
}

// Add adds an emulator, or the hub itself. address is what it listens on, host:port.
func (s *Server) Add(name, address string) error {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("hub: address of %s: %w", name, err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("hub: port of %s: %w", name, err)
	}
	ip, family := net.ParseIP(host), "IPv4"
	if ip != nil && ip.To4() == nil {
		family = "IPv6"
	}
	reachable := host
	switch {
	case ip != nil && ip.IsUnspecified() && family == "IPv4":
		reachable = "127.0.0.1"
	case ip != nil && ip.IsUnspecified():
		reachable = "::1"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emulators[name] = Emulator{name, reachable, port, []Listener{{host, family, port}}}
	return nil
}

// Emulators returns the list, by name.
func (s *Server) Emulators() map[string]Emulator {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make(map[string]Emulator, len(s.emulators))
	for name, e := range s.emulators {
		all[name] = e
	}
	return all
}

// OnTriggers registers the function that pauses and resumes triggers when a test library asks for it.
// Without one, such requests succeed and do nothing.
func (s *Server) OnTriggers(set func(ctx context.Context, enabled bool) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.triggers = set
}

// OnBilling makes the hub serve what was counted, as JSON at /usage, and the prices, as YAML at /prices, for
// programs that compute bills.
func (s *Server) OnBilling(usage func() billing.Usage, prices *billing.Prices) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usage, s.prices = usage, prices
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// locator returns the hub's own address, for tools of the Firebase CLI, and the project, which
// heektime's commands take from a running cloud.
func (s *Server) locator(w http.ResponseWriter, r *http.Request) {
	httpjson.Write(w, http.StatusOK, map[string]any{"version": "heektime", "project": s.project, "origins": []string{"http://" + r.Host}})
}

func (s *Server) list(w http.ResponseWriter, _ *http.Request) {
	httpjson.Write(w, http.StatusOK, s.Emulators())
}

func (s *Server) serveUsage(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	usage := s.usage
	s.mu.RUnlock()
	if usage == nil {
		http.NotFound(w, r)
		return
	}
	httpjson.Write(w, http.StatusOK, usage())
}

func (s *Server) servePrices(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	prices := s.prices
	s.mu.RUnlock()
	if prices == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/yaml; charset=utf-8")
	w.Write(prices.Text()) // ignore write errors: the client is gone
}

func (s *Server) setEnabled(enabled bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.RLock()
		set := s.triggers
		s.mu.RUnlock()
		if set != nil {
			if err := set(r.Context(), enabled); err != nil {
				httpjson.Write(w, http.StatusInternalServerError, map[string]string{"error": err.Error()})
				return
			}
		}
		httpjson.Write(w, http.StatusOK, map[string]bool{"enabled": enabled})
	}
}
