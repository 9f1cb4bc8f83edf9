// Package hosting is Firebase Hosting on the developer's machine: it serves a folder by the "hosting" of a firebase.json,
// and sends on what that rewrites to Cloud Run services, so that a web app and its services share an origin as they do in
// production.
//
// A request is answered by the first of these that is for it, in the order of
// https://firebase.google.com/docs/hosting/full-config#hosting_priority_order: the reserved addresses below /__/ (init.go),
// redirects (redirect.go), a file (files.go), rewrites to a file or a service (proxy.go), the site's 404.html, a page of
// our own.
//
// Globs are shell patterns with the extended operators, evaluated by mvdan.cc/sh/v3/pattern, and braces (pattern.go).
// Files are read through an [os.Root], so no path and no link leads out of the folder.
package hosting

import (
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"heek.kr/heektime/emulator/hub"
)

// Config is what a server is made of.
type Config struct {
	// Site is what to serve. Required.
	Site *Site
	// Project and Bucket are what the web app is configured with.
	Project, Bucket string
	// Emulators are those that a page can be connected to; none when nil.
	Emulators func() map[string]hub.Emulator
	// Timeout is how long a service may take for an answer; 60 seconds when 0, as in production.
	Timeout time.Duration
	// Logger takes what a developer should know. Nil discards it.
	Logger *slog.Logger
}

// Server is the embedded Hosting. It is safe for concurrent use.
type Server struct {
	site            *Site
	project, bucket string
	emulators       func() map[string]hub.Emulator
	timeout         time.Duration
	log             *slog.Logger
	errorLog        *log.Logger
	handler         http.Handler

	mu       sync.RWMutex
	services map[string]*url.URL
}

// New makes a server. The folder of the site need not be there yet.
func New(cfg Config) (*Server, error) {
	if cfg.Site == nil {
		return nil, errors.New("hosting: Config.Site is missing")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = proxyTimeout
	}
	s := &Server{
		site: cfg.Site, project: cfg.Project, bucket: cfg.Bucket, emulators: cfg.Emulators, timeout: cfg.Timeout, log: cfg.Logger,
		errorLog: slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug), services: map[string]*url.URL{},
	}
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(1<<10), gzhttp.ContentTypeFilter(compressible))
	if err != nil {
		return nil, fmt.Errorf("hosting: %w", err)
	}
	s.handler = compress(http.HandlerFunc(s.serve))
	return s, nil
}

// compressible tells whether content of a type gets smaller.
func compressible(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	_, subtype, _ := strings.Cut(kind, "/")
	return strings.HasPrefix(kind, "text/") || slices.Contains([]string{"json", "javascript", "xml", "wasm", "ttf"}, subtype) ||
		strings.HasSuffix(subtype, "+json") || strings.HasSuffix(subtype, "+xml")
}

// SetService says where the Cloud Run service or function of a name, as firebase.json calls it, answers.
func (s *Server) SetService(name, address string) error {
	target, err := url.Parse(address)
	if err != nil || target.Host == "" {
		return fmt.Errorf("hosting: %q is no address of the service %s", address, name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.services[name] = target
	return nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	p := cleanPath(r.URL.Path)
	if strings.HasPrefix(p, reserved) {
		s.initialize(w, r)
		return
	}
	for _, d := range s.site.redirects {
		if target, ok := d.target(p, r.URL.RawQuery); ok {
			w.Header().Set("Location", target)
			w.WriteHeader(d.status)
			return
		}
	}
	set := func(h http.Header) { s.site.setHeaders(h, p) }
	f, err := s.site.open()
	if err != nil && !missing(err) {
		s.log.WarnContext(r.Context(), "the folder of the site cannot be opened", "folder", s.site.Public, "error", err)
	}
	if f != nil {
		defer f.root.Close()
	}
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if f != nil && reads {
		file, redirect := f.find(p)
		if redirect != "" {
			set(w.Header())
			w.Header().Set("Location", withQuery(redirect, r.URL.RawQuery))
			w.WriteHeader(http.StatusMovedPermanently)
			return
		}
		if file != nil {
			set(w.Header())
			f.serve(w, r, file, http.StatusOK)
			return
		}
	}
	for _, rw := range s.site.rewrites {
		if !rw.pattern.matches(p) {
			continue
		}
		if rw.service != "" {
			s.proxy(w, r, rw.service, set)
			return
		}
		if f != nil && reads {
			if file := f.file(cleanPath(rw.file)); file != nil {
				set(w.Header())
				f.serve(w, r, file, http.StatusOK)
				return
			}
		}
		break
	}
	if !reads {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Files can only be read.", http.StatusMethodNotAllowed)
		return
	}
	s.notFound(w, r, f, set)
}

// notFound ends with the site's 404.html, or with a page that says what is missing.
func (s *Server) notFound(w http.ResponseWriter, r *http.Request, f *folder, set func(http.Header)) {
	if f == nil {
		s.welcome(w, r)
		return
	}
	set(w.Header())
	w.Header().Set("Cache-Control", "no-cache") // what the path's file might be kept for does not hold for its absence
	if file := f.file("/404.html"); file != nil {
		s.site.setHeaders(w.Header(), "/404.html")
		f.serve(w, r, file, http.StatusNotFound)
		return
	}
	http.Error(w, "찾을 수 없는 페이지입니다. / Page not found: "+r.URL.Path, http.StatusNotFound)
}

// setHeaders writes what the site has for a path; of several values for a header the last one stays.
func (s *Site) setHeaders(h http.Header, path string) {
	for _, c := range s.headers {
		if c.pattern.matches(path) {
			for _, v := range c.values {
				h.Set(v.Key, v.Value)
			}
		}
	}
}

// cleanPath makes a path out of one that a client sent: one slash at a time, and nothing of "..".
func cleanPath(p string) string {
	cleaned := path.Clean("/" + p)
	if strings.HasSuffix(p, "/") && cleaned != "/" {
		cleaned += "/"
	}
	return cleaned
}

func withQuery(p, query string) string { return (&url.URL{Path: p, RawQuery: query}).String() }
