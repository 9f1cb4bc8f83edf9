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
	r := runs.Get().(*run)
	d := r.judge(ctx, s, req)
	if !d.Allowed && req.Explain {
		d.Denial = &Denial{Method: req.Method, Path: req.Path}
		r.explain = d.Denial
		cover := r.cover
		r.cover = nil // the second evaluation is not to be counted
		if again := r.judge(ctx, s, req); again.Allowed && d.Err == nil {
			d = Decision{Err: fmt.Errorf("judge %s: the documents changed meanwhile", req.Path)}
		}
		r.cover = cover
	}
	r.forget()
	runs.Put(r)
	return d
}

func (r *run) judge(ctx context.Context, s *Ruleset, req *Request) Decision {
	r.ctx, r.set, r.req = ctx, s, req
	r.used, r.mostUsed, r.broken, r.err, r.base, r.granted = 0, 0, nil, nil, 0, nil
	r.slots = r.slots[:0]
	if r.explain == nil {
		r.cover = req.Coverage
	}
	r.watched = r.cover != nil || r.explain != nil
	r.now = req.Time
	r.access = req.Access
	if r.access == nil {
		r.own = Access{maxTotal: MaxAccessCalls, maxEach: MaxAccessCalls}
		r.access = &r.own
	}
	if req.Service == Storage {
		r.access.maxEach = min(r.access.maxEach, MaxAccessCallsStorage)
	}
	if r.explain == nil {
		r.access.each = 0
	}
	calls := r.access.total
	r.request = Value{kind: KindMap, ref: (*requestView)(r)}
	var allowed bool
	if req.Service == Firestore && req.Method == List {
		allowed = r.list()
	} else {
		r.path = req.Path
		r.resource = r.resourceOf(req.Before, &r.before)
		r.after = Value{}
		if req.Method == Create || req.Method == Update {
			r.after = r.resourceOf(req.After, &r.incoming)
		}
		r.tokens = split(r.tokens[:0], req.Path)
		allowed = r.walk()
	}
	d := Decision{Allowed: allowed && r.broken == nil, Expressions: max(r.used, r.mostUsed), Calls: r.access.total - calls}
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
func (r *run) forget() {
	clear(r.slots[:cap(r.slots)])
	clear(r.tokens[:cap(r.tokens)])
	*r = run{slots: r.slots[:0], tokens: r.tokens[:0]}
}

// resourceOf wraps the fields of a document as the resource that rules see.
func (r *run) resourceOf(f Fields, d *document) Value {
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
func (r *run) walk() bool {
	for _, v := range r.set.services {
		if v.name != string(r.req.Service) {
			continue
		}
		for _, m := range v.matches {
			if r.enter(m, 0) {
				return true
			}
			if r.broken != nil {
				return false
			}
		}
	}
	return false
}

// list judges a query: each of its disjunctions must be allowed, though different rules may do it.
func (r *run) list() bool {
	q := r.req.Query
	if q == nil {
		q = &wholeCollection
	}
	all, err := branches(q.Filter)
	if err != nil {
		r.err = fmt.Errorf("judge a query on %s: %w", r.req.Path, err)
		return false
	}
	if q.Group != "" && r.set.version == 1 {
		r.note("collection group queries need rules_version = '2'")
		return false
	}
	r.after = Value{}
	for i, filters := range all {
		if len(all) > 1 {
			if r.explain != nil { // only of the one that cannot be proved
				r.explain.Notes, r.explain.Tried = nil, nil
			}
			r.note(fmt.Sprintf("disjunction %d of the query", i+1))
		}
		root, name := factsOf(filters, q.Orders)
		if q.Group == "" && parentOf(name) != r.req.Path {
			name = "" // it names a document elsewhere
		}
		r.symbolic = unknown{fact: root, sure: true}
		r.before = document{path: name, data: Value{kind: kindUnknown, ref: &r.symbolic}, exists: true}
		r.resource = Value{kind: KindMap, ref: &r.before}
		r.path = name
		r.tokens = split(r.tokens[:0], r.req.Path)
		switch {
		case q.Group == "" && name != "":
			r.tokens = split(r.tokens[:0], name)
		case q.Group == "":
			r.tokens = append(r.tokens, pathToken{kind: tokenAny})
		default:
			r.tokens = append(r.tokens, pathToken{kind: tokenMany}, pathToken{text: q.Group}, pathToken{kind: tokenAny})
		}
		allowed := r.walk()
		r.mostUsed = max(r.mostUsed, r.used)
		r.used = 0
		if !allowed || r.broken != nil {
			return false
		}
	}
	return len(all) > 0
}

// parentOf is the path without its last segment.
func parentOf(path string) string { return path[:max(strings.LastIndexByte(path, '/'), 0)] }
