package hosting

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"time"
)

// What Firebase Hosting does to requests for a Cloud Run service.
// Source: https://firebase.google.com/docs/hosting/cloud-run and https://firebase.google.com/docs/hosting/manage-cache.
const (
	// proxyTimeout is how long a service may take for an answer, its last byte included.
	proxyTimeout = 60 * time.Second
	// maxBodyBytes is the largest body that Cloud Run takes by HTTP/1.1.
	maxBodyBytes = 32 << 20
	// sessionCookie is the only cookie that a service gets to see, so that answers can be cached.
	sessionCookie = "__session"
)

// varied are the headers that an answer depends on, as caches are told, beside those of compression.
var varied = []string{"Authorization", "Cookie"}

// proxy sends a request on to a service. set writes the headers that the site has for it.
func (s *Server) proxy(w http.ResponseWriter, r *http.Request, service string, set func(http.Header)) {
	s.mu.RLock()
	target := s.services[service]
	s.mu.RUnlock()
	if target == nil {
		http.Error(w, fmt.Sprintf("The service %s, which firebase.json sends %s to, does not run here.", service, r.URL.Path), http.StatusBadGateway)
		return
	}
	if r.ContentLength > maxBodyBytes {
		tooLarge(w)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.timeout)
	defer cancel()
	r = r.WithContext(ctx)
	r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
	p := httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.SetXForwarded()
			h := p.Out.Header
			h.Del("Upgrade") // no WebSockets behind Hosting
			h.Del("Connection")
			h.Del("Cookie")
			if c, err := p.In.Cookie(sessionCookie); err == nil {
				p.Out.AddCookie(c)
			}
		},
		ModifyResponse: func(a *http.Response) error {
			clean(a, target)
			set(a.Header)
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			var large *http.MaxBytesError
			switch {
			case errors.As(err, &large):
				tooLarge(w)
			case errors.Is(ctx.Err(), context.DeadlineExceeded):
				http.Error(w, fmt.Sprintf("The service %s took longer than %s.", service, s.timeout), http.StatusGatewayTimeout)
			default:
				s.log.WarnContext(ctx, "a service behind hosting cannot be reached", "service", service, "url", target.String(), "error", err)
				http.Error(w, fmt.Sprintf("The service %s cannot be reached.", service), http.StatusBadGateway)
			}
		},
		ErrorLog: s.errorLog,
	}
	p.ServeHTTP(w, r)
}

func tooLarge(w http.ResponseWriter) {
	http.Error(w, fmt.Sprintf("The body is larger than the %d bytes that Cloud Run takes.", maxBodyBytes), http.StatusRequestEntityTooLarge)
}

// clean makes of a service's answer what Hosting makes of it.
func clean(a *http.Response, target *url.URL) {
	h := a.Header
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private")
	}
	if !strings.Contains(h.Get("Cache-Control"), "private") {
		h.Del("Set-Cookie") // a cache would hand it to others
	}
	vary := h.Values("Vary")
	for _, name := range varied {
		if !slices.ContainsFunc(vary, func(v string) bool { return strings.Contains(strings.ToLower(v), strings.ToLower(name)) }) {
			h.Add("Vary", name)
		}
	}
	if at, err := url.Parse(h.Get("Location")); err == nil && at.Host == target.Host && at.Host != "" {
		at.Scheme, at.Host = "", "" // the site's own
		h.Set("Location", at.String())
	}
}
