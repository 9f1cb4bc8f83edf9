package console

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"heek.kr/heektime/emulator/rules"
)

// request is one decision of security rules.
type request struct {
	Seq         uint64     `json:"seq"`
	Time        time.Time  `json:"time"`
	Service     string     `json:"service"` // firestore, storage
	Database    string     `json:"database,omitempty"`
	Method      string     `json:"method"`
	Path        string     `json:"path"`
	UID         string     `json:"uid,omitempty"` // missing: nobody is signed in
	Allowed     bool       `json:"allowed"`
	Granted     *statement `json:"granted,omitempty"` // what granted it
	Why         []string   `json:"why,omitempty"`     // of a refusal: a limit that was broken, and what else is to be known
	Tried       []tried    `json:"tried,omitempty"`   // of a refusal: the statements that did not grant it
	Calls       int        `json:"calls"`             // documents that rules asked for
	Expressions int        `json:"expressions"`
}

type statement struct {
	Line   int    `json:"line"`
	Source string `json:"source"`
}

type tried struct {
	statement
	Result  string   `json:"result"`
	Reasons []reason `json:"reasons,omitempty"`
}

type reason struct {
	statement
	Result string `json:"result"`
	Values string `json:"values,omitempty"`
}

func newRequest(service, database string, j rules.Evaluation) request {
	r := request{
		Seq: j.Seq, Time: j.Time, Service: service, Database: database, Method: j.Method.String(), Path: j.Path, UID: j.UID, Allowed: j.Allowed,
		Calls: j.Calls, Expressions: j.Expressions,
	}
	if j.Granted != nil {
		r.Granted = &statement{j.Granted.Line, j.Granted.Source}
	}
	if j.Err != nil {
		r.Why = append(r.Why, j.Err.Error())
	}
	if j.Denial != nil {
		r.explain(j.Denial)
	}
	return r
}

func (r *request) explain(f *rules.Denial) {
	if f.Limit != "" {
		r.Why = append(r.Why, f.Limit)
	}
	r.Why = append(r.Why, f.Notes...)
	for _, t := range f.Tried {
		shown := tried{statement: statement{t.Line, t.Source}, Result: t.Result}
		for _, why := range t.Reasons {
			shown.Reasons = append(shown.Reasons, reason{statement{why.Line, why.Source}, why.Result, why.Values})
		}
		r.Tried = append(r.Tried, shown)
	}
}

type requestsAnswer struct {
	Requests []request `json:"requests"` // newest first
	Last     cursors   `json:"last"`     // to ask for what comes after
	Rules    bool      `json:"rules"`    // Firestore has any
	Reads    uint64    `json:"reads"`    // documents that Firestore's rules have asked for so far, each billed as a read
}

// cursors are the numbers of the last decisions, which either service counts by itself.
type cursors struct {
	Firestore uint64 `json:"firestore"`
	Storage   uint64 `json:"storage"`
}

// requests are the last decisions of the rules of a project's Firestore and of Storage, those after the cursors if these
// are given.
func (c *Console) requests(r *http.Request) (any, error) {
	project, err := projectOf(r)
	if err != nil {
		return nil, err
	}
	a := requestsAnswer{Requests: []request{}, Reads: c.Firestore.RulesReads(project), Last: cursors{cursor(r, "firestore"), cursor(r, "storage")}}
	_, a.Rules = c.Firestore.Rules(project)
	after := a.Last
	for _, j := range c.Firestore.Evaluations(project) {
		if j.Seq > after.Firestore {
			a.Last.Firestore = max(a.Last.Firestore, j.Seq)
			a.Requests = append(a.Requests, newRequest("firestore", j.Database, j.Evaluation))
		}
	}
	for _, j := range c.Storage.Evaluations() {
		if j.Seq > after.Storage {
			a.Last.Storage = max(a.Last.Storage, j.Seq)
			a.Requests = append(a.Requests, newRequest("storage", "", j))
		}
	}
	slices.SortStableFunc(a.Requests, func(x, y request) int { return y.Time.Compare(x.Time) })
	return a, nil
}

// cursor is a number of the query, 0 when there is none.
func cursor(r *http.Request, name string) uint64 {
	n, err := strconv.ParseUint(r.URL.Query().Get(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
