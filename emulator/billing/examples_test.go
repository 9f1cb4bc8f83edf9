package billing

import (
	"math/big"
	"testing"
)

// worked is an example with the amounts of a month, and what its page says that it costs.
type worked struct {
	source string
	prices map[Item]string
	days   int            // on which the amounts are used, evenly
	total  map[Item]int64 // counted items of the month
	level  map[Item]int64 // stored items, all the time
	want   string         // the total in dollars
	list   bool           // the page does not deduct free amounts
}

const (
	chatExample      = "https://cloud.google.com/firestore/docs/billing-example"
	firestorePricing = "https://cloud.google.com/firestore/pricing"
	storageExample   = "https://cloud.google.com/storage/pricing-examples"
	schedulerPricing = "https://cloud.google.com/scheduler/pricing"
	secretPricing    = "https://cloud.google.com/secret-manager/pricing"
	runPricing       = "https://cloud.google.com/run/pricing"
	tasksPricing     = "https://cloud.google.com/tasks/pricing"
	identityPricing  = "https://cloud.google.com/identity-platform/pricing"
	storagePricing   = "https://cloud.google.com/storage/pricing"
	hostingPricing   = "https://firebase.google.com/docs/hosting/usage-quotas-pricing"
)

// nam5 are Firestore's prices in the multi-region nam5.
var nam5 = map[Item]string{
	FirestoreReads:   "price: 0.06, per: 100000, unit: read, free: {amount: 50000, every: day}",
	FirestoreWrites:  "price: 0.18, per: 100000, unit: write, free: {amount: 20000, every: day}",
	FirestoreDeletes: "price: 0.02, per: 100000, unit: delete, free: {amount: 20000, every: day}",
	FirestoreStored:  "price: 0.18, unit: GB-month, free: {amount: 1, every: day}",
	FirestoreEgress:  "price: 0.12, unit: GB, free: {amount: 10, every: month}",
}

var tier1 = map[Item]string{
	RunRequests: "price: 0.40, per: 1000000, unit: request, free: {amount: 2000000, every: month}",
	RunCPU:      "price: 0.000024, unit: vCPU-second, free: {amount: 180000, every: month}",
	RunMemory:   "price: 0.0000025, unit: GiB-second, free: {amount: 360000, every: month}",
}

var tier2 = map[Item]string{
	RunCPU:    "price: 0.0000336, unit: vCPU-second, free: {amount: 180000, every: month, at: 0.000024}",
	RunMemory: "price: 0.0000035, unit: GiB-second, free: {amount: 360000, every: month, at: 0.0000025}",
}

var (
	jobs    = map[Item]string{SchedulerJobs: "price: 0.10, unit: job-month, free: {amount: 3, every: month}"}
	secrets = map[Item]string{
		SecretVersions: "price: 0.06, unit: version-month, free: {amount: 6, every: month}",
		SecretAccesses: "price: 0.03, per: 10000, unit: access, free: {amount: 10000, every: month}",
	}
	taskPrices = map[Item]string{TasksOperations: "price: 0.40, per: 1000000, unit: operation, free: {amount: 1000000, every: month}"}
	users      = map[Item]string{AuthActiveUsers: "tiers: [{from: 0, price: 0.0055}, {from: 100000, price: 0.0046}, {from: 1000000, price: 0.0032}], unit: user, free: {amount: 50000, every: month}"}
	hosting    = map[Item]string{
		HostingStored: "price: 0.026, unit: GB-month, free: {amount: 10, every: month}",
		HostingEgress: "price: 0.15, unit: GB, free: {amount: 10, every: month}",
	}
	toAsia  = map[Item]string{StorageEgress: "tiers: [{from: 0, price: 0.12}, {from: 10240, price: 0.11}, {from: 153600, price: 0.08}], unit: GiB"}
	usEast1 = map[Item]string{
		StorageStored: "price: 0.020, unit: GB-month",
		StorageClassA: "price: 0.005, per: 1000, unit: operation",
		StorageClassB: "price: 0.0004, per: 1000, unit: operation",
		StorageEgress: "price: 0.12, unit: GB",
	}
)

