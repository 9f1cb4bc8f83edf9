package rules

import (
	"context"
	"fmt"
	"strings"
)

// Decision is what the rules say of a request.
type Decision struct {
	Allowed bool
	// Granted is the allow statement that granted it, nil when it is refused. Of a query with disjunctions, each of which
	// another statement may grant, it is that of the last one.
	Granted *Statement
	// Expressions is how many expressions were evaluated, at most MaxExpressions. For a query with disjunctions it is
	// that of the most expensive one.
	Expressions int
	// Calls is how many documents this request had to ask for, for which others of its batch had not asked before.
	Calls int
	// Refusal says why a request was refused, if Request.Explain asked for it.
	Denial *Denial
	// Err is set when the rules could not be followed: the request makes no sense, or a document that they asked for
	// could not be had. The request is then refused, and nobody should be told that he lacks a permission.
	Err error
}

// Judge says whether the rules allow a request. It is safe for concurrent use, as long as the requests share nothing
// that changes.
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
		r.coverage = nil // the second evaluation is not to be counted
		if again := r.evaluate(ctx, s, req); again.Allowed && d.Err == nil {
			d = Decision{Err: fmt.Errorf("judge %s: the documents changed meanwhile", req.Path)}
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
	r.slots = r.slots[:0]
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

// forget lets go of what the run refers to.
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

// walk tries the blocks of the request's service.
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

// list judges a query: each of its disjunctions must be allowed, though different rules may do it.
func (r *evaluator) evaluateQuery() bool {
	q := r.req.Query
	if q == nil {
		q = &wholeCollection
	}
	all, err := branches(q.Filter)
	if err != nil {
		r.err = fmt.Errorf("judge a query on %s: %w", r.req.Path, err)
		return false
	}
	if q.Group != "" && r.ruleset.version == 1 {
		r.note("collection group queries need rules_version = '2'")
		return false
	}
	r.after = Value{}
	for i, filters := range all {
		if len(all) > 1 {
			if r.denial != nil { // only of the one that cannot be proved
				r.denial.Notes, r.denial.Tried = nil, nil
			}
			r.note(fmt.Sprintf("disjunction %d of the query", i+1))
		}
		root, name := constraintsOf(filters, q.Orders)
		if q.Group == "" && parentOf(name) != r.req.Path {
			name = "" // it names a document elsewhere
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

// parentOf is the path without its last segment.
func parentOf(path string) string { return path[:max(strings.LastIndexByte(path, '/'), 0)] }
