package measure

import (
	"fmt"
	"io"
	"maps"
	"math/big"
	"slices"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/emulator/billing"
)

func printRegistration(w io.Writer, r *Registration, prices *billing.Prices) {
	o, p := r.Options, r.Played
	fmt.Fprintf(w, "%s students open the app within %v, %s of them add a lecture; seed %d.\n",
		table.Count(o.Students), o.Minute, table.Count(o.Writers), o.Seed)
	fmt.Fprintf(w, "%s have an old app, %s sign in. Everybody loads the new list: %s compressed.\n\n",
		table.Count(r.OldClients), table.Count(r.SignIns), table.Bytes(r.ListBytes))
	printPlayed(w, p)
	fmt.Fprintf(w, "\nErrors: %s.\n", table.Counted(p.Failed, "student"))
	for _, text := range slices.Sorted(maps.Keys(p.Errors)) {
		fmt.Fprintf(w, "  %6s × %s\n", table.Count(p.Errors[text]), text)
	}
	fmt.Fprintf(w, "It took %.0f s, at a load average of %s. CPU time: local cloud %.1f s, auth %.1f s, compat-server %.1f s, students %.1f s.\n\n",
		p.Took.Seconds(), p.Load, p.CloudCPU.Seconds(), p.AuthCPU.Seconds(), p.CompatCPU.Seconds(), p.StudentsCPU.Seconds())
	printMinuteUsage(w, r.Usage, prices)
	fmt.Fprintf(w, "\nCloud Run, modelled: an instance starts in %v and the start of its process, a call to Firestore or Authentication takes %v.\n\n",
		o.PlatformStart, o.BackendCall)
	printCalls(w, r.Calls)
	fmt.Fprintln(w)
	printServices(w, r.Services, prices)
}

func printPlayed(w io.Writer, p *Played) {
	columns := []table.Column{{Title: "played against the local cloud"}, {Title: "times", Right: true}, {Title: "median", Right: true}, {Title: "p99", Right: true}, {Title: "longest", Right: true}}
	var rows [][]string
	for _, row := range []struct {
		name string
		q    quantiles
	}{
		{"a student begins later than planned", p.Late}, {"sign in", p.SignIn}, {"the course list is there", p.List},
		{"everything is there", p.Open}, {"… in an old app", p.OldOpen}, {"a lecture is saved", p.Write}, {"… and shown by the listener", p.Seen},
		{"a lecture is saved by an old app", p.OldWrite},
	} {
		rows = append(rows, []string{row.name, table.Count(int(row.q.N)), seconds(row.q.P50), seconds(row.q.P99), seconds(row.q.Max)})
	}
	table.Write(w, columns, rows)
}

// printMinuteUsage prints what was billed, at list price.
func printMinuteUsage(w io.Writer, u billing.Usage, prices *billing.Prices) {
	var rows [][]string
	total := new(big.Rat)
	for _, item := range []billing.Item{
		billing.FirestoreReads, billing.FirestoreWrites, billing.FirestoreDeletes, billing.FirestoreEgress,
		billing.StorageClassB, billing.StorageEgress, billing.AuthActiveUsers,
	} {
		cost := prices.List(item, u.Amount(item), billing.MonthOf(u.Until)).USD()
		total.Add(total, cost)
		rows = append(rows, []string{string(item), table.Count(int(u.Amount(item))), "$" + cost.FloatString(4)})
	}
	rows = append(rows, []string{"together", "", "$" + total.FloatString(4)})
	table.Write(w, []table.Column{{Title: "billed"}, {Title: "amount", Right: true}, {Title: "list price", Right: true}}, rows)
}

func printCalls(w io.Writer, calls []Call) {
	var rows [][]string
	for _, c := range calls {
		rows = append(rows, []string{c.Service, c.Name, fmt.Sprintf("%.2f ms", float64(c.CPU.Microseconds())/1000), fmt.Sprint(c.Waits)})
	}
	table.Write(w, []table.Column{{Title: "service"}, {Title: "call"}, {Title: "CPU", Right: true}, {Title: "calls to wait for", Right: true}}, rows)
}

func printServices(w io.Writer, services []ServiceMinute, prices *billing.Prices) {
	columns := []table.Column{
		{Title: "service"}, {Title: "scenario"}, {Title: "start", Right: true}, {Title: "calls", Right: true}, {Title: "refused", Right: true}, {Title: "instances", Right: true},
		{Title: "median", Right: true}, {Title: "p99", Right: true}, {Title: "longest", Right: true}, {Title: "list price", Right: true},
	}
	var rows [][]string
	for _, s := range services {
		cost := new(big.Rat)
		for _, item := range []billing.Item{billing.RunRequests, billing.RunCPU, billing.RunMemory} {
			cost.Add(cost, prices.List(item, s.Usage.Amount(item), billing.MonthOf(s.Usage.Until)).USD())
		}
		rows = append(rows, []string{
			s.Service, s.Scenario, seconds(s.Start), table.Count(s.Requests), table.Count(s.Refused), fmt.Sprintf("%d of %d", s.Instances, s.MaxInstances),
			seconds(s.Quantile(0.5)), seconds(s.Quantile(0.99)), seconds(s.Quantile(1)), "$" + cost.FloatString(4),
		})
	}
	table.Write(w, columns, rows)
}

// seconds formats a time of a student: milliseconds below ten seconds.
func seconds(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
