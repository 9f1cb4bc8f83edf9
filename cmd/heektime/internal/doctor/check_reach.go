package doctor

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

func (e *examination) logs(service string) string {
	if e.Local {
		return "heektime dev"
	}
	return "gcloud logging read 'resource.labels.service_name=" + service + " severity>=WARNING' --limit=20 --project=" + e.Options.Project
}

// ok reports whether there is a response, and a good one.
func (v *Visit) ok() bool { return v != nil && v.Err == nil && v.Status == http.StatusOK }

// healthy reports whether the response is that of a healthy service of ours. Other programs, such as the
// one that OpenTofu creates a service with, respond 200 to every path.
func (v *Visit) healthy() bool {
	var health struct{ Status string }
	return v.ok() && json.Unmarshal(v.Body, &health) == nil && health.Status == "ok"
}

// rejected reports whether the service, or Cloud Run in front of it, demands a token.
func (v *Visit) rejected() bool {
	return v != nil && v.Err == nil && (v.Status == http.StatusUnauthorized || v.Status == http.StatusForbidden)
}

// describe says how a request ended.
func (v *Visit) describe() string {
	if v == nil {
		return "has no known URL"
	}
	if v.Err != nil {
		return "does not respond: " + firstLine(v.Err.Error())
	}
	return fmt.Sprintf("responds %d %s", v.Status, http.StatusText(v.Status))
}

// unhealthy says what is wrong with the response to a health check, and which command helps.
func (v *Visit) unhealthy(logs, release string) (what, remedy string) {
	if v.ok() {
		return "is another program: it does not respond to GET " + healthPath + " as our services do", release
	}
	return v.describe() + " to GET " + healthPath, logs
}

func checkPublicReachable(e *examination) {
	for _, s := range e.Table.Services {
		v := e.Visits[visitKey{s.Name, healthPath, false}]
		if !s.Public && (!e.Local || v.rejected()) || v.healthy() {
			continue
		}
		what, remedy := v.unhealthy(e.logs(s.Name), "heektime release --google --project "+e.Options.Project+" "+s.Name)
		e.errorf("service "+s.Name, "%s", what).because("clients get no response, either", "%s", remedy)
	}
}

// checkPrivateClosed relies on Cloud Run, which checks tokens before a request reaches the service, on
// all paths.
func checkPrivateClosed(e *examination) {
	for _, s := range e.Table.Services {
		if s.Public {
			continue
		}
		for _, forged := range []bool{false, true} {
			v := e.Visits[visitKey{s.Name, healthPath, forged}]
			if f := closed(v, forged); f != "" {
				e.errorf("service "+s.Name, "%s", f).because("only its invokers may call it",
					"gcloud run services update %s --invoker-iam-check --region=%s --project=%s", s.Name, e.Table.Region, e.Options.Project)
			}
		}
	}
}

// closed returns what is wrong with the response of a service that should reject the request.
func closed(v *Visit, forged bool) string {
	how := "without a token"
	if forged {
		how = "with a token that nobody signed"
	}
	switch {
	case v != nil && v.Err == nil && (v.Status == http.StatusUnauthorized || v.Status == http.StatusForbidden):
		return ""
	case v == nil || v.Err != nil:
		return v.describe()
	}
	return v.describe() + " to a request " + how
}

func checkSite(e *examination) {
	v := e.Visits[visitKey{Path: "/"}]
	deploy := "npx firebase-tools@15 deploy --only hosting --project " + e.Options.Project
	if !v.ok() {
		e.errorf("site "+e.SiteURL, "%s", v.describe()).because("users cannot open the web app", "%s", deploy)
		return
	}
	headers := e.Files.siteHeaders()
	for _, key := range slices.Sorted(maps.Keys(headers)) {
		if got := v.Header[http.CanonicalHeaderKey(key)]; got != headers[key] {
			e.errorf("site "+e.SiteURL, "the header %s is %q, not %q", key, got, headers[key]).because("firebase.json was changed and not deployed", "%s", deploy)
		}
	}
}

// comparePath is the one page of a service that exists without anything in the project.
const comparePath = "/compare"

func checkRewrites(e *examination) {
	for _, path := range e.Files.rewrites() {
		v := e.Visits[visitKey{Path: path}]
		f := ""
		switch {
		case v == nil || v.Err != nil || v.Status >= http.StatusInternalServerError:
			f = v.describe()
		case v.Status == http.StatusOK && strings.HasPrefix(v.ContentType, "text/html") && path != comparePath:
			f = "is the app's page, not a response of a service" // a service's page of something that does not exist is 404
		}
		if f != "" {
			e.errorf("site "+e.SiteURL+path, "%s", f).because("clients call the service there",
				"npx firebase-tools@15 deploy --only hosting --project %s", e.Options.Project)
		}
	}
}

// certificateMargin is how long before its end a certificate should have been renewed: Google renews
// them a month ahead.
const certificateMargin = 14 * 24 * time.Hour

func checkCertificates(e *examination) {
	expires := map[string]time.Time{} // by service; the site has no name
	for key, v := range e.Visits {
		if !v.Expires.IsZero() {
			expires[key.Service] = v.Expires
		} else if _, seen := expires[key.Service]; !seen {
			expires[key.Service] = time.Time{}
		}
	}
	for _, service := range slices.Sorted(maps.Keys(expires)) {
		subject, end := "service "+service, expires[service]
		if service == "" {
			subject = "site " + e.SiteURL
		}
		if end.IsZero() {
			e.errorf(subject, "shows no certificate").because("clients do not connect without one", "%s", e.console("hosting/sites"))
		} else if left := end.Sub(e.Now()); left < certificateMargin {
			e.errorf(subject, "its certificate expires on %s, in %d days", end.Format(time.DateOnly), int(left.Hours()/24)).because(
				"Google could not renew it, mostly because the domain's DNS records changed; then no client connects", "%s", e.console("hosting/sites"))
		}
	}
}

// checkGoVersion compares the minor version only: a patch release that a service does not need is no
// reason to deploy.
func checkGoVersion(e *examination) {
	supported := map[string]bool{}
	for _, release := range e.GoReleases {
		supported[minorVersion(release)] = true
	}
	for _, name := range slices.Sorted(maps.Keys(e.GoVersions)) {
		if version := e.GoVersions[name]; !supported[minorVersion(version)] {
			e.warnf("service "+name, "was built with %s; supported are %s", version, strings.Join(e.GoReleases, " and ")).because(
				"security faults of its runtime are not repaired", "heektime release --google --project %s %s", e.Options.Project, name)
		}
	}
}

// minorVersion shortens go1.26.3 to go1.26.
func minorVersion(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}
