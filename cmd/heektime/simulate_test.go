package main

import (
	"fmt"
	"maps"
	"testing"

	"heek.kr/heektime/cmd/heektime/internal/firebase"
	"heek.kr/heektime/cmd/heektime/internal/simulation"
	"heek.kr/heektime/emulator/billing"
)

// smallBehaviour is a busy day with a short list.
const smallBehaviour = `
registrationDays: [1, 2]
registration: {opens: 2, searches: 0.7, adds: 1.5, removes: 1, views: 0.5}
rush: {days: [2], at: "10:00", minutes: 2, share: 1}
clients: {old: 0.2, field: 0.4, current: 0.4}
signUps: 0.2
signInsAgain: 0.3
plans: 2
list: {lectures: 60, changes: 6, schedule: "0 */3 * * *"}
`

// simulated plays a day.
func simulated(t *testing.T, students, concurrency, distinct int) *simulation.Result {
	t.Helper()
	b, err := simulation.ParseBehaviour("test", []byte(smallBehaviour))
	if err != nil {
		t.Fatal(err)
	}
	project, err := firebase.Find("../../firebase.json")
	if err != nil {
		t.Fatal(err)
	}
	r, err := simulation.Run(t.Context(), simulation.Config{
		Behaviour: b, Month: "2026-08", Days: 1, Students: students, Seed: 7, Concurrency: concurrency, Distinct: distinct,
		Firebase: project, Services: services,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range r.Errors {
		t.Errorf("a service logged an error: %s", e)
	}
	return r
}

// TestSimulation plays 20 students twice, and 40 of whom 20 do what the others do. It does not run in
// parallel with other tests: a process can have one local cloud with our services.
func TestSimulation(t *testing.T) {
	keepEnvironment(t)
	prices := billing.DefaultPrices()
	one, other, twice := simulated(t, 20, 1, 0), simulated(t, 20, 8, 0), simulated(t, 40, 8, 20)
	t.Run("reproducible", func(t *testing.T) { checkReproducible(t, prices, one, other) })
	t.Run("counted as played", func(t *testing.T) { checkCounted(t, one.Of(40, prices), twice.Of(40, prices)) })
}

// checkReproducible checks that the same seed gives the same bill to the won, however many students are
// played at the same time. All amounts are equal, except that lines of logs have durations in them, that compressed
// responses with random IDs and tokens differ by a few bytes, and that a listener now and then gets a message more, without
// documents, of some two hundred bytes.
func checkReproducible(t *testing.T, prices *billing.Prices, one, other *simulation.Result) {
	a, b := one.Of(20, prices), other.Of(20, prices)
	for _, line := range a.Bill.Lines {
		x, y, most := a.Usage.Amount(line.Item), b.Usage.Amount(line.Item), int64(0)
		switch line.Item {
		case billing.LoggingBytes, billing.HostingEgress, billing.RunEgress:
			most = x / 20
		case billing.FirestoreEgress:
			most = x / 200
		}
		if x-y < -most || x-y > most {
			t.Errorf("%s: %d, and with the same seed %d: %s", line.Item, x, y, differences(a.Usage, b.Usage, line.Item))
		}
	}
	if a.Bill.Total.IsZero() || a.Bill.Total.String() != b.Bill.Total.String() {
		t.Errorf("the bill is %s, and with the same seed %s", a.Bill.Total, b.Bill.Total)
	}
	if fmt.Sprint(a.PeakMinute) != fmt.Sprint(b.PeakMinute) || fmt.Sprint(one.Counts) != fmt.Sprint(other.Counts) {
		t.Errorf("peak %v, %v; counts %v, %v", a.PeakMinute, b.PeakMinute, one.Counts, other.Counts)
	}
	for _, item := range []billing.Item{
		billing.FirestoreReads, billing.FirestoreWrites, billing.FirestoreDeletes, billing.StorageEgress, billing.StorageClassB,
		billing.HostingEgress, billing.RunRequests, billing.RunCPU, billing.TasksOperations, billing.AuthActiveUsers,
	} {
		if a.Usage.Amount(item) == 0 {
			t.Errorf("nobody used %s", item)
		}
	}
	if one.Counts.Cached == 0 {
		t.Errorf("no client used its HTTP cache: %+v", one.Counts)
	}
}

// differences says which actions used more or less of an item.
func differences(a, b billing.Usage, item billing.Item) string {
	sums := map[string][2]int64{}
	for i, u := range []billing.Usage{a, b} {
		for _, day := range u.Days {
			for _, amount := range day.Amounts {
				if amount.Item == item {
					key := amount.Cause.Service + " " + amount.Cause.Action + " " + amount.Cause.Collection
					both := sums[key]
					both[i] += amount.Amount
					sums[key] = both
				}
			}
		}
	}
	maps.DeleteFunc(sums, func(_ string, both [2]int64) bool { return both[0] == both[1] })
	return fmt.Sprint(sums)
}

// checkCounted checks that what is counted for twice as many students is what they use when they are
// played, within a hundredth: accounts and networks have other names.
func checkCounted(t *testing.T, counted, played *simulation.Outcome) {
	if counted.Copies != 2 || played.Copies != 1 {
		t.Fatalf("copies %d and %d, want 2 and 1", counted.Copies, played.Copies)
	}
	for _, item := range []billing.Item{
		billing.FirestoreReads, billing.FirestoreWrites, billing.FirestoreDeletes, billing.FirestoreEgress,
		billing.StorageClassB, billing.StorageEgress, billing.HostingEgress, billing.AuthActiveUsers,
	} {
		students := func(c billing.Cause) bool { return !simulation.ReadsCatalog(c) && c.Action != "schools" }
		c, p := counted.Usage.AmountOf(item, students), played.Usage.AmountOf(item, students)
		if most := p/100 + 2; c-p < -most || c-p > most {
			t.Errorf("%s: counted %d, played %d", item, c, p)
		}
	}
}
