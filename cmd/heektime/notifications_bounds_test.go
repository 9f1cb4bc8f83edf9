package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/internal/schema"
)

// documentedBound returns the won a day of a row of docs/bounds.md.
func documentedBound(t *testing.T, name string) float64 {
	t.Helper()
	page, err := os.ReadFile("../../docs/bounds.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(page)) {
		if cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|"); strings.TrimSpace(cells[0]) == name {
			won, _ := strings.CutPrefix(strings.TrimSpace(cells[len(cells)-1]), "₩")
			n, err := strconv.ParseFloat(strings.ReplaceAll(won, ",", ""), 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("docs/bounds.md has no row for %q", name)
	return 0
}

// usedFor returns what the services used while something was done, at list price, and says what it was. It leaves out
// the time of their instances and their logs, which are other rows, and what is stored.
func (w *notificationWorld) usedFor(do func()) (won float64, what string) {
	w.t.Helper()
	before := w.Cloud.Usage()
	do()
	used := billing.Between(before, w.Cloud.Usage())
	var items []string
	for _, item := range []billing.Item{billing.FirestoreReads, billing.FirestoreWrites, billing.FirestoreDeletes, billing.RunRequests, billing.TasksOperations} {
		amount := used.AmountOf(item, func(c billing.Cause) bool { return c.Service != "server" }) // the test
		price, _ := w.Cloud.Prices.List(item, amount, billing.MonthOf(used.Until)).Won().Float64()
		won, items = won+price, append(items, fmt.Sprint(amount, " ", item))
	}
	return won, strings.Join(items, ", ")
}

// An account that abuses notifications costs what docs/bounds.md says. It is long because both attacks begin with what
// an attacker prepares.
func TestBoundsOfNotifications(t *testing.T) {
	const day = 24 * time.Hour
	compare := func(name string, won float64, what string) {
		t.Helper()
		t.Logf("%s: ₩%.0f a day: %s", name, won, what)
		if want := documentedBound(t, name); won > want*1.05+1 || won < want*0.95-1 {
			t.Errorf("docs/bounds.md says ₩%.0f a day for %q, it is ₩%.0f: %s", want, name, won, what)
		}
	}
	w := newNotificationWorld(t, 5)
	for i := range 20 { // as many as are read
		timetable := schema.TimetableRef(w.user, fmt.Sprint("t", i))
		_, err := timetable.Set(t.Context(), stored(map[string]any{"title": "t", "visibility": "private", "semester": schema.SemesterRef(w.fs, gaon, w.semester)}))
		w.check(err)
		for j := range schema.MaxTopics / 20 {
			_, err := schema.LectureRef(timetable, fmt.Sprint(j)).Set(t.Context(), stored(map[string]any{"identifier": fmt.Sprintf("L%d-%d", i, j)}))
			w.check(err)
		}
	}
	w.idle()
	calls := &privilegeWorld{Backend: w.Backend}
	subscribe := func(token string) {
		w.check(calls.call(t.Context(), http.MethodPost, w.URLs["subscriptions"]+"/subscriptions/", w.token, map[string]string{"token": token, "language": "ko"}, nil))
	}
	for range schema.MaxSubscriptions {
		subscribe(w.device())
	}
	w.wait(time.Minute) // one task at a time: two would disturb each other, and be repeated
	w.wait(20 * time.Minute)

	// Each of two instances allows a call every ten seconds, and each is for a device that is new.
	const rounds = 12
	won, what := w.usedFor(func() {
		for range rounds {
			for range 2 {
				subscribe(w.device())
			}
			w.wait(10 * time.Second)
		}
		for range 65 { // the tasks of ten minutes later, each in its ten seconds
			w.wait(10 * time.Second)
		}
	})
	compare("subscribe devices", won/rounds*float64(day/(10*time.Second)), fmt.Sprint("in ", rounds, " times ten seconds ", what))

	// Every event is a request. What else they cost, a read in ten minutes or a task in ten seconds, does not grow.
	const lectures, writesPerSecond = 400, 10_000
	stranger := schema.TimetableRef(schema.UserRef(w.fs, "stranger"), "t")
	add := func(n int) {
		batch := w.fs.BulkWriter(t.Context())
		for i := range n {
			_, err := batch.Set(schema.LectureRef(stranger, fmt.Sprint(n, "-", i)), map[string]any{"identifier": fmt.Sprint("L", i)})
			w.check(err)
		}
		batch.End()
		w.idle()
	}
	add(1)
	won, what = w.usedFor(func() { add(lectures) })
	compare("add and remove lectures to cause events", won/lectures*writesPerSecond*day.Seconds(), fmt.Sprint("for ", lectures, " lectures ", what))
}
