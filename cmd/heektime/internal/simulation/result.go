package simulation

import (
	"maps"
	"slices"
	"strings"
	"time"

	"heek.kr/heektime/emulator/billing"
)

// Result is what was counted while a month was played.
type Result struct {
	Month     billing.Month `json:"month"`
	Played    int           `json:"played"` // students
	Seed      uint64        `json:"seed"`
	Behaviour *Behaviour    `json:"behaviour"`
	Counts    Counts        `json:"counts"`
	Changes   int           `json:"listChanges"`
	// Errors are what services logged as errors. A month with errors is no measurement.
	Errors []string `json:"errors"`

	usage    billing.Usage
	log      *runLog
	minutes  map[int64]minute
	requests map[int64]int
}

// Outcome is what a month costs for a number of students.
type Outcome struct {
	Students int `json:"students"`
	// Copies is how many students one that was played stands for: 1 if all were played.
	Copies       int           `json:"copies"`
	Usage        billing.Usage `json:"-"`
	Bill         *billing.Bill `json:"bill"`
	PeakDay      billing.Date  `json:"peakDay"`
	PeakDayCost  billing.Money `json:"peakDayCost"`
	PeakMinute   Peak          `json:"peakMinute"`
	Refused      int           `json:"refused"` // requests, by Cloud Run, in the whole month
	Alternatives []Alternative `json:"alternatives"`

	prices *billing.Prices
}

// Peak is the minute in which students make the most requests.
type Peak struct {
	At        time.Time `json:"at"`
	Requests  int       `json:"requests"`
	Reads     int64     `json:"reads"`
	Writes    int64     `json:"writes"`
	Instances int       `json:"instances"`
}

// Of returns what a month costs for a number of students, which is a multiple of those that were
// played. The usage of students is multiplied; that of the jobs, of the refreshes, and what is stored
// of course lists, images and secrets is not.
func (r *Result) Of(students int, prices *billing.Prices) *Outcome {
	copies := max(1, students/r.Played)
	run := r.log.model(copies)
	u := addRun(multiply(r.usage, int64(copies), r.Behaviour.Schools), run, r.log)
	o := &Outcome{Students: copies * r.Played, Copies: copies, Usage: u, Bill: prices.Bill(u, r.Month), Refused: run.refused, prices: prices}
	for _, day := range o.Bill.Days {
		if o.PeakDay == "" || day.List.Cmp(o.PeakDayCost) > 0 {
			o.PeakDay, o.PeakDayCost = day.Date, day.List
		}
	}
	for _, day := range o.Bill.Days {
		if day.Date == o.PeakDay {
			o.PeakDayCost = day.Cost
		}
	}
	o.PeakMinute = r.peak(copies, run)
	o.Alternatives = r.alternatives(o, prices)
	return o
}

// peak returns the busiest minute. Everything that Firestore is asked for in a visit counts in the
// minute in which the visit begins.
func (r *Result) peak(copies int, run runUsage) Peak {
	var at int64
	for _, m := range slices.Sorted(maps.Keys(r.requests)) {
		if r.requests[m] > r.requests[at] {
			at = m
		}
	}
	p := Peak{
		At: time.Unix(at*60, 0).UTC(), Requests: r.requests[at] * copies,
		Reads: r.minutes[at].reads * int64(copies), Writes: r.minutes[at].writes * int64(copies),
	}
	for m := at - 1; m <= at+1; m++ { // copies of a request arrive up to half a minute earlier or later
		p.Instances = max(p.Instances, run.most[m])
	}
	return p
}

// multiply multiplies what students use. Firestore's stored bytes are nearly all theirs.
func multiply(u billing.Usage, copies int64, schools int) billing.Usage {
	out := billing.Usage{Since: u.Since, Until: u.Until}
	for _, day := range u.Days {
		d := billing.Day{Date: day.Date}
		for _, a := range day.Amounts {
			if isStudents(a) {
				a.Amount *= copies
			}
			d.Amounts = append(d.Amounts, a)
		}
		out.Days = append(out.Days, d)
	}
	addSweeps(u, out, copies)
	addCatalogs(u, out, copies, schools)
	return out
}

