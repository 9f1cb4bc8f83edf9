package securityrules

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"heek.kr/heektime/emulator/rules"
	"heek.kr/heektime/internal/longtest"
)

// equivalents are the mutants that no request can distinguish from the original rules, keyed by
// description. Tests must notice all other mutants.
var equivalents = map[string]struct {
	times  int
	reason string
}{
	"allow read instead of list": {9, "anyone who may list schools, semesters, users or lectures may get them anyway, and a list of " +
		"timetables, views, follows, changes or announcements needs a limit, which a get does not have"},
	"drop null from [0, null]":                        {1, "here, a query without an offset has the offset 0; Google does not document it"},
	"drop names is list from &&":                      {1, "join fails for anything but a list"},
	"names is list is always true":                    {1, "join fails for anything but a list"},
	"drop name is string from &&":                     {1, "size and join fail for every other type, but Google does not document join's errors"},
	"name is string is always true":                   {1, "size and join fail for every other type, but Google does not document join's errors"},
	"1 instead of 0 in let first = times[0];":         {1, "any valid entry fills up the list, and the first five are valid"},
	"1 instead of 0 in let first = metas[0];":         {1, "any valid entry fills up the list, and the first five are valid"},
	"allow create, update instead of update":          {4, "the rules check what an update changes, and a create changes no existing field"},
	"allow read instead of get":                       {2, "a list matches no rule for a document with a fixed name"},
	"drop isStampedNow(incoming().createdAt) from &&": {1, "the rule for the count of follows in the same batch requires it too"},
	"drop isStampedNow(following.updatedAt) from &&":  {1, "the rule for the follow in the same batch requires it too"},
	"existsAfter instead of exists(/databases/$(database)/documents/users/$(otherUid))": {1, "no client may write another's user, so " +
		"the document exists after a batch if it existed before"},
	"existsAfter instead of exists(reference)": {1, "no client may write a semester, so it exists after a batch if it existed before"},
	"existsAfter instead of exists(/databases/$(database)/documents/deletions/$(uid))": {1, "no client may write " +
		"deletions, so the document exists after a batch if it existed before"},
	"getAfter instead of get(timetablePath())": {1, "a read changes nothing"},
	"drop isUser(incoming().value) from &&":    {1, "the rule for the user document in the same batch requires it too, as a comment there says"},
}

// trial is an operation and whether the rules must allow it.
type trial struct {
	name    string
	replay  *replay
	allowed bool
}

// trials returns all operations of the tables, those that the rules must allow first.
func trials(t testing.TB) []trial {
	t.Helper()
	var list []trial
	add := func(name string, o operation, allowed bool) {
		r, err := replayOf(o)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		list = append(list, trial{name, r, allowed})
	}
	for _, c := range allowed() {
		add(c.name, c.op, true)
	}
	n := len(list)
	for _, a := range attacks() {
		add(a.name, a.op, false)
	}
	// In random order, an attack that notices a given mutant comes up sooner.
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(list)-n, func(i, j int) { list[n+i], list[n+j] = list[n+j], list[n+i] })
	return list
}

// noticed reports whether any trial has another outcome with these rules.
func noticed(set *rules.Ruleset, list []trial) bool {
	for _, c := range list {
		if c.replay.evaluate(set, false, nil).allowed != c.allowed {
			return true
		}
	}
	return false
}

// share is the part of the mutants that are tried, one of so many: all with LONG_TESTS, except under the race
// detector.
func share() int {
	const plain = 4
	if !longtest.Enabled() {
		return plain * raceDivisor
	}
	return raceDivisor
}

// TestMutants tries the mutants of the rules, which the tables must notice: every one with LONG_TESTS.
func TestMutants(t *testing.T) {
	list := trials(t)
	known := mutate(t, "firestore.rules", func(set *rules.Ruleset) bool { return noticed(set, list) })
	listed := 0
	for _, e := range equivalents {
		listed += e.times
	}
	if known != listed && share() == 1 {
		t.Errorf("equivalents lists %d mutants, but only %d of them go unnoticed: remove the others from the list", listed, known)
	}
}

// mutate tries all mutants of a rules file and fails the test for each that is neither noticed nor in
// equivalents. It returns how many of the unnoticed ones are in equivalents.
func mutate(t *testing.T, name string, noticed func(*rules.Ruleset) bool) (known int) {
	t.Helper()
	text := source(t, name)
	mutants, err := rules.Mutants(name, text)
	if err != nil {
		t.Fatal(err)
	}
	var (
		work      = make(chan rules.Mutant)
		mu        sync.Mutex
		group     sync.WaitGroup
		survivors []rules.Mutant
		total     int
	)
	for range 2 {
		group.Go(func() {
			for m := range work {
				set, _, err := rules.Compile(name, m.Source)
				if err != nil {
					t.Errorf("%s: %v", m, err)
				} else if !noticed(set) {
					mu.Lock()
					survivors = append(survivors, m)
					mu.Unlock()
				}
			}
		})
	}
	seen := map[string]bool{}
	for m := range concat(mutants, numberMutants(text)) {
		if seen[m.Source] {
			continue
		}
		seen[m.Source] = true
		if len(seen)%share() != 0 {
			continue
		}
		total++
		work <- m
	}
	close(work)
	group.Wait()
	times := map[string]int{}
	lines := strings.Split(text, "\n")
	unnoticed := 0
	for _, m := range survivors {
		times[m.Description]++
		if e, ok := equivalents[m.Description]; ok && times[m.Description] <= e.times {
			known++
			t.Logf("equivalent: %s:%s: %s", name, m, e.reason)
			continue
		}
		unnoticed++
		t.Errorf("not noticed: %s:%s\n%s", name, m, fmt.Sprintf("%5d %s", m.Line, lines[m.Line-1]))
	}
	t.Logf("%s: %d mutants, %d noticed, %d equivalent, %d not noticed", name, total, total-len(survivors), known, unnoticed)
	return known
}

// numberMutants yields the mutants in which one number is one larger or one smaller, including arguments,
// indexes and parts of regular expressions.
func numberMutants(text string) iter.Seq[rules.Mutant] {
	return func(yield func(rules.Mutant) bool) {
		offset := 0
		for i, line := range strings.SplitAfter(text, "\n") {
			code, _, _ := strings.Cut(line, "//")
			for _, at := range number.FindAllStringIndex(code, -1) {
				n, err := strconv.Atoi(code[at[0]:at[1]])
				if err != nil || strings.HasPrefix(code, "rules_version") {
					continue
				}
				for _, other := range []int{n + 1, n - 1} {
					if other < 0 {
						continue
					}
					m := rules.Mutant{Line: i + 1, Column: at[0] + 1, Kind: "number",
						Description: fmt.Sprintf("%d instead of %d in %s", other, n, strings.TrimSpace(code)),
						Source:      text[:offset+at[0]] + strconv.Itoa(other) + text[offset+at[1]:]}
					if !yield(m) {
						return
					}
				}
			}
			offset += len(line)
		}
	}
}

var number = regexp.MustCompile(`\b\d+`)

func concat[T any](a, b iter.Seq[T]) iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, s := range []iter.Seq[T]{a, b} {
			for v := range s {
				if !yield(v) {
					return
				}
			}
		}
	}
}
