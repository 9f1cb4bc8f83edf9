package rules

import (
	"context"
	"fmt"
	"strings"
)

// Decision is the result of evaluating rules for a request.
type Decision struct {
	Allowed bool
	// Granted is the allow statement that granted the request, nil if it was denied. If each
	// disjunction of a query was granted by its own statement, it is that of the last one.
	Granted *Statement
	// Expressions is how many expressions were evaluated, at most MaxExpressions. For a query with
	// disjunctions it is the count of the most expensive one.
	Expressions int
	// Calls is how many documents access calls read for this request, not counting those that were
	// already read for its batch.
	Calls int
	// Denial explains why the request was denied, if Request.Explain is set.
	Denial *Denial
	// Err is set when the rules could not be evaluated: the request is inconsistent, or a document
	// could not be read. The request is then denied, but the client should not be told that it
	// lacks permission.
	Err error
}

// Evaluate decides whether the rules allow a request. It is safe for concurrent use, provided the
// requests share no mutable state.
func (s *Ruleset) Evaluate(ctx context.Context, req *Request) Decision {
	if err := req.check(); err != nil {
		return Decision{Err: err}
	}
	r := evaluators.Get().(*evaluator)
	d := r.evaluate(ctx, s, req)
	if !d.Allowed && req.Explain {
		d.Denial = &Denial{Method: req.Method, Path: req.Path}
		r.denial = d.Denial
		cover := r.coverage
		r.coverage = nil // do not count the second evaluation
		if again := r.evaluate(ctx, s, req); again.Allowed && d.Err == nil {
			d = Decision{Err: fmt.Errorf("evaluate rules for %s: documents changed during the evaluation", req.Path)}
		}
		r.coverage = cover
	}
	r.reset()
	evaluators.Put(r)
	return d
}

func (r *evaluator) evaluate(ctx context.Context, s *Ruleset, req *Request) Decision {
	r.ctx, r.ruleset, r.req = ctx, s, req
	r.evaluated, r.maxEvaluated, r.exceeded, r.err, r.base, r.granted = 0, 0, nil, nil, 0, nil
	r.slots, r.bindings = r.slots[:0], nil
	if r.denial == nil {
		r.coverage = req.Coverage
	}
	r.observed = r.coverage != nil || r.denial != nil
	r.now = req.Time
	r.access = req.Access
	if r.access == nil {
		r.ownAccess = Access{maxTotal: MaxAccessCalls, maxEach: MaxAccessCalls}
		r.access = &r.ownAccess
	}
	if req.Service == Storage {
		r.access.maxEach = min(r.access.maxEach, MaxAccessCallsStorage)
	}
	if r.denial == nil {
		r.access.each = 0
	}
	calls := r.access.total
	r.request = Value{kind: KindMap, ref: (*requestView)(r)}
	var allowed bool
	if req.Service == Firestore && req.Method == List {
		allowed = r.evaluateQuery()
	} else {
		r.path = req.Path
		r.resource = r.resourceOf(req.Before, &r.before)
		r.after = Value{}
		if req.Method == Create || req.Method == Update {
			r.after = r.resourceOf(req.After, &r.incoming)
		}
		r.tokens = splitPath(r.tokens[:0], req.Path)
		allowed = r.tryServices()
	}
	d := Decision{Allowed: allowed && r.exceeded == nil, Expressions: max(r.evaluated, r.maxEvaluated), Calls: r.access.total - calls}
	d.Expressions = min(d.Expressions, MaxExpressions)
	if d.Allowed {
		d.Granted = &s.statements[r.granted.id]
	} else {
		d.Err = r.err
	}
	if err := ctx.Err(); err != nil {
		d = Decision{Err: err}
	}
	return d
}

// reset drops the evaluator's references.
func (r *evaluator) reset() {
	clear(r.slots[:cap(r.slots)])
	clear(r.tokens[:cap(r.tokens)])
	*r = evaluator{slots: r.slots[:0], tokens: r.tokens[:0]}
}

// resourceOf wraps the fields of a document as the resource that rules see.
func (r *evaluator) resourceOf(f Fields, d *document) Value {
	switch {
	case f == nil:
		return Value{}
	case r.req.Service == Storage:
		return MapValue(f)
	}
	*d = document{path: r.req.Path, data: MapValue(f), exists: true}
	return Value{kind: KindMap, ref: d}
}

// tryServices tries the match blocks of the request's service.
func (r *evaluator) tryServices() bool {
	for _, v := range r.ruleset.services {
		if v.name != string(r.req.Service) {
			continue
		}
		for _, m := range v.matches {
			if r.tryMatch(m, 0) {
				return true
			}
			if r.exceeded != nil {
				return false
			}
		}
	}
	return false
}

// evaluateQuery evaluates a list request. Each disjunction of the query must be granted, possibly
// by different statements.
func (r *evaluator) evaluateQuery() bool {
	q := r.req.Query
	if q == nil {
		q = &wholeCollection
	}
	all, err := branches(q.Filter)
	if err != nil {
		r.err = fmt.Errorf("evaluate rules for a query on %s: %w", r.req.Path, err)
		return false
	}
	if q.Group != "" && r.ruleset.version == 1 {
		r.note("collection group queries require rules_version = '2'")
		return false
	}
	r.after = Value{}
	for i, filters := range all {
		if len(all) > 1 {
			if r.denial != nil { // explain only the disjunction that fails
				r.denial.Notes, r.denial.Tried = nil, nil
			}
			r.note(fmt.Sprintf("disjunction %d of the query", i+1))
		}
		root, name := constraintsOf(filters, q.Orders)
		if q.Group == "" && parentOf(name) != r.req.Path {
			name = "" // it names a document of another collection
		}
		r.symbolic = unknown{constraint: root, sure: true}
		r.before = document{path: name, data: Value{kind: kindUnknown, ref: &r.symbolic}, exists: true}
		r.resource = Value{kind: KindMap, ref: &r.before}
		r.path = name
		r.tokens = splitPath(r.tokens[:0], r.req.Path)
		switch {
		case q.Group == "" && name != "":
			r.tokens = splitPath(r.tokens[:0], name)
		case q.Group == "":
			r.tokens = append(r.tokens, pathToken{kind: segmentUnknown})
		default:
			r.tokens = append(r.tokens, pathToken{kind: segmentsUnknown}, pathToken{text: q.Group}, pathToken{kind: segmentUnknown})
		}
		allowed := r.tryServices()
		r.maxEvaluated = max(r.maxEvaluated, r.evaluated)
		r.evaluated = 0
		if !allowed || r.exceeded != nil {
			return false
		}
	}
	return len(all) > 0
}

// parentOf returns the path without its last segment.
func parentOf(path string) string { return path[:max(strings.LastIndexByte(path, '/'), 0)] }
