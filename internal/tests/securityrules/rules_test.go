package securityrules

import (
	"regexp"
	"strconv"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/rules"
)

// The access calls that the rules may make. Google allows 10 per operation and 20 per batch.
const (
	maxCalls      = 3
	maxBatchCalls = 4
)

// expressionBudget reads from docs/rules.md how many expressions one request may evaluate. Google allows
// 1,000.
func expressionBudget(t *testing.T) int {
	t.Helper()
	row := regexp.MustCompile(`(?m)^\| expressions of one request \| 1,000 \| (\d+) \|`).FindStringSubmatch(source(t, "docs/rules.md"))
	if row == nil {
		t.Fatal("docs/rules.md has no expression budget")
	}
	budget, _ := strconv.Atoi(row[1])
	return budget
}

// failures reports the first failures of a test and counts the rest, because a wrong rule can fail
// thousands of attacks.
type failures struct {
	t     *testing.T
	count int
}

func (f *failures) add(format string, args ...any) {
	const shown = 20
	if f.count++; f.count <= shown {
		f.t.Errorf(format, args...)
	}
}

func (f *failures) end() {
	if f.count > 0 {
		f.t.Errorf("%d failures", f.count)
	}
}

// evaluate returns the rules library's verdict on an operation.
func evaluate(t testing.TB, set *rules.Ruleset, o operation) verdict {
	t.Helper()
	r, err := replayOf(o)
	if err != nil {
		t.Fatal(err)
	}
	return r.evaluate(set, true, nil)
}

func TestAllowed(t *testing.T) {
	set, server := ruleset(t, "firestore.rules"), newTestServer(t, false)
	// The most expensive operations by expressions, calls of one request, and calls of a whole batch.
	var byExpressions, byCalls, byBatchCalls allowedCase
	var expressions, calls, batchCalls int
	seen := map[string]bool{}
	for _, c := range allowed() {
		t.Run(c.name, func(t *testing.T) {
			if seen[c.name] {
				t.Error("duplicate name")
			}
			seen[c.name] = true
			v := evaluate(t, set, c.op)
			if !v.allowed {
				t.Errorf("the library denies it: %s", v.why)
			}
			if err := server.do(t.Context(), t, c.op); err != nil {
				t.Errorf("the server denies it: %v", err)
			}
			if v.expressions > expressions {
				expressions, byExpressions = v.expressions, c
			}
			if v.calls > calls {
				calls, byCalls = v.calls, c
			}
			if v.batchCalls > batchCalls {
				batchCalls, byBatchCalls = v.batchCalls, c
			}
		})
	}
	t.Logf("%d operations are allowed", len(seen))
	t.Logf("most expressions: %d, %s", expressions, byExpressions.name)
	t.Logf("most access calls of one operation: %d, %s", calls, byCalls.name)
	t.Logf("most access calls of a batch: %d, %s", batchCalls, byBatchCalls.name)
	if budget := expressionBudget(t); expressions > budget {
		t.Errorf("%d expressions, docs/rules.md budgets %d: simplify the rules or raise the budget", expressions, budget)
	}
	if calls > maxCalls || batchCalls > maxBatchCalls {
		t.Errorf("%d access calls and %d in a batch, want at most %d and %d: simplify the rules, or change the constants and docs/rules.md",
			calls, batchCalls, maxCalls, maxBatchCalls)
	}
}

// isDenied reports whether the rules denied the request.
func isDenied(err error) bool { return status.Code(err) == codes.PermissionDenied }

// attacks returns all attacks.
func attacks() []attack { return append(handwritten(), generated()...) }

func TestAttacks(t *testing.T) {
	set, server := ruleset(t, "firestore.rules"), newTestServer(t, true)
	list := attacks()
	fail := failures{t: t}
	defer fail.end()
	seen := map[string]bool{}
	for _, a := range list {
		if seen[a.name] {
			fail.add("duplicate name: %s", a.name)
		}
		seen[a.name] = true
		if r, err := replayOf(a.base); err != nil {
			fail.add("%s: the base operation: %v", a.name, err)
		} else if v := r.evaluate(set, true, nil); !v.allowed {
			fail.add("%s: the base operation is denied too: %s", a.name, v.why)
		}
		if r, err := replayOf(a.op); err != nil {
			fail.add("%s: the server would reject it before evaluating the rules: %v", a.name, err)
		} else if r.evaluate(set, false, nil).allowed {
			fail.add("%s: the library allows it", a.name)
		}
		if err := server.do(t.Context(), t, a.op); !isDenied(err) {
			fail.add("%s: the server returns %v, want a denial", a.name, err)
		}
	}
	t.Logf("%d attacks are denied", len(list))
	if len(list) < 200 {
		t.Errorf("%d attacks, want at least 200", len(list))
	}
}

// TestAccessCalls checks the numbers in docs/rules.md. Each call is billed as a read.
func TestAccessCalls(t *testing.T) {
	set := ruleset(t, "firestore.rules")
	for _, c := range []struct {
		name  string
		op    operation
		calls int
	}{
		{"claim a name", claim("carol"), 3},
		{"change the name", rename("alicia"), 3},
		{"add a timetable", addTimetable("my-table-1"), 2},
		{"change a timetable", changeTimetable(fields{"title": "x"}), 1},
		{"add a lecture", addLecture(), 2},
		{"change a lecture", changeLecture(), 2},
		{"delete a timetable", operation{uid: "alice", writes: []write{{kind: remove, path: "users/alice/timetables/" + alicePublic}}}, 1},
		{"delete a lecture", operation{uid: "alice", writes: []write{{kind: remove, path: "users/alice/timetables/" + alicePublic + "/lectures/first"}}}, 1},
		{"duplicate a timetable", duplicate(100), 3},
		{"follow another", followBy("alice", "bob", 1), 4},
		{"give up following another", unfollowBy("alice", "dave", 1), 4},
		{"list follows", listFollows(), 0},
		{"list timetables", listTimetables("alice", "alice"), 0},
		{"get another's timetable", getting("bob", "users/alice/timetables/"+alicePublic), 1},
		{"get one's own timetable", getting("alice", "users/alice/timetables/"+alicePublic), 0},
		{"list another's timetables", listTimetables("bob", "alice", isPublic), 1},
		{"read one's own lectures", lecturesOf("alice", "alice", alicePublic), 0},
		{"read another's lectures", lecturesOf("bob", "alice", alicePublic), 2},
		{"find a user", listUsers("alice"), 0},
	} {
		if v := evaluate(t, set, c.op); !v.allowed || v.batchCalls != c.calls {
			t.Errorf("%s: %d access calls, want %d; allowed is %v", c.name, v.batchCalls, c.calls, v.allowed)
		}
	}
}
