package securityrules

import (
	"context"
	"fmt"
	"maps"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"heek.kr/heektime/emulator/rules"
)

// root is the prefix of document paths in rules.
const root = "/databases/(default)/documents"

// now is the time of requests that the library evaluates without a server.
var now = time.Date(2026, 11, 20, 12, 0, 0, 123456000, time.UTC)

// database holds the documents before and after an operation, for the access calls of rules.
type database struct{ before, after map[string]rules.Fields }

func (d *database) Get(_ context.Context, path string) (rules.Fields, error) {
	return d.before[path], nil
}

func (d *database) GetAfter(_ context.Context, path string) (rules.Fields, error) {
	return d.after[path], nil
}

// replay is an operation in the form of the rules library: a request per read and per write of a commit.
type replay struct {
	db       *database
	requests []rules.Request
	isBatch  bool // the access call limits of batches apply
}

// stored returns the documents of [world] in the rules library's types.
var stored = sync.OnceValue(func() map[string]rules.Fields {
	docs := map[string]rules.Fields{}
	for path, data := range world() {
		docs[root+"/"+path] = fieldsOf(data)
	}
	return docs
})

// replayOf prepares an operation on [world]. It fails if a server would reject the operation before
// evaluating the rules.
func replayOf(o operation) (*replay, error) {
	before := stored()
	r := &replay{db: &database{before, maps.Clone(before)}, isBatch: len(o.writes) > 1}
	request := rules.Request{Service: rules.Firestore, Time: now}
	if o.uid != "" {
		provider := "custom"
		if o.guest {
			provider = "anonymous"
		}
		firebase := rules.MapOf(map[string]rules.Value{"sign_in_provider": rules.StringValue(provider)})
		request.Auth = &rules.Auth{UID: o.uid, Token: rules.Claims{"firebase": firebase}}
	}
	switch {
	case o.get != "":
		request.Method, request.Path = rules.Get, root+"/"+o.get
		request.Before = before[request.Path]
		r.requests = append(r.requests, request)
	case o.list != nil:
		request.Method, request.Path, request.Query = rules.List, root+"/"+o.list.collection, queryOf(o.list)
		if o.list.group {
			request.Path, request.Query.Group = root, o.list.collection
		}
		r.requests = append(r.requests, request)
	}
	for _, path := range o.reads {
		read := request
		read.Method, read.Path = rules.Get, root+"/"+path
		read.Before = before[read.Path]
		r.requests = append(r.requests, read)
	}
	for _, w := range o.writes {
		one := request
		one.Path = root + "/" + w.path
		one.Before = r.db.after[one.Path]
		if (w.kind == create) == (one.Before != nil) && (w.kind == create || w.kind == update) {
			return nil, fmt.Errorf("the precondition of %s does not hold", w.path)
		}
		one.After = apply(w, one.Before)
		switch {
		case one.After == nil:
			one.Method = rules.Delete
			delete(r.db.after, one.Path)
		case one.Before == nil:
			one.Method = rules.Create
		default:
			one.Method = rules.Update
		}
		if one.After != nil {
			r.db.after[one.Path] = one.After
		}
		r.requests = append(r.requests, one)
	}
	return r, nil
}

func apply(w write, before rules.Fields) rules.Fields {
	switch w.kind {
	case remove:
		return nil
	case update:
		after := maps.Clone(before.(rules.Claims))
		for name, v := range w.data {
			if v == (deleteField{}) {
				delete(after, name)
				continue
			}
			after[name] = valueOf(v)
		}
		return after
	}
	return fieldsOf(w.data)
}

// verdict is the outcome of evaluating the rules for an operation.
type verdict struct {
	allowed     bool
	expressions int // in the request with the most
	calls       int // in the request with the most
	batchCalls  int // in all requests
	why         string
}

// evaluate evaluates the requests in order until one is denied.
func (r *replay) evaluate(set *rules.Ruleset, explain bool, coverage *rules.Coverage) verdict {
	v := verdict{allowed: true}
	access := rules.NewAccess(r.db)
	if r.isBatch {
		access = rules.NewBatchAccess(r.db)
	}
	for i := range r.requests {
		q := r.requests[i]
		q.Access, q.Explain, q.Coverage = access, explain, coverage
		d := set.Evaluate(context.Background(), &q)
		v.expressions = max(v.expressions, d.Expressions)
		v.calls = max(v.calls, d.Calls)
		v.batchCalls = access.Calls()
		if d.Err != nil || !d.Allowed {
			v.allowed = false
			if explain {
				v.why = fmt.Sprint(d.Denial, d.Err)
			}
			break
		}
	}
	return v
}

func queryOf(q *query) *rules.Query {
	out := &rules.Query{Limit: int64(q.limit), HasLimit: q.limit > 0, Offset: int64(q.offset)}
	for _, o := range q.order {
		name, descending := strings.CutPrefix(o, "-")
		out.Orders = append(out.Orders, rules.Order{Field: []string{name}, Descending: descending})
	}
	all := rules.Filter{Op: rules.FilterAnd}
	for _, w := range q.where {
		all.Filters = append(all.Filters, rules.Filter{Op: filterOps[w.op], Field: []string{w.field}, Value: valueOf(w.value)})
	}
	if len(all.Filters) > 0 {
		out.Filter = &all
	}
	return out
}

var filterOps = map[string]rules.FilterOp{"==": rules.FilterEqual, "!=": rules.FilterNotEqual, "<": rules.FilterLess,
	"<=": rules.FilterLessEqual, ">": rules.FilterGreater, ">=": rules.FilterGreaterEqual, "in": rules.FilterIn,
	"not-in": rules.FilterNotIn, "array-contains": rules.FilterArrayContains}

func fieldsOf(data fields) rules.Fields {
	f := make(rules.Claims, len(data))
	for name, v := range data {
		f[name] = valueOf(v)
	}
	return f
}

// valueOf converts a field's value to the rules library's type.
func valueOf(v any) rules.Value {
	switch v := v.(type) {
	case nil:
		return rules.Value{}
	case bool:
		return rules.BoolValue(v)
	case int:
		return rules.IntValue(int64(v))
	case float64:
		return rules.FloatValue(v)
	case string:
		return rules.StringValue(v)
	case []byte:
		return rules.BytesValue(string(v))
	case time.Time:
		return rules.TimeValue(v)
	case serverTime:
		return rules.TimeValue(now)
	case fromNow:
		return rules.TimeValue(now.Add(time.Duration(v)))
	case reference:
		return rules.PathValue(root + "/" + string(v))
	case point:
		return rules.LatLngValue(v.latitude, v.longitude)
	case []any:
		list := make([]rules.Value, len(v))
		for i, e := range v {
			list[i] = valueOf(e)
		}
		return rules.ListOf(list...)
	case fields:
		m := make(map[string]rules.Value, len(v))
		for name, e := range v {
			m[name] = valueOf(e)
		}
		return rules.MapOf(m)
	}
	panic(fmt.Sprintf("rules have no type for a %T", v))
}

// point is a geographical point.
type point struct{ latitude, longitude float64 }

// ruleset compiles one of the project's rules files.
func ruleset(t testing.TB, name string) *rules.Ruleset {
	t.Helper()
	set, warnings, err := rules.Compile(name, source(t, name))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range warnings {
		if w.Code != "allows-everyone" { // the contract lets everyone read some documents
			t.Errorf("%s", w)
		}
	}
	return set
}

func source(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
