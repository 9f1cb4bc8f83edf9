package rules_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"heek.kr/heektime/emulator/rules"
)

// evaluate evaluates a Firestore request by alice for a path below root.
func evaluate(t *testing.T, set *rules.Ruleset, method rules.Method, path string) rules.Decision {
	t.Helper()
	req := &rules.Request{Service: rules.Firestore, Method: method, Path: root + path, Auth: alice, Time: now, Explain: true}
	if method != rules.Create {
		req.Before = fields{"a": rules.IntValue(1)}
	}
	if method == rules.Create || method == rules.Update {
		req.After = fields{"a": rules.IntValue(2)}
	}
	d := set.Evaluate(t.Context(), req)
	if d.Err != nil {
		t.Fatal(d.Err)
	}
	return d
}

func TestMethods(t *testing.T) {
	all := []rules.Method{rules.Get, rules.List, rules.Create, rules.Update, rules.Delete}
	for granted, want := range map[string]string{"read": "get list", "write": "create update delete", "get": "get", "list": "list",
		"create": "create", "update": "update", "delete": "delete", "read, write": "get list create update delete", "get, delete": "get delete"} {
		set := compile(t, rulesWith("allow "+granted+": if true;"))
		var got []string
		for _, m := range all {
			path := "/things/x"
			if m == rules.List {
				path = "/things"
			}
			if evaluate(t, set, m, path).Allowed {
				got = append(got, m.String())
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("allow %s grants %v, want %s", granted, got, want)
		}
	}
}

func TestMatching(t *testing.T) {
	for _, c := range []struct {
		version, body, path string
		allow               bool
	}{
		{"2", "match /a/{b} { allow get: if b == 'x'; }", "/a/x", true},
		{"2", "match /a/{b} { allow get: if b == 'x'; }", "/a/y", false},
		{"2", "match /a/{b} { allow get; }", "/a/x/c/y", false},
		{"2", "match /a/{b} { match /c/{d} { allow get: if b == 'x' && d == 'y'; } }", "/a/x/c/y", true},
		{"2", "match /a/x { allow get; }", "/a/x", true},
		{"2", "match /a/x { allow get; }", "/a/xx", false},
		{"2", "match /{all=**} { allow get: if all == /a/x/c/y; }", "/a/x/c/y", true},
		{"2", "match /a/{rest=**} { allow get: if rest is path; }", "/a/x", true},
		{"2", "match /a/x/{rest=**} { allow get; }", "/a/x", true}, // no segment
		{"1", "match /a/x/{rest=**} { allow get; }", "/a/x", false},
		{"1", "match /a/{rest=**} { allow get: if rest == /x/c/y; }", "/a/x/c/y", true},
		{"2", "match /{up=**}/c/{d} { allow get: if d == 'y' && up == /a/x; }", "/a/x/c/y", true},
		{"2", "match /{up=**}/c/{d} { allow get: if d == 'y'; }", "/c/y", true},
		{"2", "match /{up=**}/c/{d} { allow get: if d == 'y'; }", "/a/x/e/y", false},
		{"2", "match /{up=**}/c/{d} { match /{down=**} { allow get: if down == /e/f; } }", "/c/d/e/f", true},
		{"2", "match /{up=**}/c/{d} { allow get: if up == /c/c; }", "/c/c/c/c", true},
		{"2", "match /a/{b} { allow get: if false; } match /{all=**} { allow get; }", "/a/x", true}, // any statement may grant
		{"2", "match /a/{b} { allow get: if 1/0 == 1; allow get: if b == 'x'; }", "/a/x", true},     // an error affects only its own statement
		{"2", "match /a/{b} { function f() { return b; } allow get: if f() == 'x'; }", "/a/x", true},
		{"2", "function f() { return false; } match /a/{b} { function f() { return true; } allow get: if f(); }", "/a/x", true},
		{"2", "match /a/{b} { allow get: if (no_such_function() || true); }", "/a/x", true},
		{"2", "match /a/{b=*} { allow get; }", "/a/x", true},
	} {
		set := compile(t, "rules_version = '"+c.version+"'; service cloud.firestore { match /databases/{db}/documents { "+c.body+" } }")
		if d := evaluate(t, set, rules.Get, c.path); d.Allowed != c.allow {
			t.Errorf("version %s, %s, %s: allowed = %v: %v", c.version, c.body, c.path, d.Allowed, d.Denial)
		}
	}
}

// TestEvaluationLimits checks that exceeding a limit denies a request whatever else is true.
func TestEvaluationLimits(t *testing.T) {
	terms := func(n int) string { return strings.Repeat("true && ", n) + "true" }
	gets := func(n int) string {
		var out strings.Builder
		for i := range n {
			fmt.Fprintf(&out, "!exists(/databases/$(database)/documents/none/n%d) && ", i)
		}
		return out.String() + "true"
	}
	repeated := strings.Repeat("exists(/databases/$(database)/documents/none/n0) || ", 30) + "true"
	for _, c := range []struct {
		name, body string
		allow      bool
		limit      string
	}{
		{"1,000 expressions", "allow get: if " + terms(499) + ";", true, ""},
		{"1,001 expressions", "allow get: if " + terms(500) + ";", false, "maximum of 1000 expressions"},
		{"absorbed by ||", "allow get: if (" + terms(500) + ") || true;", false, "maximum of 1000"},
		{"across statements", "allow get: if !(" + terms(300) + "); allow get: if !(" + terms(300) + "); allow get: if true;", false, "maximum of 1000"},
		{"10 documents", "allow get: if " + gets(10) + ";", true, ""},
		{"11 documents", "allow get: if " + gets(11) + ";", false, "more than 10 documents"},
		{"11 documents, then true", "allow get: if " + gets(11) + "; allow get: if true;", false, "more than 10 documents"},
		{"one document repeatedly", "allow get: if " + repeated + ";", true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := compile(t, rulesWith(c.body))
			d := set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Get, Path: root + "/things/x", Time: now,
				Explain: true, Access: rules.NewAccess(&store{})})
			if d.Allowed != c.allow {
				t.Errorf("allowed = %v: %v", d.Allowed, d.Denial)
			}
			if c.limit != "" && !strings.Contains(d.Denial.Limit, c.limit) {
				t.Errorf("limit %q, want %q", d.Denial.Limit, c.limit)
			}
			if d.Expressions > rules.MaxExpressions {
				t.Errorf("%d expressions evaluated, want at most %d", d.Expressions, rules.MaxExpressions)
			}
		})
	}
}

