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

// How Firebase Hosting treats requests for a Cloud Run service.
// Sources: https://firebase.google.com/docs/hosting/cloud-run and
// https://firebase.google.com/docs/hosting/manage-cache.
const (
	// proxyTimeout is how long a service may take to finish its response.
	proxyTimeout = 60 * time.Second
	// maxBodyBytes is the largest request body that Cloud Run accepts over HTTP/1.1.
	maxBodyBytes = 32 << 20
	// sessionCookie is the only cookie that Hosting forwards, so that responses can be cached.
	sessionCookie = "__session"
)

// varyHeaders are the request headers that Hosting adds to Vary.
var varyHeaders = []string{"Authorization", "Cookie"}

// proxy forwards a request to a service. setHeaders adds the site's headers for the path to the response.
func (s *Server) proxy(w http.ResponseWriter, r *http.Request, service string, setHeaders func(http.Header)) {
	s.mu.RLock()
	target := s.services[service]
	s.mu.RUnlock()
	if target == nil {
		http.Error(w, fmt.Sprintf("The service %s, to which firebase.json routes %s, is not running here.", service, r.URL.Path), http.StatusBadGateway)
		return
	}
	if r.ContentLength > maxBodyBytes {
		bodyTooLarge(w)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.timeout)
	defer cancel()
	r = r.WithContext(ctx)
	r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
	p := httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			h := p.Out.Header
			h["X-Forwarded-For"] = p.In.Header["X-Forwarded-For"] // SetXForwarded appends the client to it
			p.SetXForwarded()
			h.Del("Upgrade") // Hosting does not support WebSockets
			h.Del("Connection")
			h.Del("Cookie")
			if c, err := p.In.Cookie(sessionCookie); err == nil {
				p.Out.AddCookie(c)
			}
		},
		ModifyResponse: func(resp *http.Response) error {
			adjustResponse(resp, target)
			setHeaders(resp.Header)
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			var tooLong *http.MaxBytesError
			switch {
			case errors.As(err, &tooLong):
				bodyTooLarge(w)
			case errors.Is(ctx.Err(), context.DeadlineExceeded):
				http.Error(w, fmt.Sprintf("The service %s took longer than %s.", service, s.timeout), http.StatusGatewayTimeout)
			default:
				s.log.WarnContext(ctx, "cannot reach a service behind Hosting", "service", service, "url", target.String(), "error", err)
				http.Error(w, fmt.Sprintf("The service %s cannot be reached.", service), http.StatusBadGateway)
			}
		},
		ErrorLog: s.errorLog,
	}
	p.ServeHTTP(w, r)
}

func bodyTooLarge(w http.ResponseWriter) {
	http.Error(w, fmt.Sprintf("The body exceeds the %d bytes that Cloud Run accepts.", maxBodyBytes), http.StatusRequestEntityTooLarge)
}

// adjustResponse changes a service's response headers the way Hosting does.
func adjustResponse(resp *http.Response, target *url.URL) {
	h := resp.Header
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private")
	}
	if !strings.Contains(h.Get("Cache-Control"), "private") {
		h.Del("Set-Cookie") // a shared cache would send it to other clients
	}
	vary := h.Values("Vary")
	for _, name := range varyHeaders {
		if !slices.ContainsFunc(vary, func(v string) bool { return strings.Contains(strings.ToLower(v), strings.ToLower(name)) }) {
			h.Add("Vary", name)
		}
	}
	if location, err := url.Parse(h.Get("Location")); err == nil && location.Host == target.Host && location.Host != "" {
		location.Scheme, location.Host = "", "" // stay on the site's origin
		h.Set("Location", location.String())
	}
}
