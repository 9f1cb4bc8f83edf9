package billing

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"heek.kr/heektime/emulator/clock"
)

// clockAt returns a clock that shows a time in Pacific time. It runs on from there.
func clockAt(t testing.TB, text string) *clock.Clock {
	t.Helper()
	want, err := time.ParseInLocation("2006-01-02 15:04:05", text, pacific)
	if err != nil {
		t.Fatal(err)
	}
	c := clock.New()
	if !want.After(c.Now()) {
		t.Fatalf("%s is in the past, and clocks only go forward", text)
	}
	c.Advance(want.Sub(c.Now()))
	return c
}

func TestAddSumsByDayItemAndCause(t *testing.T) {
	c := clockAt(t, "2040-03-10 12:00:00")
	m := NewMeter(c)
	ann, bob := Cause{User: "ann", Action: "open"}, Cause{User: "bob", Action: "open"}
	m.Add(FirestoreReads, ann, 2)
	m.Add(FirestoreReads, ann, 3)
	m.Add(FirestoreReads, bob, 1)
	m.Add(FirestoreWrites, ann, 1)
	m.Add(FirestoreWrites, ann, 0)
	m.Add(FirestoreWrites, ann, -4)
	c.Advance(24 * time.Hour)
	m.Add(FirestoreReads, ann, 7)
	want := []Day{
		{"2040-03-10", []Amount{{FirestoreReads, ann, 5}, {FirestoreReads, bob, 1}, {FirestoreWrites, ann, 1}}},
		{"2040-03-11", []Amount{{FirestoreReads, ann, 7}}},
	}
	if got := m.Usage().Days; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A day begins at midnight Pacific time, also where the clocks change.
func TestDays(t *testing.T) {
	for text, want := range map[string]Date{
		"2026-11-29T07:59:59Z": "2026-11-28", // 23:59:59 -08:00
		"2026-11-29T08:00:00Z": "2026-11-29",
		"2026-07-01T06:59:59Z": "2026-06-30", // 23:59:59 -07:00
		"2026-07-01T07:00:00Z": "2026-07-01",
		"2026-03-08T08:00:00Z": "2026-03-08", // the day of 23 hours
		"2026-03-09T06:59:59Z": "2026-03-08",
		"2026-03-09T07:00:00Z": "2026-03-09",
		"2026-11-02T07:59:59Z": "2026-11-01", // the day of 25 hours
		"2026-11-02T08:00:00Z": "2026-11-02",
	} {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := DateOf(at); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
		if from, to := want.bounds(); at.Before(from) || !at.Before(to) {
			t.Errorf("%s is not from %v to %v", text, from, to)
		}
	}
	for month, want := range map[Month]int64{"2026-02": 28 * 86400, "2026-03": 31*86400 - 3600, "2026-11": 30*86400 + 3600, "2026-12": 31 * 86400} {
		if got := month.seconds(); got != want {
			t.Errorf("%s has %d seconds, want %d", month, got, want)
		}
	}
	if got := len(Month("2028-02").dates()); got != 29 {
		t.Errorf("2028-02 has %d days", got)
	}
}

// A level counts while it exists, on each day its share, across jumps of the clock and changes to and from
// daylight saving time.
func TestLevelsAreIntegratedOverDays(t *testing.T) {
	c := clockAt(t, "2040-03-10 12:00:00") // 2040-03-11 has 23 hours
	m := NewMeter(c)
	m.SetLevel(FirestoreStored, "db", 1000)
	m.SetLevel(SchedulerJobs, "a", 1)
	m.SetLevel(SchedulerJobs, "b", 1)
	c.Advance(47 * time.Hour) // until the noon after the next
	m.SetLevel(FirestoreStored, "db", 500)
	m.SetLevel(SchedulerJobs, "b", 0)
	c.Advance(24 * time.Hour)
	got := map[string]int64{}
	for _, day := range m.Usage().Days {
		for _, a := range day.Amounts {
			got[string(day.Date)+" "+string(a.Item)+" "+a.Cause.Collection] = a.Amount
		}
	}
	for key, want := range map[string]int64{
		"2040-03-10 firestore.stored db": 12 * 3600 * 1000,
		"2040-03-11 firestore.stored db": 23 * 3600 * 1000,
		"2040-03-12 firestore.stored db": 12*3600*1000 + 12*3600*500,
		"2040-03-13 firestore.stored db": 12 * 3600 * 500,
		"2040-03-10 scheduler.jobs a":    12 * 3600,
		"2040-03-11 scheduler.jobs a":    23 * 3600,
		"2040-03-12 scheduler.jobs a":    24 * 3600,
		"2040-03-13 scheduler.jobs a":    12 * 3600,
		"2040-03-10 scheduler.jobs b":    12 * 3600,
		"2040-03-11 scheduler.jobs b":    23 * 3600,
		"2040-03-12 scheduler.jobs b":    12 * 3600,
	} {
		// The clock runs while the test does, on a busy machine for minutes.
		per := int64(1)
		if strings.Contains(key, "stored") {
			per = 1000
		}
		if off := got[key] - want; off < -600*per || off > 600*per {
			t.Errorf("%s: %d, want about %d", key, got[key], want)
		}
		delete(got, key)
	}
	if len(got) > 0 {
		t.Errorf("also counted: %v", got)
	}
}

// Integration is exact in any order of changes, days and snapshots, and does not overflow.
func TestLevelIsExact(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	start := time.Date(2040, 3, 9, 3, 0, 0, 7, time.UTC)
	for range 200 {
		c := &counter{past: map[Date]map[Cause]int64{}}
		l := &level{at: start, date: DateOf(start)}
		_, l.end = l.date.bounds()
		want, now := new(big.Int), start
		for range 30 {
			l.amount = random.Int64N(1 << (1 + random.IntN(45)))
			d := time.Duration(random.Int64N(int64(1) << (20 + random.IntN(28))))
			want.Add(want, new(big.Int).Mul(big.NewInt(l.amount), big.NewInt(int64(d))))
			now = now.Add(d)
			l.integrate(now, c, "db")
			if random.IntN(2) == 0 {
				l.flush(c, "db")
			}
		}
		l.flush(c, "db")
		got := new(big.Int)
		c.each(func(_ Date, sums map[Cause]int64) {
			for _, amount := range sums {
				got.Add(got, big.NewInt(amount))
			}
		})
		if want.Div(want, big.NewInt(int64(time.Second))); got.Cmp(want) != 0 {
			t.Fatalf("integrated to %v, want %v", got, want)
		}
	}
}

func TestActiveUserCountsOnceAMonth(t *testing.T) {
	c := clockAt(t, "2040-05-30 12:00:00")
	m := NewMeter(c)
	for range 3 {
		for _, uid := range []string{"ann", "bob", ""} {
			m.ActiveUser(uid)
		}
		c.Advance(24 * time.Hour)
	}
	sums := map[Month]int64{}
	for _, day := range m.Usage().Days {
		for _, a := range day.Amounts {
			sums[day.Date.Month()] += a.Amount
		}
	}
	if want := map[Month]int64{"2040-05": 2, "2040-06": 2}; !reflect.DeepEqual(sums, want) {
		t.Errorf("active users %v, want %v", sums, want)
	}
}

// A meter keeps a bounded number of causes, the dearest users first, and loses nothing from the totals.
func TestCausesAreBounded(t *testing.T) {
	lower(t, 200, 100, 40)
	c := clockAt(t, "2040-05-30 12:00:00")
	m := NewMeter(c)
	var total int64
	add := func(cause Cause, n int64) {
		m.Add(FirestoreReads, cause, n)
		total += n
	}
	for range 3 {
		for i := range 1000 {
			add(Cause{User: fmt.Sprint("u", i), Action: "open", Collection: "lectures"}, 1)
			add(Cause{User: "dear", Action: "list", Collection: "users"}, 50)
		}
		add(Cause{Service: "refresh", Action: "publish"}, 9)
		c.Advance(24 * time.Hour)
	}
	for i := range 1000 { // an attacker who invents actions
		add(Cause{Action: fmt.Sprint("/", i)}, 1)
	}
	u := m.Usage()
	if got := u.Amount(FirestoreReads); got != total {
		t.Errorf("counted %d in total, want %d", got, total)
	}
	for i, day := range u.Days {
		most := 40
		if i == len(u.Days)-1 {
			most = 200
		}
		if len(day.Amounts) > most {
			t.Errorf("%s has %d causes, want at most %d", day.Date, len(day.Amounts), most)
		}
	}
	if got := u.AmountOf(FirestoreReads, func(c Cause) bool { return c.User == "dear" }); got != 3*50_000 {
		t.Errorf("the dearest user has %d reads, want 150,000", got)
	}
	folded := Cause{User: Other, Action: "open", Collection: "lectures"}
	if got := u.AmountOf(FirestoreReads, func(c Cause) bool { return c == folded }); got < 2000 {
		t.Errorf("the other users have %d reads of lectures; their action and collection are lost", got)
	}
	if got := u.AmountOf(FirestoreReads, func(c Cause) bool { return c == otherCause }); got < 500 {
		t.Errorf("%d reads have no cause that was kept, want most of the attacker's", got)
	}
}

func lower(t *testing.T, current, kept, past int) {
	a, b, c := maxCauses, keptCauses, maxPastCauses
	maxCauses, keptCauses, maxPastCauses = current, kept, past
	t.Cleanup(func() { maxCauses, keptCauses, maxPastCauses = a, b, c })
}

func TestBetween(t *testing.T) {
	c := clockAt(t, "2040-05-30 12:00:00")
	m := NewMeter(c)
	ann, bob := Cause{User: "ann"}, Cause{User: "bob"}
	m.Add(FirestoreReads, ann, 5)
	before := m.Usage()
	m.Add(FirestoreReads, ann, 2)
	m.Add(FirestoreReads, bob, 1)
	got := Between(before, m.Usage())
	want := []Day{{"2040-05-30", []Amount{{FirestoreReads, ann, 2}, {FirestoreReads, bob, 1}}}}
	if !reflect.DeepEqual(got.Days, want) {
		t.Errorf("between: %v, want %v", got.Days, want)
	}
	if got := Between(before, before); len(got.Days) != 0 || got.String() != "nothing" {
		t.Errorf("nothing happened, but %v", got)
	}
	if got.String() != "3 firestore.reads" {
		t.Errorf("the sum is %s", got)
	}
}

// The difference is right in total, also when the meter made room in between.
func TestBetweenFolds(t *testing.T) {
	lower(t, 20, 10, 10)
	c := clockAt(t, "2040-05-30 12:00:00")
	m := NewMeter(c)
	for round := range 20 {
		before := m.Usage()
		var added int64
		for i := range 15 {
			n := int64(1 + i%3)
			m.Add(FirestoreReads, Cause{User: fmt.Sprint("u", round, i), Action: fmt.Sprint(i % 7)}, n)
			added += n
		}
		if got := Between(before, m.Usage()).Amount(FirestoreReads); got != added {
			t.Fatalf("round %d: %d reads between, want %d", round, got, added)
		}
	}
}

func TestNilMeterCountsNothing(t *testing.T) {
	var m *Meter
	m.Add(FirestoreReads, Cause{}, 1)
	m.SetLevel(FirestoreStored, "db", 1)
	m.ActiveUser("ann")
	if u := m.Usage(); len(u.Days) != 0 {
		t.Errorf("counted %v", u)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

func TestConcurrentUse(t *testing.T) {
	lower(t, 50, 25, 10)
	c := clockAt(t, "2040-05-30 23:59:59")
	m := NewMeter(c)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 500 {
				m.Add(FirestoreReads, Cause{User: fmt.Sprint(w, i)}, 1)
				m.SetLevel(StorageStored, fmt.Sprint(w), int64(i))
				m.ActiveUser(fmt.Sprint(i))
				if i%100 == 0 {
					c.Advance(time.Hour)
					m.Usage()
				}
			}
		})
	}
	wg.Wait()
	if got := m.Usage().Amount(FirestoreReads); got != 8*500 {
		t.Errorf("%d reads, want 4,000", got)
	}
}

