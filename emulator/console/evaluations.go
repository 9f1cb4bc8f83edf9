package console

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"heek.kr/heektime/emulator/rules"
)

// evaluation is one request that security rules allowed or denied.
type evaluation struct {
	Seq         uint64     `json:"seq"`
	Time        time.Time  `json:"time"`
	Service     string     `json:"service"` // firestore, storage
	Database    string     `json:"database,omitempty"`
	Method      string     `json:"method"`
	Path        string     `json:"path"`
	UID         string     `json:"uid,omitempty"` // missing if nobody is signed in
	Allowed     bool       `json:"allowed"`
	Granted     *statement `json:"granted,omitempty"` // the statement that allowed it
	Notes       []string   `json:"notes,omitempty"`   // if denied: the limit that was exceeded, and hints
	Tried       []tried    `json:"tried,omitempty"`   // if denied: the statements that did not allow it
	Calls       int        `json:"calls"`             // documents that the rules read
	Expressions int        `json:"expressions"`
}

// statement is an allow statement or an expression in the rules' source.
type statement struct {
	Line   int    `json:"line"`
	Source string `json:"source"`
}

// tried is an allow statement that did not allow a request.
type tried struct {
	statement
	Result  string   `json:"result"`
	Reasons []reason `json:"reasons,omitempty"`
}

// reason is an expression that decided a statement's result.
type reason struct {
	statement
	Result string `json:"result"`
	Values string `json:"values,omitempty"`
}

func newEvaluation(service, database string, e rules.Evaluation) evaluation {
	out := evaluation{
		Seq: e.Seq, Time: e.Time, Service: service, Database: database, Method: e.Method.String(), Path: e.Path, UID: e.UID, Allowed: e.Allowed,
		Calls: e.Calls, Expressions: e.Expressions,
	}
	if e.Granted != nil {
		out.Granted = &statement{e.Granted.Line, e.Granted.Source}
	}
	if e.Err != nil {
		out.Notes = append(out.Notes, e.Err.Error())
	}
	if e.Denial != nil {
		out.explain(e.Denial)
	}
	return out
}

// explain adds why the rules denied the request.
func (e *evaluation) explain(d *rules.Denial) {
	if d.Limit != "" {
		e.Notes = append(e.Notes, d.Limit)
	}
	e.Notes = append(e.Notes, d.Notes...)
	for _, t := range d.Tried {
		out := tried{statement: statement{t.Line, t.Source}, Result: t.Result}
		for _, r := range t.Reasons {
			out.Reasons = append(out.Reasons, reason{statement{r.Line, r.Source}, r.Result, r.Values})
		}
		e.Tried = append(e.Tried, out)
	}
}

type evaluationsResponse struct {
	Requests []evaluation `json:"requests"` // newest first
	Last     cursors      `json:"last"`     // for the next call
	Rules    bool         `json:"rules"`    // whether Firestore has rules
	Reads    uint64       `json:"reads"`    // documents that Firestore's rules have read so far, each billed as a read
}

// cursors holds the number of the last evaluation of each service.
type cursors struct {
	Firestore uint64 `json:"firestore"`
	Storage   uint64 `json:"storage"`
}

// evaluations lists the recent evaluations of the rules of a project's Firestore and of Storage, or only
// those after the cursors in the query.
func (c *Console) evaluations(r *http.Request) (any, error) {
	project, err := projectParameter(r)
	if err != nil {
		return nil, err
	}
	a := evaluationsResponse{
		Requests: []evaluation{}, Reads: c.Firestore.RulesReads(project),
		Last: cursors{cursorParameter(r, "firestore"), cursorParameter(r, "storage")},
	}
	_, a.Rules = c.Firestore.Rules(project)
	after := a.Last
	for _, e := range c.Firestore.Evaluations(project) {
		if e.Seq > after.Firestore {
			a.Last.Firestore = max(a.Last.Firestore, e.Seq)
			a.Requests = append(a.Requests, newEvaluation("firestore", e.Database, e.Evaluation))
		}
	}
	for _, e := range c.Storage.Evaluations() {
		if e.Seq > after.Storage {
			a.Last.Storage = max(a.Last.Storage, e.Seq)
			a.Requests = append(a.Requests, newEvaluation("storage", "", e))
		}
	}
	slices.SortStableFunc(a.Requests, func(x, y evaluation) int { return y.Time.Compare(x.Time) })
	return a, nil
}

// cursorParameter returns a number from the query, or 0 if there is none.
func cursorParameter(r *http.Request, name string) uint64 {
	n, err := strconv.ParseUint(r.URL.Query().Get(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
