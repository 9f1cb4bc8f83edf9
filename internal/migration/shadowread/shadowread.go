// Package shadowread sends the same GET requests to the old server and to compat-server, and compares the
// responses: what an old app sees before and after the move.
//
// Requests are those of old apps: schools, the URL of each semester's course list, the lookup of usernames,
// and the timetables of sampled users, their own and those of others. normalize.go removes what may
// differ, compare.go lists what does not, request.go sends the requests.
//
// Both sides change while they are compared. A difference counts only if the same one remains after
// [Config.Settle], which waits until Firestore has what PostgreSQL has now.
package shadowread

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// User is an account whose responses are compared.
type User struct{ ID, Username string }

// Config says what is compared. Old and New are required.
type Config struct {
	// Old and New are the addresses of the old server and of a compat-server that serves from Firestore,
	// "https://host" without a path.
	Old, New string
	// Users are the sampled users. Without any, only schools and course lists are compared.
	Users []User
	// Tokens returns access tokens of a user, for the old server and for compat-server. It is called before each
	// request with one, because they expire. Without it, only what signed-out apps see is compared.
	Tokens func(ctx context.Context, uid string) (Tokens, error)
	// Settle waits until changes of the old database up to now are in Firestore. It is called once for each
	// response that differs in what Explain does not explain. Without it, such a response is not requested again.
	Settle func(context.Context) error
	// Explain returns the rule that explains a difference, "" if none does.
	Explain func(Difference) string
	// Progress is called after each request, if it is not nil.
	Progress func(done, total int)
	// Client sends the requests, http.DefaultClient if it is nil.
	Client *http.Client
}

// Tokens are access tokens of the same user, for each of the servers.
type Tokens struct{ Old, New string }

// Difference is one value that differs.
type Difference struct {
	// Request is the kind of request: "GET /users/{id}/timetables".
	Request string `json:"request"`
	// UID is the user's, "" for a request that names none.
	UID string `json:"uid,omitempty"`
	// Object is the id of the timetable, lecture, school or semester, "" for the whole response.
	Object string `json:"object,omitempty"`
	// Field is the field's name in the API, prefixed by its object: "lecture.title".
	Field string `json:"field"`
	// Old and New are the values as JSON. The one of a side that does not have the object is "nothing".
	Old string `json:"old"`
	New string `json:"new"`
	// Path is the request's path.
	Path string `json:"path"`
}

// Group is a kind of difference: the same field of the same kind of request.
type Group struct {
	Request string `json:"request"`
	Field   string `json:"field"`
	// Rule explains the differences, "" if nothing does.
	Rule    string     `json:"rule,omitempty"`
	Count   int        `json:"count"`
	Example Difference `json:"example"`
}

// Report is the result.
type Report struct {
	// Requests is how many pairs of requests were compared, Equal how many had the same response.
	Requests int `json:"requests"`
	Equal    int `json:"equal"`
	// Settled is how many responses differed at first, and no longer when they were requested again.
	Settled int `json:"settled"`
	// Groups are the differences, those that no rule explains first.
	Groups []Group `json:"groups"`
}

// Unexplained returns the number of differences that no rule explains.
func (r *Report) Unexplained() int {
	n := 0
	for _, g := range r.Groups {
		if g.Rule == "" {
			n += g.Count
		}
	}
	return n
}

// concurrency is how many pairs of requests are sent at a time. compat-server limits a signed-out caller to
// 50 calls a second; see docs/old-clients.md.
const concurrency = 4

// Run compares the responses. The error is about the comparison itself: a server that cannot be reached, or a
// compat-server that passes requests through to the old server.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	c, err := newComparison(cfg)
	if err != nil {
		return nil, err
	}
	semesters, err := c.semesters(ctx)
	if err != nil {
		return nil, err
	}
	return c.all(ctx, c.requests(semesters))
}

// comparison is a run.
type comparison struct {
	Config
	report Report

	mu     sync.Mutex
	groups map[string]*Group
}