// What was counted is there again after a restart.
func TestFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "billing")
	c := clockAt(t, "2040-05-30 12:00:00")
	open := func() *Meter {
		m, err := OpenMeter(c, dir)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := open()
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "usage.json")); err == nil {
		t.Error("a meter that counted nothing wrote a file")
	}
	m = open()
	m.Add(FirestoreReads, Cause{User: "앤", Action: "open"}, 5)
	m.ActiveUser("ann")
	m.SetLevel(FirestoreStored, "db", 1000)
	c.Advance(25 * time.Hour)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	stored := m.Usage()
	m = open()
	defer m.Close()
	m.ActiveUser("ann")
	got := m.Usage()
	if !got.Since.Equal(stored.Since) {
		t.Errorf("counting since %v, want %v", got.Since, stored.Since)
	}
	for _, item := range []Item{FirestoreReads, AuthActiveUsers} {
		if got.Amount(item) != stored.Amount(item) {
			t.Errorf("after the restart %d %s, before %d", got.Amount(item), item, stored.Amount(item))
		}
	}
	if n := got.Amount(FirestoreStored); n < 25*3600*1000 || n > stored.Amount(FirestoreStored) {
		t.Errorf("after the restart %d byte-seconds, before %d", n, stored.Amount(FirestoreStored))
	}
}