const (
	gb         = 1_000_000_000
	gib        = 1 << 30
	vcpuSecond = 1000        // vCPU-milliseconds
	gibSecond  = 1024 * 1000 // MiB-milliseconds
)

// examples are Google's worked examples, and applications of what its pages say in a sentence. Google rounds
// each line to the cent, and sometimes GB stands for GiB.
var examples = map[string]worked{
	"a chat of 5,000 users a day": {chatExample, nam5, 30,
		map[Item]int64{FirestoreReads: 12_000_000, FirestoreWrites: 3_000_000, FirestoreDeletes: 3_000_000, FirestoreEgress: 3 * gb},
		map[Item]int64{FirestoreStored: 6.75 * gb}, "12.14", false},
	"a chat of 100,000 users a day": {chatExample, nam5, 30,
		map[Item]int64{FirestoreReads: 240_000_000, FirestoreWrites: 60_000_000, FirestoreDeletes: 60_000_000, FirestoreEgress: 60 * gb},
		map[Item]int64{FirestoreStored: 135 * gb}, "292.02", false},
	"a chat of 1,000,000 users a day": {chatExample, nam5, 30,
		map[Item]int64{FirestoreReads: 2_400_000_000, FirestoreWrites: 600_000_000, FirestoreDeletes: 600_000_000, FirestoreEgress: 600 * gb},
		map[Item]int64{FirestoreStored: 1350 * gb}, "2951.52", false},
	"counting 50,000 messages each day": {chatExample, nam5, 30,
		map[Item]int64{FirestoreReads: 1500}, nil, "0.00", true}, // $0.0009
	"counting 10,000,000 messages each day": {chatExample, nam5, 30,
		map[Item]int64{FirestoreReads: 300_000}, nil, "0.18", true},
	// The example of 2018, when the page had one.
	"100 GiB and 100,000,000 reads": {firestorePricing, nam5, 30,
		map[Item]int64{FirestoreReads: 100_000_000, FirestoreWrites: 50_000_000, FirestoreDeletes: 5_000_000},
		map[Item]int64{FirestoreStored: 100 * gb}, "166.72", false},
	"the simple example of Cloud Storage": {storageExample, usEast1, 30,
		map[Item]int64{StorageClassA: 10_000, StorageClassB: 50_000, StorageEgress: 1 * gb},
		map[Item]int64{StorageStored: 50 * gb}, "1.19", false},
	"20 TiB to Asia in a month":                {storagePricing, toAsia, 30, map[Item]int64{StorageEgress: 20 << 40}, nil, "2355.20", true}, // 10 TiB × 0.12 + 10 TiB × 0.11
	"200 TiB to Asia in a month":               {storagePricing, toAsia, 30, map[Item]int64{StorageEgress: 200 << 40}, nil, "21094.40", true},
	"what Hosting gives for free":              {hostingPricing, hosting, 30, map[Item]int64{HostingEgress: 10 * gb}, map[Item]int64{HostingStored: 10 * gb}, "0.00", false},
	"12 GB stored and 30 GB sent":              {hostingPricing, hosting, 30, map[Item]int64{HostingEgress: 30 * gb}, map[Item]int64{HostingStored: 12 * gb}, "3.05", false}, // 2 × 0.026 + 20 × 0.15
	"one job that runs every day":              {schedulerPricing, jobs, 30, nil, map[Item]int64{SchedulerJobs: 1}, "0.10", true},
	"10 jobs of one billing account":           {schedulerPricing, jobs, 30, nil, map[Item]int64{SchedulerJobs: 10}, "0.70", false},
	"25,000 accesses are 2.5 times 10,000":     {secretPricing, secrets, 1, map[Item]int64{SecretAccesses: 25_000}, nil, "0.08", true}, // $0.075
	"the free versions and accesses":           {secretPricing, secrets, 30, map[Item]int64{SecretAccesses: 10_000}, map[Item]int64{SecretVersions: 6}, "0.00", false},
	"the first million tasks":                  {tasksPricing, taskPrices, 30, map[Item]int64{TasksOperations: 1_000_000}, nil, "0.00", false},
	"5 million tasks":                          {tasksPricing, taskPrices, 30, map[Item]int64{TasksOperations: 5_000_000}, nil, "1.60", false},
	"250,000 active users":                     {identityPricing, users, 3, map[Item]int64{AuthActiveUsers: 250_000}, nil, "965.00", false}, // 50,000 × 0.0055 + 150,000 × 0.0046
	"Cloud Run's free tier in Iowa":            {runPricing, tier1, 30, map[Item]int64{RunRequests: 2_000_000, RunCPU: 180_000 * vcpuSecond, RunMemory: 360_000 * gibSecond}, nil, "0.00", false},
	"a million vCPU-seconds in Iowa":           {runPricing, tier1, 30, map[Item]int64{RunCPU: 1_000_000 * vcpuSecond}, nil, "19.68", false},
	"a million vCPU-seconds in Seoul":          {runPricing, tier2, 30, map[Item]int64{RunCPU: 1_000_000 * vcpuSecond}, nil, "29.28", false}, // 33.60 less a discount of 4.32
	"128,571 vCPU-seconds in Seoul":            {runPricing, tier2, 30, map[Item]int64{RunCPU: 128_571 * vcpuSecond, RunMemory: 257_142 * gibSecond}, nil, "0.00", false},
	"256 MiB for 4 million seconds in Seoul":   {runPricing, tier2, 30, map[Item]int64{RunMemory: 256 * 1000 * 4_000_000}, nil, "3.50", true}, // as 1 GiB for a million seconds
	"1 GiB for a million seconds in Seoul":     {runPricing, tier2, 30, map[Item]int64{RunMemory: 1_000_000 * gibSecond}, nil, "3.50", true},
	"a month in which Cloud Run does not work": {runPricing, tier2, 30, nil, nil, "0.00", false},
}

