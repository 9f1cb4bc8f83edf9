package rules_test

import (
	"maps"
	"testing"
	"time"

	"heek.kr/heektime/emulator/rules"
)

// TestTimetableRules evaluates every kind of request under a realistic rules file. It is long
// because it is one table.
func TestTimetableRules(t *testing.T) {
	set := timetableRules(t)
	limit := func(n int64, filters ...rules.Filter) *rules.Query {
		q := &rules.Query{Limit: n, HasLimit: n > 0,
			Orders: []rules.Order{{Field: []string{"semester"}, Descending: true}, {Field: []string{"createdAt"}, Descending: true}}}
		if filters != nil {
			q.Filter = &rules.Filter{Op: rules.FilterAnd, Filters: filters}
		}
		return q
	}
	public := rules.Filter{Op: rules.FilterEqual, Field: []string{"visibility"}, Value: text("public")}
	change := func(f fields, name string, v rules.Value) fields {
		f = maps.Clone(f)
		f[name] = v
		return f
	}
	without := func(f fields, name string) fields {
		f = maps.Clone(f)
		delete(f, name)
		return f
	}
	mine := root + "/users/alice/timetables"
	for _, c := range []struct {
		name  string
		req   rules.Request
		allow bool
	}{
		{"create", rules.Request{Method: rules.Create, Path: mine + "/t1", Auth: alice, After: newTimetable()}, true},
		{"create signed out", rules.Request{Method: rules.Create, Path: mine + "/t1", After: newTimetable()}, false},
		{"create for another", rules.Request{Method: rules.Create, Path: root + "/users/bob/timetables/t1", Auth: alice, After: newTimetable()}, false},
		{"extra field", rules.Request{Method: rules.Create, Path: mine + "/t1", Auth: alice, After: change(newTimetable(), "x", text("y"))}, false},
		{"missing field", rules.Request{Method: rules.Create, Path: mine + "/t1", Auth: alice, After: without(newTimetable(), "semester")}, false},
		{"no such semester", rules.Request{Method: rules.Create, Path: mine + "/t1", Auth: alice,
			After: change(newTimetable(), "semester", rules.PathValue(root+"/schools/demo/semesters/x"))}, false},
		{"semester is not a document", rules.Request{Method: rules.Create, Path: mine + "/t1", Auth: alice,
			After: change(newTimetable(), "semester", rules.PathValue(root+"/schools"))}, false},
		{"forged time", rules.Request{Method: rules.Create, Path: mine + "/t1", Auth: alice,
			After: change(newTimetable(), "createdAt", rules.TimeValue(now.Add(-time.Microsecond)))}, false},
		{"update", rules.Request{Method: rules.Update, Path: mine + "/t1", Auth: alice, Before: change(newTimetable(), "updatedAt", rules.TimeValue(now.Add(-time.Hour))),
			After: change(newTimetable(), "visibility", text("private"))}, true},
		{"update createdAt", rules.Request{Method: rules.Update, Path: mine + "/t1", Auth: alice, Before: newTimetable(),
			After: change(newTimetable(), "createdAt", rules.TimeValue(now.Add(time.Hour)))}, false},
		{"get missing, signed out", rules.Request{Method: rules.Get, Path: mine + "/none"}, true},
		{"get private, signed out", rules.Request{Method: rules.Get, Path: mine + "/p", Before: fields{"visibility": text("private")}}, false},
		{"list own", rules.Request{Method: rules.List, Path: mine, Auth: alice, Query: limit(20)}, true},
		{"list own, over the limit", rules.Request{Method: rules.List, Path: mine, Auth: alice, Query: limit(21)}, false},
		{"list own, no limit", rules.Request{Method: rules.List, Path: mine, Auth: alice, Query: limit(0)}, false},
		{"list another's", rules.Request{Method: rules.List, Path: root + "/users/bob/timetables", Auth: alice, Query: limit(20)}, false},
		{"list another's public", rules.Request{Method: rules.List, Path: root + "/users/bob/timetables", Query: limit(20, public)}, true},
		{"list lectures of a public one", rules.Request{Method: rules.List, Path: root + "/users/bob/timetables/public1/lectures"}, true},
		{"list lectures of a private one", rules.Request{Method: rules.List, Path: root + "/users/bob/timetables/private1/lectures"}, false},
		{"list own lectures of a missing one", rules.Request{Method: rules.List, Path: mine + "/none/lectures", Auth: alice}, true},
		{"list schools", rules.Request{Method: rules.List, Path: root + "/schools"}, true},
		{"list normal semesters", rules.Request{Method: rules.List, Path: root + "/schools/demo/semesters",
			Query: &rules.Query{Filter: &rules.Filter{Op: rules.FilterEqual, Field: []string{"status"}, Value: text("normal")}}}, true},
		{"list semesters", rules.Request{Method: rules.List, Path: root + "/schools/demo/semesters"}, false},
		{"list users by name", rules.Request{Method: rules.List, Path: root + "/users",
			Query: &rules.Query{Limit: 1, HasLimit: true, Filter: &rules.Filter{Op: rules.FilterEqual, Field: []string{"username"}, Value: text("alice")}}}, true},
		{"list users", rules.Request{Method: rules.List, Path: root + "/users", Query: &rules.Query{Limit: 1, HasLimit: true}}, false},
		{"server collection", rules.Request{Method: rules.Get, Path: root + "/legacy/x", Auth: alice}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.req.Service, c.req.Time, c.req.Explain = rules.Firestore, now, true
			c.req.Access = rules.NewAccess(newStore())
			d := set.Evaluate(t.Context(), &c.req)
			if d.Err != nil {
				t.Fatal(d.Err)
			}
			if d.Allowed != c.allow {
				t.Errorf("allowed = %v: %s", d.Allowed, d.Denial)
			}
			if d.Allowed != (d.Denial == nil) {
				t.Errorf("allowed = %v, denial %v", d.Allowed, d.Denial)
			}
			if d.Expressions > 150 {
				t.Errorf("%d expressions evaluated, want at most 150", d.Expressions)
			}
		})
	}
}

// TestClaimUsername evaluates commits in which two documents must name each other. Their
// evaluations share one Access.
func TestClaimUsername(t *testing.T) {
	set := timetableRules(t)
	user := fields{"username": text("bobby"), "createdAt": rules.TimeValue(now), "updatedAt": rules.TimeValue(now)}
	index := fields{"value": text("bob")}
	bob := &rules.Auth{UID: "bob"}
	userPath, indexPath := root+"/users/bob", root+"/indices/user/usernames/bobby"
	for _, c := range []struct {
		name   string
		commit map[string]fields
		allow  bool
	}{
		{"both", map[string]fields{userPath: user, indexPath: index}, true},
		{"user alone", map[string]fields{userPath: user}, false},
		{"index alone", map[string]fields{indexPath: index}, false},
		{"index for another", map[string]fields{userPath: user, indexPath: {"value": text("alice")}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newStore()
			for path, f := range c.commit {
				w.after[path] = f
			}
			access := rules.NewBatchAccess(w)
			allowed, calls := true, 0
			for path, f := range c.commit {
				d := set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Create, Path: path,
					Auth: bob, Time: now, After: f, Access: access})
				if d.Err != nil {
					t.Fatal(d.Err)
				}
				allowed = allowed && d.Allowed
				calls += d.Calls
			}
			if allowed != c.allow {
				t.Errorf("allowed = %v, want %v", allowed, c.allow)
			}
			if calls != access.Calls() || calls != w.reads {
				t.Errorf("%d calls in the decisions, %d in the Access, %d reads", calls, access.Calls(), w.reads)
			}
		})
	}
}
