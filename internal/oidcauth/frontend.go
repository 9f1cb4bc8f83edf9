package oidcauth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cloud.google.com/go/compute/metadata"
)

// frontEnd finds out whether Cloud Run's front end authenticates the callers of this service, so that
// nobody has to configure it. It requests the service's own /health without a token. A public service
// answers that request with 200: every revision of every service does. If the front end checks callers
// with IAM, it rejects the request with 401 or 403, and the request never reaches the service.
//
// Anything else is a reason not to trust unsigned tokens: no response, a redirect, an error, a response
// that is not from Google's front end. Ingress settings other than "all" hide a service from itself,
// with 404, so they do not work together with unsigned tokens; the deployment table rejects them.
//
// A tag or an earlier revision makes no difference: IAM policies belong to the service, whichever
// revision the request would reach.
//
// Sources: https://cloud.google.com/run/docs/authenticating/overview,
// https://cloud.google.com/run/docs/troubleshooting#unauthorized-client,
// https://cloud.google.com/run/docs/securing/ingress
type frontEnd struct {
	audience string
	// service is the name of the Cloud Run service, from K_SERVICE; empty elsewhere.
	service string
	client  *http.Client
	now     func() time.Time

	busy  chan struct{} // has room for the one goroutine that may use the fields below
	err   error         // the last result; nil if the front end authenticates callers
	until time.Time     // when the last result expires
}

const (
	// trustFor is how long a positive result holds: a service that somebody makes public believes forged
	// tokens for at most that long, which is less than IAM takes to apply the change.
	//
	// Source: https://cloud.google.com/iam/docs/access-change-propagation
	trustFor = time.Minute
	// distrustFor is how long a negative result holds. It limits how many requests a flood of forged
	// tokens makes the service send itself.
	distrustFor = 10 * time.Second
	// probeTimeout bounds a request to this service.
	probeTimeout = 5 * time.Second
)

func newFrontEnd(audience, service string) *frontEnd {
	// No proxy: one that rejects requests with 403 would look like IAM.
	transport := &http.Transport{Proxy: nil, DisableKeepAlives: true, ForceAttemptHTTP2: true}
	return &frontEnd{
		audience: audience, service: service, now: time.Now, busy: make(chan struct{}, 1),
		client: &http.Client{
			Transport: transport, Timeout: probeTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// check returns nil if the front end authenticates callers, or says why it is not sure.
func (f *frontEnd) check(ctx context.Context) error {
	select {
	case f.busy <- struct{}{}:
		defer func() { <-f.busy }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if f.now().Before(f.until) {
		return f.err
	}
	// A caller that goes away must not make the next ones believe that the service is public.
	f.err = f.probe(context.WithoutCancel(ctx))
	f.until = f.now().Add(trustFor)
	if f.err != nil {
		f.until = f.now().Add(distrustFor)
	}
	return f.err
}

// doubt makes the next check ask again. Its caller has received a request that IAM would have rejected.
func (f *frontEnd) doubt() {
	select {
	case f.busy <- struct{}{}:
		if f.err == nil {
			f.until = time.Time{}
		}
		<-f.busy
	default: // a check is running
	}
}

// probe requests /health of this service without a token.
func (f *frontEnd) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if err := f.checkOwnURL(ctx); err != nil {
		return err
	}
	// No cache between here and the front end can have a response to a random URL.
	target := strings.TrimSuffix(f.audience, "/") + "/health?" + rand.Text()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return fmt.Errorf("request %s: %w", f.audience, err)
	}
	response, err := f.client.Do(r)
	if err != nil {
		return fmt.Errorf("ask whether IAM checks callers: %w", err)
	}
	io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	response.Body.Close()
	return authenticates(response)
}

// authenticates returns nil if a response is IAM's rejection of a request without a token.
func authenticates(r *http.Response) error {
	switch {
	case r.StatusCode == http.StatusOK:
		return errors.New("the service is public, so anyone could have forged a token without a signature: " +
			"remove allUsers from its invokers")
	case r.StatusCode != http.StatusUnauthorized && r.StatusCode != http.StatusForbidden:
		return fmt.Errorf("a request to this service without a token gets %d, not the 401 or 403 of IAM: "+
			"its ingress has to be \"all\"", r.StatusCode)
	case r.Header.Get("Server") != googleFrontEnd:
		return fmt.Errorf("%d to a request without a token comes from %q, not from %s", r.StatusCode, r.Header.Get("Server"), googleFrontEnd)
	case r.Header.Get("X-Goog-IAP-Generated-Response") != "":
		// https://cloud.google.com/iap/docs/faq#what_are_the_best_practices_for_detecting_iap_generated_responses
		return errors.New("the Identity-Aware Proxy authenticates callers, which does not check the token in Authorization")
	}
	return nil
}

// googleFrontEnd is the Server header of Google's front end, which replaces that of the services behind
// it.
const googleFrontEnd = "Google Frontend"

// checkOwnURL checks that the audience is this service's own URL. If it were another service's, that
// one's IAM would vouch for this one's callers. Outside of Cloud Run only an address of this machine can
// be this service's: the local cloud's.
//
// Source: https://cloud.google.com/run/docs/triggering/https-request#deterministic
func (f *frontEnd) checkOwnURL(ctx context.Context) error {
	u, err := url.Parse(f.audience)
	if err != nil {
		return fmt.Errorf("audience %q is not a URL: %w", f.audience, err)
	}
	if f.service == "" {
		if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && ip != nil && ip.IsLoopback() {
			return nil
		}
		return fmt.Errorf("audience %s: only Cloud Run removes signatures, and this is not Cloud Run: K_SERVICE is not set", f.audience)
	}
	region, err := metadata.NewClient(f.client).GetWithContext(ctx, "instance/region") // projects/NUMBER/regions/REGION
	if err != nil {
		return fmt.Errorf("ask the metadata server for the region: %w", err)
	}
	parts := strings.Split(region, "/")
	if len(parts) != 4 {
		return fmt.Errorf("the metadata server says that the region is %q", region)
	}
	if own := fmt.Sprintf("https://%s-%s.%s.run.app", f.service, parts[1], parts[3]); f.audience != own {
		return fmt.Errorf("audience %s is not this service's own URL, %s: set OIDC_AUDIENCE to that", f.audience, own)
	}
	return nil
}
