package console

import (
	"net/http"
	"strconv"
	"time"

	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/rules"
)

// request is one decision of security rules.
type request struct {
	Seq         uint64     `json:"seq"`
	Time        time.Time  `json:"time"`
	Service     string     `json:"service"` // firestore
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

func newRequest(j firestore.Judgement) request {
	r := request{
		Seq: j.Seq, Time: j.Time, Service: "firestore", Database: j.Database, Method: j.Method.String(), Path: j.Path, UID: j.UID, Allowed: j.Allowed,
		Calls: j.Calls, Expressions: j.Expressions,
	}
	if j.Granted != nil {
		r.Granted = &statement{j.Granted.Line, j.Granted.Source}
	}
	if j.Err != nil {
		r.Why = append(r.Why, j.Err.Error())
	}
	if j.Refusal != nil {
		r.explain(j.Refusal)
	}
	return r
}

func (r *request) explain(f *rules.Refusal) {
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
	Rules    bool      `json:"rules"`    // there are any
	Reads    uint64    `json:"reads"`    // documents that rules have asked for so far, each billed as a read
}

// requests are the last decisions of a project's rules, those after a number if one is given.
func (c *Console) requests(r *http.Request) (any, error) {
	project, err := projectOf(r)
	if err != nil {
		return nil, err
	}
	after, err := strconv.ParseUint(r.URL.Query().Get("after"), 10, 64)
	if err != nil {
		after = 0
	}
	a := requestsAnswer{Requests: []request{}, Reads: c.Firestore.RulesReads(project)}
	_, a.Rules = c.Firestore.Rules(project)
	for _, j := range c.Firestore.Judgements(project) {
		if j.Seq > after {
			a.Requests = append(a.Requests, newRequest(j))
		}
	}
	return a, nil
}

// coverage is what has been counted of a project's rules, in the shape of the official emulator's report; null without
// rules.
func (c *Console) coverage(r *http.Request) (any, error) {
	project, err := projectOf(r)
	if err != nil {
		return nil, err
	}
	return map[string]any{"firestore": c.Firestore.Coverage(project)}, nil
}
