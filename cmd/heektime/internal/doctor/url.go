package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// URLOptions say which service or site [CheckURL] checks.
type URLOptions struct {
	// URL is the base URL of a service, of one of its revisions (https://TAG---SERVICE-….run.app), or of
	// the site.
	URL string
	// Service by name; empty for the one that the URL names, or the site.
	Service string
	Table   *spec.Deployment
	// Files have what the site should serve.
	Files Files
	// Audience is that of identity tokens for the service; empty for its URL without a tag.
	Audience string
	// Token returns an identity token for a service that is not public. Without it, only Google's startup
	// probe has shown that such a service starts.
	Token func(ctx context.Context, service *spec.Service, audience string) (string, error)
	// Client sends the requests; nil uses a client of its own.
	Client *http.Client
	// Attempts bounds how often a request is sent until it succeeds; 0 is ten. A new tag needs some seconds
	// until it is known everywhere.
	Attempts int
	// Wait waits before another attempt; nil waits two seconds.
	Wait func(ctx context.Context) error
	// Now is the time that certificates are compared with; nil uses the clock.
	Now func() time.Time
}

// CheckURL checks one service or site from outside, as a release does with a revision before it gets
// traffic: it is healthy, it lets in whom it should, and its certificate is valid for a while. It returns
// no findings if all is well.
func CheckURL(ctx context.Context, o URLOptions) []Finding {
	o = o.withDefaults()
	e := &examination{check: "url"}
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" {
		e.errorf(o.URL, "is not the URL of a service").because("nothing can be checked", "heektime doctor --url https://HOST")
		return e.findings
	}
	o.URL = strings.TrimSuffix(o.URL, "/")
	if o.Audience == "" {
		o.Audience = untagged(base)
	}
	if o.Service == "" {
		o.Service = serviceOfHost(base.Hostname(), o.Table)
	}
	service, known := o.Table.Service(o.Service)
	switch {
	case known:
		o.checkService(ctx, e, service)
	case o.Service != "" || strings.HasSuffix(base.Hostname(), ".run.app"):
		e.errorf(o.URL, "is not a service of the table").because("nothing says what to expect of it", "heektime doctor --url %s --service NAME", o.URL)
	default:
		o.checkSite(ctx, e)
	}
	return e.findings
}

func (o URLOptions) withDefaults() URLOptions {
	if o.Client == nil {
		o.Client = anonymousClient()
	}
	if o.Attempts == 0 {
		o.Attempts = 10
	}
	if o.Wait == nil {
		o.Wait = func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(2 * time.Second):
				return nil
			}
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// untagged returns the URL of the service whose revision has a tag.
func untagged(u *url.URL) string {
	host := u.Host
	if _, service, tagged := strings.Cut(host, "---"); tagged {
		host = service
	}
	return u.Scheme + "://" + host
}

// serviceOfHost returns the service of a host of Cloud Run, [TAG---]SERVICE-SUFFIX.…run.app, or "".
//
// Source: https://cloud.google.com/run/docs/triggering/https-request
func serviceOfHost(host string, table *spec.Deployment) (service string) {
	label, rest, _ := strings.Cut(host, ".")
	if !strings.HasSuffix(rest, "run.app") {
		return ""
	}
	if _, name, tagged := strings.Cut(label, "---"); tagged {
		label = name
	}
	for _, s := range table.Services {
		if strings.HasPrefix(label, s.Name+"-") && len(s.Name) > len(service) {
			service = s.Name
		}
	}
	return service
}

// visit repeats a request while its response may be that of a front end which does not know the
// revision yet.
func (o *URLOptions) visit(ctx context.Context, path, token string) (v *Visit) {
	for attempt := 1; ; attempt++ {
		v = visit(ctx, o.Client, o.URL+path, token)
		again := v.Err != nil || v.Status == http.StatusNotFound || v.Status == http.StatusTooManyRequests || v.Status >= http.StatusInternalServerError
		if !again || attempt >= o.Attempts || o.Wait(ctx) != nil {
			return v
		}
	}
}

func (o *URLOptions) checkService(ctx context.Context, e *examination, s *spec.Service) {
	subject := "service " + s.Name
	unhealthy := func(v *Visit) {
		what, remedy := v.unhealthy(fmt.Sprintf("gcloud logging read 'resource.labels.service_name=%s severity>=WARNING' --limit=20", s.Name), "heektime release "+s.Name)
		e.errorf(subject, "%s", what).because("it would not serve its callers, either", "%s", remedy)
	}
	local := strings.HasPrefix(o.URL, "http://") && o.Token == nil
	if s.Public || local {
		v := o.visit(ctx, healthPath, "")
		if !v.healthy() && (s.Public || !v.rejected()) {
			unhealthy(v)
		}
		o.checkCertificate(e, subject, v)
		return
	}
	for _, forged := range []bool{false, true} {
		token := ""
		if forged {
			token = forgedToken(o.URL)
		}
		v := o.visit(ctx, healthPath, token)
		if f := closed(v, forged); f != "" {
			e.errorf(subject, "%s", f).because("only its invokers may call it", "gcloud run services update %s --invoker-iam-check --region=%s", s.Name, o.Table.Region)
		}
		if !forged {
			o.checkCertificate(e, subject, v)
		}
	}
	if o.Token == nil {
		return
	}
	token, err := o.Token(ctx, s, o.Audience)
	if err != nil {
		e.errorf(subject, "cannot be called: no identity token: %v", err).because("its health is not known", "gcloud auth application-default login")
		return
	}
	if v := o.visit(ctx, healthPath, token); !v.healthy() {
		unhealthy(v)
	}
}

func (o *URLOptions) checkSite(ctx context.Context, e *examination) {
	paths := append([]string{"/"}, o.Files.rewrites()...)
	e.Options = &Options{Project: "PROJECT", SiteURL: o.URL, Files: o.Files, Now: o.Now}
	e.State = &State{Visits: map[visitKey]*Visit{}}
	for _, path := range paths {
		attempts := *o
		if path != "/" {
			attempts.Attempts = 1 // a service may well respond 404
		}
		e.Visits[visitKey{Path: path}] = attempts.visit(ctx, path, "")
	}
	checkSite(e)
	checkRewrites(e)
	if strings.HasPrefix(o.URL, "https://") { // a local site has none
		checkCertificates(e)
	}
}

func (o *URLOptions) checkCertificate(e *examination, subject string, v *Visit) {
	if !v.Expires.IsZero() && v.Expires.Sub(o.Now()) < certificateMargin {
		e.errorf(subject, "its certificate expires on %s", v.Expires.Format(time.DateOnly)).because("then no client connects", "gcloud run services list")
	}
}
