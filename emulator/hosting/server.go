// Package hosting emulates Firebase Hosting. It serves a folder according to the "hosting" section of a
// firebase.json and forwards requests that the section rewrites to Cloud Run services, so that a web app
// and its services share an origin as they do in production.
//
// The first of these that applies to a request serves it, in the order of
// https://firebase.google.com/docs/hosting/full-config#hosting_priority_order: the reserved URLs below
// /__/ (init.go), redirects (redirect.go), a file (files.go), rewrites to a file or a service (proxy.go),
// the site's 404.html, and finally a page of this package.
//
// Globs are shell patterns with the extended operators, compiled by mvdan.cc/sh/v3/pattern, and braces
// (pattern.go). Files are read through an [os.Root], so no path and no link leads out of the folder.
package hosting

import (
	"errors"
	"fmt"
	"io/fs"
	"log"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/hub"
)

// Config configures a Server.
type Config struct {
	// Site is the site to serve. Required.
	Site *Site
	// Project and Bucket go into the web app's Firebase configuration.
	Project, Bucket string
	// Emulators returns the running emulators, which web pages can connect to. Nil means none.
	Emulators func() map[string]hub.Emulator
	// Timeout is how long a service may take to respond. Zero means 60 seconds, as in production.
	Timeout time.Duration
	// Meter counts the bytes that are stored and sent; nil counts nothing.
	Meter *billing.Meter
	// Logger takes what a developer should know. Nil discards it.
	Logger *slog.Logger
}

// Server is the Hosting emulator. It is safe for concurrent use.
type Server struct {
	site            *Site
	project, bucket string
	emulators       func() map[string]hub.Emulator
	timeout         time.Duration
	log             *slog.Logger
	errorLog        *log.Logger
	handler         http.Handler
	meter           *billing.Meter
	measured        atomic.Bool // whether the site's files have been counted

	mu       sync.RWMutex
	services map[string]*url.URL
}

// New returns a server. The site's folder need not exist yet.
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
		site: cfg.Site, project: cfg.Project, bucket: cfg.Bucket, emulators: cfg.Emulators, timeout: cfg.Timeout, log: cfg.Logger, meter: cfg.Meter,
		errorLog: slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug), services: map[string]*url.URL{},
	}
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(1<<10), gzhttp.ContentTypeFilter(compressible))
	if err != nil {
		return nil, fmt.Errorf("hosting: %w", err)
	}
	s.handler = s.metered(compress(http.HandlerFunc(s.serve)))
	return s, nil
}

// compressible reports whether content of a type is worth compressing.
func compressible(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	_, subtype, _ := strings.Cut(kind, "/")
	return strings.HasPrefix(kind, "text/") || slices.Contains([]string{"json", "javascript", "xml", "wasm", "ttf"}, subtype) ||
		strings.HasSuffix(subtype, "+json") || strings.HasSuffix(subtype, "+xml")
}

// SetService sets the address of a Cloud Run service or function, by its name in firebase.json.
func (s *Server) SetService(name, address string) error {
	target, err := url.Parse(address)
	if err != nil || target.Host == "" {
		return fmt.Errorf("hosting: %q is not a valid address for the service %s", address, name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.services[name] = target
	return nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	p := cleanPath(r.URL.Path)
	if strings.HasPrefix(p, reserved) {
		s.serveReserved(w, r)
		return
	}
	for _, d := range s.site.redirects {
		if target, ok := d.target(p, r.URL.RawQuery); ok {
			w.Header().Set("Location", target)
			w.WriteHeader(d.status)
			return
		}
	}
	f, err := s.site.open()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.WarnContext(r.Context(), "cannot open the site's folder", "folder", s.site.Public, "error", err)
	}
	if f != nil {
		defer f.root.Close()
	}
	if s.serveFile(w, r, f, p) || s.serveRewrite(w, r, f, p) {
		return
	}
	if !isRead(r) {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Files can only be read.", http.StatusMethodNotAllowed)
		return
	}
	s.notFound(w, r, f, p)
}

// isRead reports whether a request may be served from a file.
func isRead(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// serveFile serves the file at a path, or redirects to its canonical address. It reports whether it did;
// f may be nil.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, f *folder, p string) bool {
	if f == nil || !isRead(r) {
		return false
	}
	file, redirect := f.find(p)
	if file == nil && redirect == "" {
		return false
	}
	s.setHeaders(w.Header(), p)
	if redirect != "" {
		w.Header().Set("Location", withQuery(redirect, r.URL.RawQuery))
		w.WriteHeader(http.StatusMovedPermanently)
		return true
	}
	f.serve(w, r, file, http.StatusOK)
	return true
}

// serveRewrite applies the first rewrite that matches a path. It reports whether it served the request;
// it does not if no rewrite matches or the rewrite's file does not exist. f may be nil.
func (s *Server) serveRewrite(w http.ResponseWriter, r *http.Request, f *folder, p string) bool {
	i := slices.IndexFunc(s.site.rewrites, func(rw rewrite) bool { return rw.pattern.matches(p) })
	if i < 0 {
		return false
	}
	rw := s.site.rewrites[i]
	if rw.service != "" {
		s.proxy(w, r, rw.service, func(h http.Header) { s.setHeaders(h, p) })
		return true
	}
	if f == nil || !isRead(r) {
		return false
	}
	file := f.file(cleanPath(rw.file))
	if file == nil {
		return false
	}
	s.setHeaders(w.Header(), p)
	f.serve(w, r, file, http.StatusOK)
	return true
}

// notFound serves the site's 404.html or, if there is none, a page that says what is missing.
func (s *Server) notFound(w http.ResponseWriter, r *http.Request, f *folder, p string) {
	if f == nil {
		s.welcome(w, r)
		return
	}
	s.setHeaders(w.Header(), p)
	w.Header().Set("Cache-Control", "no-cache") // a lifetime set for the file does not apply to its absence
	if file := f.file("/404.html"); file != nil {
		s.setHeaders(w.Header(), "/404.html")
		f.serve(w, r, file, http.StatusNotFound)
		return
	}
	http.Error(w, "페이지를 찾을 수 없어요. / Page not found: "+r.URL.Path, http.StatusNotFound)
}

// setHeaders sets the headers that the site configures for a path. The last value for a header wins.
func (s *Site) setHeaders(h http.Header, path string) {
	for _, c := range s.headers {
		if c.pattern.matches(path) {
			for _, v := range c.values {
				h.Set(v.Key, v.Value)
			}
		}
	}
}

// cleanPath normalizes a request path: no repeated slashes, no ".." elements. A trailing slash stays.
func cleanPath(p string) string {
	cleaned := path.Clean("/" + p)
	if strings.HasSuffix(p, "/") && cleaned != "/" {
		cleaned += "/"
	}
	return cleaned
}

func withQuery(p, query string) string { return (&url.URL{Path: p, RawQuery: query}).String() }