func TestWorkedExamples(t *testing.T) {
	for name, e := range examples {
		t.Run(name, func(t *testing.T) {
			// April has 30 days of 24 hours.
			bill := pricesWith(t, e.prices).Bill(e.usage("2026-04"), "2026-04")
			sum := bill.Total
			if e.list {
				sum = bill.List
			}
			if got := sum.USD().FloatString(2); got != e.want {
				t.Errorf("costs %s dollars; %s says %s", got, e.source, e.want)
			}
		})
	}
}

// usage spreads the example's amounts over a month.
func (e worked) usage(month Month) Usage {
	sums := daySums{}
	dates := month.dates()
	for item, total := range e.total {
		for i := range e.days {
			amount := total / int64(e.days)
			if int64(i) < total%int64(e.days) {
				amount++
			}
			sums.add(dates[i], item, Cause{}, amount)
		}
	}
	for item, amount := range e.level {
		for _, date := range dates {
			from, to := date.bounds()
			sums.add(date, item, Cause{}, amount*int64(to.Sub(from).Seconds()))
		}
	}
	_, until := month.Bounds()
	return Usage{Until: until, Days: sums.days()}
}

// A secret version that is active for two days costs two days' share of the month.
//
// Source: https://cloud.google.com/secret-manager/pricing
func TestVersionOfTwoDays(t *testing.T) {
	u := Usage{Days: []Day{{"2026-04-10", []Amount{{SecretVersions, Cause{}, 86400}}}, {"2026-04-11", []Amount{{SecretVersions, Cause{}, 86400}}}}}
	bill := pricesWith(t, secrets).Bill(u, "2026-04")
	if want := big.NewRat(6*2, 100*30); bill.List.USD().Cmp(want) != 0 {
		t.Errorf("costs %s dollars, want %s", bill.List.USD().FloatString(6), want.FloatString(6))
	}
}
