// Package doctor compares a project with the table of the deployment and with the files of the
// repository, and says how to repair each difference. It reads and writes nothing else.
//
// [Run] works in two steps. First it collects the project's [State] from Google's APIs (sources.go, and
// the read functions of read_*.go), all sources in parallel. Then each check, a pure function over the
// state, reports what it finds (checks.go lists the checks, check_*.go has them). A source that cannot
// be read is a finding of its own, and the checks that need it are reported as not run.
//
// [CheckURL] checks a single service or site from outside, as a release does before it moves traffic.
package doctor

import (
	"context"
	"net/http"
	"slices"
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// Options say what to check, and against what.
type Options struct {
	Project string
	// Local checks a local cloud. Checks of what only Google's cloud has are reported as [GoogleOnly].
	Local bool
	// Table is what should be deployed.
	Table *spec.Deployment
	// Files are the rules and indexes of the repository.
	Files Files
	// Database is the id of the Firestore database in use; empty for (default).
	Database string
	// SiteURL is where clients reach the web app; empty for Hosting's own address.
	SiteURL string
	// Origins are web origins in addition to the site and Hosting's own.
	Origins []string
	// URLs are the base URLs of the services, where they are not those of Cloud Run.
	URLs map[string]string
	// Buckets are the names of buckets by id, where they differ from the table's.
	Buckets map[string]string
	// Sign also makes every account that signs custom tokens sign something. The caller needs the role on it.
	Sign bool
	// Images also reads the images' binaries, which downloads about 10 MB for each service.
	Images bool

	// Endpoints are the base URLs of Google's APIs by host, where they are not Google's: those of a
	// local cloud, or of a test.
	Endpoints map[string]string
	// Authorized sends requests with the caller's credentials; nil uses the application default
	// credentials.
	Authorized *http.Client
	// Anonymous sends requests like those of a stranger; nil uses a client of its own.
	Anonymous *http.Client
	// Timeout bounds the collection; 0 is half a minute.
	Timeout time.Duration
	// Now is the time that ages are computed with; nil uses the clock.
	Now func() time.Time
}

// Severity says how urgent a finding is.
type Severity string

// The severities. An error breaks something or leaves it unprotected; a warning does not yet.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Finding is a difference between the project and what it should be.
type Finding struct {
	// Check that found it.
	Check    string   `json:"check"`
	Severity Severity `json:"severity"`
	// Subject is the resource, such as "service auth".
	Subject string `json:"subject"`
	// What is different, and why that matters.
	What string `json:"what"`
	Why  string `json:"why"`
	// Remedy is the command that repairs it.
	Remedy string `json:"remedy"`
}

// Status is how a check ended.
type Status string

// The statuses. Only Passed is good: a check that was not run proves nothing.
const (
	Passed     Status = "passed"
	Found      Status = "found"
	NotRun     Status = "not run"
	GoogleOnly Status = "only on Google's cloud"
)

// Result is a check and how it ended.
type Result struct {
	Check  string `json:"check"`
	Group  string `json:"group"`
	Status Status `json:"status"`
	// Reason says why a check was not run.
	Reason string `json:"reason,omitempty"`
}

// Report is everything that Run found.
type Report struct {
	Project  string    `json:"project"`
	Results  []Result  `json:"checks"`
	Findings []Finding `json:"findings"`
}

// Errors counts the findings that are errors.
func (r *Report) Errors() int { return r.count(Error) }

func (r *Report) count(s Severity) (n int) {
	for _, f := range r.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// Run checks a project. A failure to read is a finding; it is an error only if there are no credentials.
func Run(ctx context.Context, o Options) (*Report, error) {
	o = o.withDefaults()
	r, err := newReader(ctx, &o)
	if err != nil {
		return nil, err
	}
	return examine(&o, collect(ctx, r)), nil
}

// examine applies the checks to the state.
func examine(o *Options, state *State) *Report {
	report := &Report{Project: o.Project, Results: []Result{}, Findings: []Finding{}}
	unread := map[sourceID]bool{}
	for _, s := range sources {
		if err := state.unread[s.id]; err != nil {
			unread[s.id] = true
			report.Findings = append(report.Findings, s.finding(o, err))
		}
	}
	for _, c := range checks {
		result := Result{Check: c.id, Group: c.group, Status: Passed}
		missing := slices.IndexFunc(c.needs, func(id sourceID) bool { return unread[id] })
		unasked := slices.IndexFunc(c.needs, func(id sourceID) bool { return !o.wants(sourceOf(id)) })
		switch {
		case o.Local && !c.local:
			result.Status = GoogleOnly
		case unasked >= 0:
			s := sourceOf(c.needs[unasked])
			result.Status, result.Reason = NotRun, "add "+s.flag+" to read "+s.what
		case missing >= 0:
			result.Status, result.Reason = NotRun, "could not read "+sourceOf(c.needs[missing]).what
		default:
			e := &examination{Options: o, State: state, check: c.id}
			c.run(e)
			if len(e.findings) > 0 {
				result.Status = Found
			}
			report.Findings = append(report.Findings, e.findings...)
		}
		report.Results = append(report.Results, result)
	}
	return report
}

func (o Options) withDefaults() Options {
	if o.Database == "" {
		o.Database = "(default)"
	}
	if o.SiteURL == "" {
		o.SiteURL = "https://" + o.Project + ".web.app"
	}
	if o.Anonymous == nil {
		o.Anonymous = anonymousClient()
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