// TestBatchAccess shares one Access between the writes of a batch, up to its limit.
func TestBatchAccess(t *testing.T) {
	set := compile(t, rulesWith(`
	function none(i) { return !exists(/databases/$(database)/documents/none/$(id + string(i))); }
	allow create: if none(0) && none(1) && none(2) && none(3) && none(4) && none(5) && none(6) && none(7);
	allow delete: if !exists(/databases/$(database)/documents/none/a0) && !existsAfter(/databases/$(database)/documents/none/a0);`))
	access := rules.NewBatchAccess(&store{})
	create := func(id string) rules.Decision {
		return set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Create, Path: root + "/things/" + id, Time: now,
			After: fields{}, Access: access})
	}
	for _, step := range []struct {
		id           string
		allow        bool
		calls, total int
	}{{"a", true, 8, 8}, {"b", true, 8, 16}, {"a", true, 0, 16}, {"c", false, 4, 20}} {
		d := create(step.id)
		if d.Allowed != step.allow || d.Calls != step.calls || access.Calls() != step.total {
			t.Errorf("%s: allowed = %v, %d calls, %d in total", step.id, d.Allowed, d.Calls, access.Calls())
		}
	}
	single := rules.NewAccess(&store{})
	d := set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Delete, Path: root + "/things/a", Time: now,
		Before: fields{}, Access: single})
	if !d.Allowed || d.Calls != 2 || len(single.Paths()) != 2 {
		t.Errorf("before and after: allowed = %v, %d calls, %v", d.Allowed, d.Calls, single.Paths())
	}
}

// TestAccessErrors checks that a failed read denies the request with an error, unless the condition
// is true without it.
func TestAccessErrors(t *testing.T) {
	broken := errors.New("the disk is gone")
	for condition, allow := range map[string]bool{
		`exists(/databases/(default)/documents/a/b)`:         false,
		`!exists(/databases/(default)/documents/a/b)`:        false,
		`true || exists(/databases/(default)/documents/a/b)`: true,
		`exists(/databases/(default)/documents/a/b) || true`: true,
	} {
		set := compile(t, rulesWith("allow get: if "+condition+";"))
		d := set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Get, Path: root + "/things/x", Time: now,
			Access: rules.NewAccess(&store{err: broken})})
		if d.Allowed != allow || allow == errors.Is(d.Err, broken) {
			t.Errorf("%s: allowed = %v, error %v", condition, d.Allowed, d.Err)
		}
	}
	set := compile(t, rulesWith("allow get;"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if d := set.Evaluate(ctx, &rules.Request{Service: rules.Firestore, Method: rules.Get, Path: root + "/things/x"}); d.Allowed || !errors.Is(d.Err, context.Canceled) {
		t.Errorf("canceled context: allowed = %v, error %v", d.Allowed, d.Err)
	}
	if d := set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Get, Path: root + "/things/x"}); !d.Allowed {
		t.Error("denied without Access")
	}
}