// A file that cannot be read is not overwritten, and the error says what to do.
func TestBrokenFile(t *testing.T) {
	for name, text := range map[string]string{
		"not JSON":      `{"usage": `,
		"an item":       `{"usage": {"days": [{"date": "2040-05-30", "amounts": [{"item": "x", "cause": {}, "amount": 1}]}]}}`,
		"a day":         `{"usage": {"days": [{"date": "2040-02-30", "amounts": []}]}}`,
		"an amount":     `{"usage": {"days": [{"date": "2040-05-30", "amounts": [{"item": "firestore.reads", "cause": {}, "amount": -1}]}]}}`,
		"a day twice":   `{"usage": {"days": [{"date": "2040-05-30", "amounts": []}, {"date": "2040-05-30", "amounts": []}]}}`,
		"a broken hash": `{"usage": {}, "active": {"2040-05": "AAAA"}}`,
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "usage.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := OpenMeter(clock.New(), dir)
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "move the file away") {
			t.Errorf("%s: %v", name, err)
		}
		if kept, err := os.ReadFile(path); string(kept) != text {
			t.Errorf("%s: the file was changed to %q, %v", name, kept, err)
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	m := NewMeter(clock.New())
	cause := Cause{User: "gnmRp2uuRJVLbYNHXCtOdnwlGUj2", Service: "client", Action: "RunQuery", Collection: "users/{}/timetables/{}/lectures"}
	for b.Loop() {
		m.Add(FirestoreReads, cause, 3)
	}
}

func BenchmarkSetLevel(b *testing.B) {
	m := NewMeter(clock.New())
	for b.Loop() {
		m.SetLevel(FirestoreStored, "projects/p/databases/(default)", 123456789)
	}
}
