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

// root is where rules see the documents.
const root = "/databases/(default)/documents"

// now is when everything is judged that no server judges.
var now = time.Date(2026, 11, 20, 12, 0, 0, 123456000, time.UTC)

// database is what rules see while an operation is judged.
type database struct{ before, after map[string]rules.Fields }

func (d *database) Get(_ context.Context, path string) (rules.Fields, error) {
	return d.before[path], nil
}

func (d *database) GetAfter(_ context.Context, path string) (rules.Fields, error) {
	return d.after[path], nil
}

// replay is an operation as the rules library judges it: one request for a read, one for each write of a commit.
type replay struct {
	db       *database
	requests []rules.Request
	several  bool // it has the access calls of a batch
}

// stored is the world as rules see it.
var stored = sync.OnceValue(func() map[string]rules.Fields {
	docs := map[string]rules.Fields{}
	for path, data := range world() {
		docs[root+"/"+path] = fieldsOf(data)
	}
	return docs
})

// replayOf prepares an operation on the world. It fails for one that a server would refuse without asking the rules.
func replayOf(o operation) (*replay, error) {
	before := stored()
	r := &replay{db: &database{before, maps.Clone(before)}, several: len(o.writes) > 1}
	request := rules.Request{Service: rules.Firestore, Time: now}
	if o.who != "" {
		request.Auth = &rules.Auth{UID: o.who}
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
			if v == (gone{}) {
				delete(after, name)
				continue
			}
			after[name] = valueOf(v)
		}
		return after
	}
	return fieldsOf(w.data)
}

// verdict is what rules say of an operation.
type verdict struct {
	allowed     bool
	expressions int // of its most expensive request
	calls       int // of all of them
	most        int // calls of the request with most
	why         string
}

// judge judges the requests in turn, as a commit is judged: the first refusal decides.
func (r *replay) judge(set *rules.Ruleset, explain bool, coverage *rules.Coverage) verdict {
	v := verdict{allowed: true}
	access := rules.NewAccess(r.db)
	if r.several {
		access = rules.NewBatchAccess(r.db)
	}
	for i := range r.requests {
		q := r.requests[i]
		q.Access, q.Explain, q.Coverage = access, explain, coverage
		d := set.Evaluate(context.Background(), &q)
		v.expressions = max(v.expressions, d.Expressions)
		v.most = max(v.most, d.Calls)
		v.calls = access.Calls()
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
	out := &rules.Query{Limit: int64(q.limit), HasLimit: q.limit > 0}
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

// valueOf is a field's value as rules see it.
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
	case stamp:
		return rules.TimeValue(now)
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
	panic(fmt.Sprintf("no value of rules for a %T", v))
}

// point is a geographical point.
type point struct{ latitude, longitude float64 }

// ruleset compiles a rules file of the project.
func ruleset(t testing.TB, name string) *rules.Ruleset {
	t.Helper()
	set, warnings, err := rules.Compile(name, source(t, name))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range warnings {
		if w.Code != "allows-everyone" { // that is what the contract says of what everybody may read
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
