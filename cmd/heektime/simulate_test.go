package main

import (
	"fmt"
	"testing"

	"heek.kr/heektime/cmd/heektime/internal/firebase"
	"heek.kr/heektime/cmd/heektime/internal/simulation"
	"heek.kr/heektime/emulator/billing"
)

// smallBehaviour is a busy day or two with a short list.
const smallBehaviour = `
registrationDays: [1, 2, 3]
registration: {opens: 2, searches: 0.7, adds: 1.5, removes: 1, views: 0.5}
rush: {days: [2], at: "10:00", minutes: 2, share: 1}
clients: {old: 0.2, field: 0.4, current: 0.4}
signUps: 0.2
signInsAgain: 0.3
plans: 2
list: {lectures: 60, changes: 4, schedule: "0 */6 * * *"}
`

func simulated(t *testing.T, students, concurrency, distinct int, behaviour string) *simulation.Result {
	t.Helper()
	b, err := simulation.ParseBehaviour("test", []byte(behaviour))
	if err != nil {
		t.Fatal(err)
	}
	project, err := firebase.Find("../../firebase.json")
	if err != nil {
		t.Fatal(err)
	}
	r, err := simulation.Run(t.Context(), simulation.Config{
		Behaviour: b, Month: "2026-08", Days: 2, Students: students, Seed: 7, Concurrency: concurrency, Distinct: distinct,
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

// The same seed gives the same bill to the won, however many students are played at the same time: all amounts
// but those of logs, whose lines have durations in them, are equal.
func TestSimulationIsReproducible(t *testing.T) {
	prices := billing.DefaultPrices()
	one, other := simulated(t, 20, 1, 0, smallBehaviour), simulated(t, 20, 8, 0, smallBehaviour)
	a, b := one.Of(20, prices), other.Of(20, prices)
	if a.Bill.Total.IsZero() {
		t.Error("the month costs nothing: the test compares nothing")
	}
	for i, line := range a.Bill.Lines {
		if got := b.Bill.Lines[i]; line.Item != billing.LoggingBytes && got.Amount.Rat().Cmp(line.Amount.Rat()) != 0 {
			t.Errorf("%s: %s, and with the same seed %s", line.Item, line.Amount, got.Amount)
		}
	}
	if a.Bill.Total.Cmp(b.Bill.Total) != 0 {
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
}

// What is counted for twice as many students is what they use when they are played, if the others do exactly the
// same: Firestore and Storage to the read, bytes within a hundredth.
func TestCountedEqualsPlayed(t *testing.T) {
	prices := billing.DefaultPrices()
	counted := simulated(t, 20, 4, 0, smallBehaviour).Of(40, prices)
	played := simulated(t, 40, 4, 20, smallBehaviour).Of(40, prices)
	if counted.Copies != 2 || played.Copies != 1 {
		t.Fatalf("copies %d and %d, want 2 and 1", counted.Copies, played.Copies)
	}
	for _, item := range []billing.Item{
		billing.FirestoreReads, billing.FirestoreWrites, billing.FirestoreDeletes, billing.FirestoreEgress,
		billing.StorageClassB, billing.StorageEgress, billing.HostingEgress, billing.AuthActiveUsers,
	} {
		of := func(o *simulation.Outcome) int64 { return o.Usage.Amount(item) }
		if c, p := of(counted), of(played); c < p-p/100-2 || c > p+p/100+2 {
			t.Errorf("%s: counted %d, played %d", item, c, p)
		}
	}
}