func TestInvalidRequests(t *testing.T) {
	set := compile(t, "rules_version='2'; service cloud.firestore { match /{x=**} { allow read, write; } }")
	for _, req := range []rules.Request{
		{},
		{Service: rules.Firestore, Path: root + "/a/b"},
		{Service: rules.Firestore, Method: rules.Get, Path: "a/b"},
		{Service: rules.Firestore, Method: rules.Create, Path: root + "/a/b"},
		{Service: rules.Firestore, Method: rules.Update, Path: root + "/a/b", After: fields{}},
		{Service: rules.Firestore, Method: 9, Path: root + "/a/b"},
	} {
		if d := set.Evaluate(t.Context(), &req); d.Allowed || d.Err == nil {
			t.Errorf("%+v: allowed = %v, error %v", req, d.Allowed, d.Err)
		}
	}
}

func TestResource(t *testing.T) {
	for _, c := range []struct {
		method    rules.Method
		condition string
	}{
		{rules.Get, `resource.data.a == 1 && request.resource == null && request.method == 'get'`},
		{rules.Create, `resource == null && request.resource.data.a == 2 && request.resource.id == 'x'`},
		{rules.Update, `resource.data.a == 1 && request.resource.data.a == 2`},
		{rules.Delete, `resource.data.a == 1 && request.resource == null`},
	} {
		set := compile(t, rulesWith("allow read, write: if "+c.condition+";"))
		if d := evaluate(t, set, c.method, "/things/x"); !d.Allowed {
			t.Errorf("%s: %s", c.method, d.Denial)
		}
	}
}

func TestStorage(t *testing.T) {
	set := compile(t, `rules_version = '2';
service firebase.storage {
  match /b/{bucket}/o {
    function premium() { return firestore.get(/databases/(default)/documents/users/$(request.auth.uid)).data.premium; }
    match /courses/{school}/{file} { allow read; }
    match /users/{uid}/{path=**} {
      allow get: if request.auth.uid == uid && resource.contentType.matches('image/.*');
      allow list: if request.auth.uid == uid;
      allow create: if request.auth.uid == uid && request.resource.size < 1024 && request.resource.contentType == 'image/png'
        && request.resource.metadata.kind == 'face' && request.resource.name == 'users/alice/face.png' && bucket == 'demo';
      allow update: if premium() && resource.md5Hash != request.resource.md5Hash && resource.timeCreated < request.time;
      allow delete: if firestore.exists(/databases/(default)/documents/a/1) || firestore.exists(/databases/(default)/documents/a/2)
        || firestore.exists(/databases/(default)/documents/a/3) || true;
    }
  }
}`)
	face := rules.Object{Name: "users/alice/face.png", Bucket: "demo", Size: 1000, ContentType: "image/png", MD5Hash: "x", TimeCreated: now.Add(-1e9),
		Metadata: map[string]string{"kind": "face"}}
	big, other := face, face
	big.Size = 1024
	other.MD5Hash = "y"
	documents := &store{before: map[string]map[string]rules.Value{root + "/users/alice": {"premium": rules.BoolValue(true)}, root + "/users/bob": {"premium": rules.BoolValue(false)}}}
	bob := &rules.Auth{UID: "bob"}
	for _, c := range []struct {
		name  string
		req   rules.Request
		allow bool
	}{
		{"public", rules.Request{Method: rules.Get, Path: "/b/demo/o/courses/demo/2026.json"}, true},
		{"no match", rules.Request{Method: rules.Get, Path: "/b/demo/o/secrets/x"}, false},
		{"own", rules.Request{Method: rules.Get, Path: "/b/demo/o/users/alice/a/b/face.png", Auth: alice, Before: face.Fields()}, true},
		{"own, missing", rules.Request{Method: rules.Get, Path: "/b/demo/o/users/alice/face.png", Auth: alice}, false},
		{"another's", rules.Request{Method: rules.Get, Path: "/b/demo/o/users/alice/face.png", Auth: bob, Before: face.Fields()}, false},
		{"list", rules.Request{Method: rules.List, Path: "/b/demo/o/users/alice/a", Auth: alice}, true},
		{"list another's", rules.Request{Method: rules.List, Path: "/b/demo/o/users/alice", Auth: bob}, false},
		{"create", rules.Request{Method: rules.Create, Path: "/b/demo/o/users/alice/face.png", Auth: alice, After: face.Fields()}, true},
		{"create, too big", rules.Request{Method: rules.Create, Path: "/b/demo/o/users/alice/face.png", Auth: alice, After: big.Fields()}, false},
		{"update", rules.Request{Method: rules.Update, Path: "/b/demo/o/users/alice/face.png", Auth: alice, Before: face.Fields(), After: other.Fields()}, true},
		{"update, not premium", rules.Request{Method: rules.Update, Path: "/b/demo/o/users/alice/face.png", Auth: bob, Before: face.Fields(), After: other.Fields()}, false},
		{"delete with too many access calls", rules.Request{Method: rules.Delete, Path: "/b/demo/o/users/alice/face.png", Before: face.Fields()}, false},
	} {
		c.req.Service, c.req.Time, c.req.Explain, c.req.Access = rules.Storage, now, true, rules.NewAccess(documents)
		if d := set.Evaluate(t.Context(), &c.req); d.Err != nil || d.Allowed != c.allow {
			t.Errorf("%s: allowed = %v, error %v: %v", c.name, d.Allowed, d.Err, d.Denial)
		}
	}
	if d := set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Get, Path: root + "/a/b"}); d.Allowed {
		t.Error("rules for one service allow a request of the other")
	}
}