func newComparison(cfg Config) (*comparison, error) {
	for name, address := range map[string]*string{"the old server": &cfg.Old, "compat-server": &cfg.New} {
		u, err := url.Parse(*address)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, fmt.Errorf("the address of %s is %q, want https://host", name, *address)
		}
		*address = strings.TrimSuffix(strings.TrimSuffix(*address, "/"), base)
	}
	if cfg.Client == nil {
		cfg.Client = http.DefaultClient
	}
	return &comparison{Config: cfg, groups: map[string]*Group{}}, nil
}

// all compares all requests and returns the report.
func (c *comparison) all(ctx context.Context, requests []request) (*Report, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan request)
	var workers sync.WaitGroup
	for range concurrency {
		workers.Go(func() {
			for r := range next {
				if err := c.one(ctx, r); err != nil {
					cancel(err)
				}
				c.done(len(requests))
			}
		})
	}
	for _, r := range requests {
		if ctx.Err() != nil {
			break
		}
		next <- r
	}
	close(next)
	workers.Wait()
	for _, g := range c.groups {
		c.report.Groups = append(c.report.Groups, *g)
	}
	slices.SortFunc(c.report.Groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), -cmp.Compare(a.Count, b.Count), cmp.Compare(a.Request+a.Field, b.Request+b.Field))
	})
	return &c.report, context.Cause(ctx)
}

// settleTimeout bounds how long Settle may take for one response.
const settleTimeout = 2 * time.Minute

// one compares the responses to one request.
func (c *comparison) one(ctx context.Context, r request) error {
	first, err := c.differences(ctx, r)
	if err != nil || len(first) == 0 {
		c.count(len(first) == 0 && err == nil, false)
		return err
	}
	found := first
	if c.Settle != nil && !c.explained(first) {
		limited, cancel := context.WithTimeout(ctx, settleTimeout)
		err := c.Settle(limited)
		cancel()
		if err != nil {
			return fmt.Errorf("wait until Firestore has what PostgreSQL has: %w", err)
		}
		second, err := c.differences(ctx, r)
		if err != nil {
			return err
		}
		found = slices.DeleteFunc(second, func(d Difference) bool { return !slices.Contains(first, d) })
	}
	c.count(false, len(found) == 0)
	for _, d := range found {
		c.add(d)
	}
	return nil
}

// explained reports whether rules explain all differences.
func (c *comparison) explained(differences []Difference) bool {
	return c.Explain != nil && !slices.ContainsFunc(differences, func(d Difference) bool { return c.Explain(d) == "" })
}

func (c *comparison) count(equal, settled bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if equal {
		c.report.Equal++
	}
	if settled {
		c.report.Settled++
	}
}

// done counts a request and reports the progress.
func (c *comparison) done(total int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.report.Requests++
	if c.Progress != nil {
		c.Progress(c.report.Requests, total)
	}
}

// add adds a difference to its group.
func (c *comparison) add(d Difference) {
	rule := ""
	if c.Explain != nil {
		rule = c.Explain(d)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := d.Request + "\x00" + d.Field + "\x00" + rule
	g := c.groups[key]
	if g == nil {
		g = &Group{Request: d.Request, Field: d.Field, Rule: rule, Example: d}
		c.groups[key] = g
	}
	g.Count++
}

// differences sends a request to both servers at the same time and compares the responses.
func (c *comparison) differences(ctx context.Context, r request) ([]Difference, error) {
	var tokens Tokens
	if r.caller != "" {
		var err error
		if tokens, err = c.Tokens(ctx, r.caller); err != nil {
			return nil, fmt.Errorf("make tokens for %s: %w", r.caller, err)
		}
	}
	var older, newer response
	var errs [2]error
	var both sync.WaitGroup
	both.Go(func() { older, errs[0] = c.get(ctx, c.Old, r, tokens.Old) })
	both.Go(func() { newer, errs[1] = c.get(ctx, c.New, r, tokens.New) })
	both.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	if err := c.checkServed(r, newer); err != nil {
		return nil, err
	}
	return compare(r, older, newer), nil
}