// ReadsCatalog reports whether a cause is compat-server's reading of the schools and semesters, which an
// instance does once in five minutes, however many students call.
func ReadsCatalog(c billing.Cause) bool {
	return c.Service == "compat-server" && (strings.HasSuffix(c.Collection, "schools") || strings.HasSuffix(c.Collection, "semesters"))
}

// addCatalogs adds the reads of the catalog when more students call: at most those of one instance that is
// called all day. There are so many schools, each with a semester or two.
func addCatalogs(u, out billing.Usage, copies int64, schools int) {
	for i, day := range u.Days {
		read := billing.Usage{Days: []billing.Day{day}}.AmountOf(billing.FirestoreReads, ReadsCatalog)
		allDay := int64(24 * 60 / 5 * 2 * schools)
		if more := min(read*copies, max(read, allDay)) - read; more > 0 {
			cause := billing.Cause{Service: "compat-server", Action: "schools"}
			out.Days[i].Amounts = append(out.Days[i].Amounts, billing.Amount{Item: billing.FirestoreReads, Cause: cause, Amount: more})
		}
	}
}

// maxSweep is how many operations a sweep may bill: SWEEP_OPERATIONS in docs/deployment.md.
const maxSweep = 5000

// addSweeps adds what the weekly sweep reads and writes of more students to out, a copy of u. A sweep is what
// cleanup uses on a day beyond the day on which it uses least, when it only purges.
func addSweeps(u, out billing.Usage, copies int64) {
	for _, item := range []billing.Item{billing.FirestoreReads, billing.FirestoreWrites, billing.FirestoreDeletes} {
		used := make([]int64, len(u.Days))
		for i, day := range u.Days {
			used[i] = billing.Usage{Days: []billing.Day{day}}.AmountOf(item, func(c billing.Cause) bool { return c.Service == "cleanup" })
		}
		for i, n := range used {
			sweep := n - slices.Min(used)
			if more := min(sweep*copies, max(sweep, maxSweep)) - sweep; more > 0 {
				cause := billing.Cause{Service: "cleanup", Action: "sweep"}
				out.Days[i].Amounts = append(out.Days[i].Amounts, billing.Amount{Item: item, Cause: cause, Amount: more})
			}
		}
	}
}

// isStudents reports whether an amount grows with the number of students.
func isStudents(a billing.Amount) bool {
	switch a.Item {
	case billing.FirestoreStored:
		return true
	case billing.StorageStored, billing.HostingStored, billing.SchedulerJobs, billing.SecretVersions, billing.ImagesStored, billing.SecretAccesses:
		return false
	case billing.StorageClassA, billing.StorageClassB: // compat-server reads each list once, whoever asks for it
		return a.Cause.Service == billing.Client
	case billing.TasksOperations, billing.FirestoreTTLDeletes:
		return false
	}
	return isMultiplied(a.Cause.Service) && !ReadsCatalog(a.Cause)
}

// addRun adds what the instances of Cloud Run are billed.
func addRun(u billing.Usage, run runUsage, log *runLog) billing.Usage {
	for i, day := range u.Days {
		for _, service := range slices.Sorted(maps.Keys(run.busy[day.Date])) {
			busy, s := run.busy[day.Date][service].Milliseconds(), log.services[service]
			cause := billing.Cause{Service: service, Action: "instances"}
			u.Days[i].Amounts = append(u.Days[i].Amounts,
				billing.Amount{Item: billing.RunCPU, Cause: cause, Amount: busy * int64(s.MilliCPU) / 1000},
				billing.Amount{Item: billing.RunMemory, Cause: cause, Amount: busy * int64(s.MemoryMiB)})
		}
	}
	return u
}

// byService returns a bill's cost by service, in the order of the bill.
func byService(b *billing.Bill) (names []string, costs map[string]billing.Money) {
	costs = map[string]billing.Money{}
	for _, line := range b.Lines {
		if _, ok := costs[line.Service]; !ok {
			names = append(names, line.Service)
		}
		costs[line.Service] = costs[line.Service].Add(line.Cost)
	}
	return names, costs
}

// won returns an amount in won.
func won(m billing.Money) float64 {
	f, _ := m.Won().Float64()
	return f
}