// TestConcurrentEvaluations shares a ruleset and its coverage between goroutines.
func TestConcurrentEvaluations(t *testing.T) {
	set := timetableRules(t)
	cover := set.NewCoverage()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for i := range 200 {
				f := newTimetable()
				if i%2 == 1 {
					delete(f, "title")
				}
				d := set.Evaluate(context.Background(), &rules.Request{Service: rules.Firestore, Method: rules.Create, Path: root + "/users/alice/timetables/t",
					Auth: alice, Time: now, After: f, Access: rules.NewAccess(newStore()), Coverage: cover, Explain: i%3 == 0})
				if d.Err != nil || d.Allowed != (i%2 == 0) {
					t.Errorf("%d: allowed = %v, error %v", i, d.Allowed, d.Err)
				}
			}
		})
	}
	wait.Wait()
}

// TestValueSizeIsLimited doubles a value 57 times and compares the result with itself: neither may
// exhaust memory or time.
func TestValueSizeIsLimited(t *testing.T) {
	for _, step := range []string{"[x, x]", "x + x", "{'a': x, 'b': x}", "x.concat(x)", "x.replace('a', 'aaaaaaaa')", "x.union([x].toSet())"} {
		start := map[byte]string{'[': "'a'", '{': "'a'", 'x': "'a'"}[step[0]]
		if strings.HasPrefix(step, "x.c") {
			start = "[1]"
		}
		var body strings.Builder
		for i := range 19 {
			fmt.Fprintf(&body, "function f%d(v) { let a = g%d(v); let b = g%d(a); let c = g%d(b); return f%d(c); } function g%d(x) { return %s; }\n", i, i, i, i, i+1, i, step)
		}
		fmt.Fprintf(&body, "function f19(v) { return v == v; } allow get: if f0(%s) || true;", start)
		set := compile(t, rulesWith(body.String()))
		if d := evaluate(t, set, rules.Get, "/things/x"); !d.Allowed {
			t.Errorf("%s: %s", step, d.Denial)
		}
	}
}

func TestGrantedStatement(t *testing.T) {
	set := compile(t, `rules_version = '2';
service cloud.firestore {
  match /databases/{db}/documents {
    match /a/{b} {
      allow get: if false;
      allow get, list: if resource.data.v
        == 'x';
      allow list: if resource.data.w == 'y'; match /c/{d} { allow delete; }
    }
  }
}`)
	x, y := equals(text("x"), "v"), equals(text("y"), "w")
	at := func(line, column int, source string) *rules.Statement {
		return &rules.Statement{Line: line, Column: column, Source: source}
	}
	for name, c := range map[string]struct {
		req  rules.Request
		want *rules.Statement
	}{
		"the second of two": {rules.Request{Method: rules.Get, Path: root + "/a/b", Before: fields{"v": text("x")}}, at(6, 7, "allow get, list: if resource.data.v == 'x';")},
		"no condition":      {rules.Request{Method: rules.Delete, Path: root + "/a/b/c/d"}, at(8, 61, "allow delete;")},
		"a query":           {rules.Request{Method: rules.List, Path: root + "/a", Query: &rules.Query{Filter: x}}, at(6, 7, "allow get, list: if resource.data.v == 'x';")},
		"the last of two disjunctions": {rules.Request{Method: rules.List, Path: root + "/a", Query: &rules.Query{Filter: or(*x, *y)}},
			at(8, 7, "allow list: if resource.data.w == 'y';")},
		"none":         {rules.Request{Method: rules.Get, Path: root + "/a/b", Before: fields{}}, nil},
		"half a query": {rules.Request{Method: rules.List, Path: root + "/a", Query: &rules.Query{Filter: or(*x, *equals(text("z"), "w"))}}, nil},
	} {
		c.req.Service, c.req.Time = rules.Firestore, now
		got := set.Evaluate(t.Context(), &c.req)
		if got.Err != nil || got.Allowed != (c.want != nil) || (got.Granted == nil) != (c.want == nil) || c.want != nil && *got.Granted != *c.want {
			t.Errorf("%s: granted by %+v, want %+v (%+v)", name, got.Granted, c.want, got)
		}
	}
}
