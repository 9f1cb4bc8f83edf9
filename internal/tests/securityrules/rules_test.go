package securityrules

import (
	"regexp"
	"strconv"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/rules"
)

// The access calls that the rules may need. Google allows 10 for one operation and 20 for a batch.
const (
	mostCalls      = 2
	mostBatchCalls = 3
)

// expressionBudget reads from docs/rules.md how many expressions the most expensive operation may
// evaluate. Google allows 1,000.
func expressionBudget(t *testing.T) int {
	t.Helper()
	row := regexp.MustCompile(`(?m)^\| expressions of one request \| 1,000 \| (\d+) \|`).FindStringSubmatch(source(t, "docs/rules.md"))
	if row == nil {
		t.Fatal("docs/rules.md has no budget of expressions")
	}
	budget, _ := strconv.Atoi(row[1])
	return budget
}

// failures reports the first failures of a test and counts the others: a wrong rule can fail thousands of
// attacks.
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

// judged returns the result of the rules library for an operation.
func judged(t testing.TB, set *rules.Ruleset, o operation) verdict {
	t.Helper()
	r, err := replayOf(o)
	if err != nil {
		t.Fatal(err)
	}
	return r.judge(set, true, nil)
}

func TestAllowed(t *testing.T) {
	set, b := ruleset(t, "firestore.rules"), newBench(t, false)
	var worst, calls, batch allowedCase
	var expressions, most, batchMost int
	seen := map[string]bool{}
	for _, c := range allowed() {
		t.Run(c.name, func(t *testing.T) {
			if seen[c.name] {
				t.Error("another operation has this name")
			}
			seen[c.name] = true
			v := judged(t, set, c.op)
			if !v.allowed {
				t.Errorf("the library denies it: %s", v.why)
			}
			if err := b.do(t.Context(), t, c.op); err != nil {
				t.Errorf("the server denies it: %v", err)
			}
			if v.expressions > expressions {
				expressions, worst = v.expressions, c
			}
			if v.most > most {
				most, calls = v.most, c
			}
			if v.calls > batchMost {
				batchMost, batch = v.calls, c
			}
		})
	}
	t.Logf("%d operations are allowed", len(seen))
	t.Logf("most expressions: %d, %s", expressions, worst.name)
	t.Logf("most access calls of one operation: %d, %s", most, calls.name)
	t.Logf("most access calls of a batch: %d, %s", batchMost, batch.name)
	if budget := expressionBudget(t); expressions > budget {
		t.Errorf("%d expressions are more than the %d that docs/rules.md budgets: simplify the rules or raise the budget", expressions, budget)
	}
	if most > mostCalls || batchMost > mostBatchCalls {
		t.Errorf("more than %d access calls or %d in a batch: simplify the rules, or change these and docs/rules.md", mostCalls, mostBatchCalls)
	}
}

// refused reports whether an error is a denial by the rules.
func refused(err error) bool { return status.Code(err) == codes.PermissionDenied }

// attacks returns all attacks.
func attacks() []attack { return append(handmade(), generated()...) }

func TestAttacks(t *testing.T) {
	set, b := ruleset(t, "firestore.rules"), newBench(t, true)
	list := attacks()
	fail := failures{t: t}
	defer fail.end()
	seen := map[string]bool{}
	for _, a := range list {
		if seen[a.name] {
			fail.add("two attacks have the name %s", a.name)
		}
		seen[a.name] = true
		if r, err := replayOf(a.base); err != nil {
			fail.add("%s: without the attack: %v", a.name, err)
		} else if v := r.judge(set, true, nil); !v.allowed {
			fail.add("%s: the operation without the attack is denied too: %s", a.name, v.why)
		}
		if r, err := replayOf(a.op); err != nil {
			fail.add("%s: the server rejects it before the rules: %v", a.name, err)
		} else if r.judge(set, false, nil).allowed {
			fail.add("%s: the library allows it", a.name)
		}
		if err := b.do(t.Context(), t, a.op); !refused(err) {
			fail.add("%s: the server returns %v", a.name, err)
		}
	}
	t.Logf("%d attacks are denied", len(list))
	if len(list) < 200 {
		t.Error("fewer than 200")
	}
}

// TestAccessCalls checks the table in docs/rules.md: each call is billed as a read.
func TestAccessCalls(t *testing.T) {
	set := ruleset(t, "firestore.rules")
	for _, c := range []struct {
		name  string
		op    operation
		calls int
	}{
		{"claim a name", claim("carol"), 3},
		{"change the name", rename("alicia"), 3},
		{"add a timetable", addTimetable("my-table-1"), 1},
		{"change a timetable", changeTimetable(fields{"title": "x"}), 0},
		{"add a lecture", addLecture(), 1},
		{"change a lecture", changeLecture(), 1},
		{"duplicate a timetable", duplicate(100), 2},
		{"list timetables", listTimetables("alice", "alice"), 0},
		{"get another's timetable", getting("bob", "users/alice/timetables/"+alicePublic), 1},
		{"get one's own timetable", getting("alice", "users/alice/timetables/"+alicePublic), 0},
		{"list another's timetables", listTimetables("bob", "alice", isPublic), 1},
		{"read one's own lectures", lecturesOf("alice", "alice", alicePublic), 0},
		{"read another's lectures", lecturesOf("bob", "alice", alicePublic), 2},
		{"find a user", listUsers("alice"), 0},
	} {
		if v := judged(t, set, c.op); !v.allowed || v.calls != c.calls {
			t.Errorf("%s: %d access calls, want %d; allowed is %v", c.name, v.calls, c.calls, v.allowed)
		}
	}
}
