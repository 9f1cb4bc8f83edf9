package billing

import (
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// randomUsage is a month of random amounts of everything.
func randomUsage(seed uint64, month Month) Usage {
	random := rand.New(rand.NewPCG(seed, seed))
	sums := daySums{}
	for _, date := range month.dates() {
		for range 60 {
			info := items[random.IntN(len(items))]
			cause := Cause{
				User: fmt.Sprint("u", random.IntN(5)), Service: []string{"client", "refresh"}[random.IntN(2)],
				Action: fmt.Sprint("a", random.IntN(4)), Collection: fmt.Sprint("c", random.IntN(3)),
			}
			if info.dimension.isLevel() {
				cause = Cause{Collection: cause.Collection}
			}
			sums.add(date, info.item, cause, random.Int64N(1<<(10+random.IntN(40))))
		}
	}
	from, until := month.Bounds()
	return Usage{Since: from, Until: until, Days: sums.days()}
}

// The days, the lines and the shares each add up to the same, exactly; and the same usage gives the same bill.
func TestBillAddsUp(t *testing.T) {
	for seed := range uint64(5) {
		month := Month("2026-11")
		u := randomUsage(seed, month)
		bill := DefaultPrices().Bill(u, month)
		lines, days, list := Money{}, Money{}, Money{}
		for _, line := range bill.Lines {
			lines = lines.Add(line.Cost)
			if line.Billed.Rat().Sign() < 0 || line.Free.Rat().Cmp(line.Amount.Rat()) > 0 {
				t.Errorf("%s: %s used, %s free, %s billed", line.Item, line.Amount, line.Free, line.Billed)
			}
		}
		for _, day := range bill.Days {
			if day.Cost.USD().Sign() < 0 {
				t.Errorf("%s costs %s", day.Date, day.Cost)
			}
			days, list = days.Add(day.Cost), list.Add(day.List)
		}
		if lines.Cmp(bill.Total) != 0 || days.Cmp(bill.Total) != 0 || list.Cmp(bill.List) != 0 || bill.Projection.Cmp(bill.Total) != 0 {
			t.Errorf("the lines add up to %s, the days to %s, the total is %s, the projection %s", lines, days, bill.Total, bill.Projection)
		}
		for name, shares := range map[string][]Share{"actions": bill.Actions, "users": bill.Users, "collections": bill.Collections, "services": bill.Services} {
			sum := Money{}
			for _, s := range shares {
				sum = sum.Add(s.List)
			}
			if sum.Cmp(bill.List) != 0 {
				t.Errorf("the %s add up to %s, not to %s", name, sum, bill.List)
			}
		}
		first, err := json.Marshal(bill)
		if err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(DefaultPrices().Bill(randomUsage(seed, month), month))
		if err != nil || string(first) != string(again) {
			t.Errorf("the same usage gives another bill: %v", err)
		}
	}
}

// What is free on a day cannot be used on another.
func TestFreeEveryDay(t *testing.T) {
	p := DefaultPrices()
	even, burst := daySums{}, daySums{}
	for _, date := range Month("2026-11").dates() {
		even.add(date, FirestoreReads, Cause{}, 50_000)
	}
	burst.add("2026-11-05", FirestoreReads, Cause{}, 30*50_000)
	if got := p.Bill(Usage{Days: even.days()}, "2026-11").Total; !got.IsZero() {
		t.Errorf("50,000 reads each day cost %s", got)
	}
	bill := p.Bill(Usage{Days: burst.days()}, "2026-11")
	if got, want := bill.Total.USD(), big.NewRat(29*50_000*38, 100_000*1000); got.Cmp(want) != 0 {
		t.Errorf("as many on one day cost %s, want %s", got.FloatString(4), want.FloatString(4))
	}
	if got := bill.Days[4].Cost.Won().FloatString(0); got != "771" {
		t.Errorf("the day costs %s won, want 771", got)
	}
	if bill.Days[3].Cost.IsZero() != true || bill.Line(FirestoreReads).Free.String() != "50,000" {
		t.Errorf("line %+v", bill.Line(FirestoreReads))
	}
}

// A level below the free amount costs nothing, also on the days on which the clocks change.
func TestFreeLevel(t *testing.T) {
	for _, month := range []Month{"2026-02", "2026-03", "2026-11", "2026-12"} {
		e := worked{level: map[Item]int64{FirestoreStored: gib, SchedulerJobs: 3, HostingStored: 10 * gb}}
		if got := DefaultPrices().Bill(e.usage(month), month).Total; !got.IsZero() {
			t.Errorf("%s: what is free costs %s", month, got)
		}
		e = worked{level: map[Item]int64{FirestoreStored: 3 * gib}}
		if got := DefaultPrices().Bill(e.usage(month), month).Total.USD().FloatString(6); got != "0.230000" {
			t.Errorf("%s: 2 GiB more than free cost %s dollars, want 0.23", month, got)
		}
	}
}

// A usage of other months is not in the bill.
func TestBillOfAMonth(t *testing.T) {
	u := Usage{Days: []Day{
		{"2026-10-31", []Amount{{TasksOperations, Cause{}, 5_000_000}}},
		{"2026-11-01", []Amount{{TasksOperations, Cause{}, 1_500_000}}},
	}}
	p := DefaultPrices()
	for month, want := range map[Month]string{"2026-10": "$1.60 (₩2,240)", "2026-11": "$0.20 (₩280)", "2026-12": "$0.00 (₩0)"} {
		bill := p.Bill(u, month)
		if got := bill.Total.String(); got != want || bill.Projection.String() != want {
			t.Errorf("%s costs %s, want %s", month, got, want)
		}
	}
}

// The projection continues what was counted to the end of the month, the free amounts of the coming days
// deducted.
func TestProjection(t *testing.T) {
	at := func(text string) time.Time {
		got, err := time.ParseInLocation(time.DateTime, text, pacific)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for name, c := range map[string]struct {
		since, until string
		amounts      map[Date]int64 // of reads
		want         int64          // reads billed in the month
	}{
		"half of a month": {"2026-03-20 00:00:00", "2026-04-16 00:00:00",
			map[Date]int64{"2026-04-01": 15 * 150_000}, 15*150_000 - 50_000 + 15*100_000},
		"a day so far": {"2026-04-29 00:00:00", "2026-04-30 00:00:00",
			map[Date]int64{"2026-04-29": 60_000}, 10_000 + 10_000},
		"a minute": {"2026-04-29 00:00:00", "2026-04-29 00:01:00", // as if it had been a day, most of which is to come
			map[Date]int64{"2026-04-29": 144_000}, 144_000 + (144_000 - 100) - 50_000 + 94_000},
		"the end of the month": {"2026-04-01 00:00:00", "2026-05-01 00:00:00",
			map[Date]int64{"2026-04-01": 60_000}, 10_000},
		"another month": {"2026-05-02 00:00:00", "2026-05-03 00:00:00",
			map[Date]int64{"2026-04-01": 60_000}, 10_000},
	} {
		sums := daySums{}
		for date, n := range c.amounts {
			sums.add(date, FirestoreReads, Cause{}, n)
		}
		bill := DefaultPrices().Bill(Usage{Since: at(c.since), Until: at(c.until), Days: sums.days()}, "2026-04")
		if want := big.NewRat(c.want*38, 100_000*1000); bill.Projection.USD().Cmp(want) != 0 {
			t.Errorf("%s: %s projected, want %s", name, bill.Projection.USD().FloatString(6), want.FloatString(6))
		}
	}
}

// What is stored is expected to stay, however short it has been there.
func TestProjectionOfLevels(t *testing.T) {
	from, _ := Month("2026-04").Bounds()
	u := Usage{Since: from, Until: from.Add(time.Hour), Days: []Day{{"2026-04-01", []Amount{{FirestoreStored, Cause{}, 11 * gib * 3600}}}}}
	if got := DefaultPrices().Bill(u, "2026-04").Projection.USD().FloatString(6); got != "1.150000" {
		t.Errorf("11 GiB are projected to cost %s dollars, want 1.15", got)
	}
}

func TestShares(t *testing.T) {
	ann := Cause{User: "ann", Service: "client", Action: "open the app", Collection: "users/{}/timetables"}
	server := Cause{Service: "refresh", Action: "/refresh", Collection: "schools/{}/semesters"}
	u := Usage{Days: []Day{{"2026-11-03", []Amount{
		{FirestoreReads, ann, 300}, {FirestoreWrites, server, 200}, {FirestoreStored, Cause{Collection: "db"}, 1000},
	}}}}
	bill := DefaultPrices().Bill(u, "2026-11")
	names := func(shares []Share) string {
		var all []string
		for _, s := range shares {
			all = append(all, fmt.Sprintf("%s %s %s", s.Service, s.Name, s.List.USD().FloatString(6)))
		}
		return strings.Join(all, "; ")
	}
	for got, want := range map[string]string{
		names(bill.Actions):     "refresh /refresh 0.000230; client open the app 0.000114;  (stored) 0.000000",
		names(bill.Users):       "  0.000230;  ann 0.000114;  (stored) 0.000000",
		names(bill.Collections): " schools/{}/semesters 0.000230;  users/{}/timetables 0.000114;  db 0.000000",
		names(bill.Services):    " refresh 0.000230;  client 0.000114;   0.000000",
	} {
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if got := bill.Actions[1].Amounts[FirestoreReads]; got != 300 {
		t.Errorf("%d reads to open the app, want 300", got)
	}
	if p := bill.Actions[0].Percent; p < 66 || p > 67 {
		t.Errorf("the refresh is %v %% of the list price, want 66.9", p)
	}
	if !bill.Total.IsZero() {
		t.Errorf("%s is billed of what is free", bill.Total)
	}
}

// The bill between two usages has what was added, after what was still free.
func TestBillBetween(t *testing.T) {
	reads := func(n int64) Usage {
		return Usage{Days: []Day{{"2026-11-03", []Amount{{FirestoreReads, Cause{Action: "get"}, n}}}}}
	}
	before, after := reads(40_000), reads(60_000)
	bill := DefaultPrices().Bill(after, "2026-11").Between(before, after)
	line := bill.Line(FirestoreReads)
	if line.Amount.String() != "20,000" || line.Free.String() != "10,000" || line.Billed.String() != "10,000" {
		t.Errorf("%s used, %s free, %s billed", line.Amount, line.Free, line.Billed)
	}
	if got := bill.Total.USD().FloatString(6); got != "0.003800" || bill.List.USD().FloatString(6) != "0.007600" {
		t.Errorf("costs %s", got)
	}
	if bill.Days[2].Cost.Cmp(bill.Total) != 0 || len(bill.Actions) != 1 || bill.Actions[0].Amounts[FirestoreReads] != 20_000 {
		t.Errorf("day %+v, actions %+v", bill.Days[2], bill.Actions)
	}
}

func TestMoneyAndQuantities(t *testing.T) {
	for _, c := range []struct {
		won, dollars string
		text         string
	}{
		{"1400", "12.135", "$12.14 (₩16,989)"},
		{"1400", "0.0005", "$0.00 (₩1)"},
		{"1400", "1000000", "$1000000.00 (₩1,400,000,000)"},
		{"1400", "0", "$0.00 (₩0)"},
	} {
		usd, _ := new(big.Rat).SetString(c.dollars)
		if got := DefaultPrices().money(usd).String(); got != c.text {
			t.Errorf("%s dollars are %s, want %s", c.dollars, got, c.text)
		}
	}
	text, err := json.Marshal(map[string]any{"m": DefaultPrices().money(big.NewRat(38, 100_000_000)), "q": Quantity{big.NewRat(900000, 7)}, "zero": Money{}})
	if want := `{"m":{"usd":"0.00000038","won":"0.000532"},"q":"128571.428571429","zero":{"usd":"0","won":"0"}}`; err != nil || string(text) != want {
		t.Errorf("JSON %s, %v", text, err)
	}
	for text, want := range map[string]string{"0": "0", "999": "999", "1000": "1,000", "-1000": "-1,000", "-100": "-100", "1234567.5": "1,234,567.5"} {
		if got := grouped(text); got != want {
			t.Errorf("%s is grouped as %s", text, got)
		}
	}
}
