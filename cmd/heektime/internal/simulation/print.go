package simulation

import (
	"fmt"
	"io"
	"strings"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/emulator/billing"
)

// Print prints outcomes on one screen.
func Print(w io.Writer, r *Result, outcomes []*Outcome) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s, seed %d: %s of %s played one by one; %s\n\n", r.Month, r.Seed,
		table.Counted(r.Counts.Visits, "visit"), table.Counted(r.Played, "student"), counted(outcomes))
	columns := []table.Column{{Title: "₩ in the month"}}
	for _, o := range outcomes {
		columns = append(columns, table.Column{Title: table.Count(o.Students), Right: true})
	}
	names, _ := byService(outcomes[0].Bill)
	var rows [][]string
	row := func(name string, value func(*Outcome) string) {
		cells := []string{name}
		for _, o := range outcomes {
			cells = append(cells, value(o))
		}
		rows = append(rows, cells)
	}
	for _, name := range names {
		cost := func(o *Outcome) billing.Money { _, costs := byService(o.Bill); return costs[name] }
		if cost(outcomes[len(outcomes)-1]).IsZero() {
			continue
		}
		row(name, func(o *Outcome) string { return amount(won(cost(o))) })
		for _, line := range outcomes[len(outcomes)-1].Bill.Lines {
			if line.Service != name || line.Cost.IsZero() {
				continue
			}
			_, item, _ := strings.Cut(string(line.Item), ".")
			row("  "+item, func(o *Outcome) string { return amount(won(o.Bill.Line(line.Item).Cost)) })
		}
	}
	row("all", func(o *Outcome) string { return amount(won(o.Bill.Total)) })
	row("", func(*Outcome) string { return "" })
	for i, a := range outcomes[0].Alternatives {
		row(a.Name, func(o *Outcome) string { return amount(o.Alternatives[i].Won) })
	}
	row("", func(*Outcome) string { return "" })
	row("dearest day", func(o *Outcome) string { return string(o.PeakDay) + " " + amount(won(o.PeakDayCost)) })
	row("busiest minute, Seoul", func(o *Outcome) string { return o.PeakMinute.At.In(seoul).Format("01-02 15:04") })
	row("  requests", func(o *Outcome) string { return table.Count(o.PeakMinute.Requests) })
	row("  reads, writes", func(o *Outcome) string {
		return table.Count(int(o.PeakMinute.Reads)) + ", " + table.Count(int(o.PeakMinute.Writes))
	})
	row("  instances", func(o *Outcome) string { return table.Count(o.PeakMinute.Instances) })
	table.Write(&out, columns, rows)
	printActions(&out, outcomes[len(outcomes)-1])
	c := r.Counts
	fmt.Fprintf(&out, "\nlists: opened %s times, %s loads of %s, %s deltas of %s, %s from HTTP caches; the school changed its list %s times\n",
		table.Count(c.Searches), table.Count(c.Loads), table.Bytes(average(c.Loaded, c.Loads)), table.Count(c.Deltas), table.Bytes(average(c.Delta, c.Deltas)),
		table.Count(c.Searches-c.Loads-c.Deltas), table.Count(r.Changes))
	for _, e := range r.Errors {
		fmt.Fprintf(&out, "a service logged an error: %s\n", e)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func average(total int64, n int) int64 { return total / int64(max(1, n)) }

// counted says which outcomes are multiples.
func counted(outcomes []*Outcome) string {
	var parts []string
	for _, o := range outcomes {
		if o.Copies > 1 {
			parts = append(parts, fmt.Sprintf("%s students counted as %d times that", table.Count(o.Students), o.Copies))
		}
	}
	if len(parts) == 0 {
		return "nothing multiplied"
	}
	return strings.Join(parts, ", ")
}

// printActions prints what costs most.
func printActions(w io.Writer, o *Outcome) {
	fmt.Fprintf(w, "\nat list price, of %s students\n", table.Count(o.Students))
	columns := []table.Column{{Title: "  action"}, {Title: "₩", Right: true}, {Title: "%", Right: true}, {Title: "reads", Right: true}, {Title: "writes", Right: true}, {Title: "sent", Right: true}}
	var rows [][]string
	for _, s := range o.Bill.Actions[:min(8, len(o.Bill.Actions))] {
		name := s.Name
		if s.Service != "" && s.Service != billing.Client {
			name += " (" + s.Service + ")"
		}
		rows = append(rows, []string{
			"  " + name, amount(won(s.List)), fmt.Sprintf("%.0f", s.Percent), table.Count(int(s.Amounts[billing.FirestoreReads])),
			table.Count(int(s.Amounts[billing.FirestoreWrites])), table.Bytes(sent(s)),
		})
	}
	table.Write(w, columns, rows)
}

// amount writes won: whole from 10 on, with two decimals below.
func amount(won float64) string {
	switch {
	case won == 0:
		return "0"
	case won < 0.005:
		return "<0.01"
	case won < 10:
		return fmt.Sprintf("%.2f", won)
	}
	return table.Count(int(won + 0.5))
}

// Progress shows how much has been played, and how long the rest will take.
type Progress struct {
	w     io.Writer
	began time.Time
	shown time.Time
}

// NewProgress returns a progress that is written to w.
func NewProgress(w io.Writer) *Progress { return &Progress{w: w, began: time.Now()} }

// Show shows a part from 0 to 1, at most every half a second.
func (p *Progress) Show(part float64) {
	now := time.Now()
	if now.Sub(p.shown) < 500*time.Millisecond {
		return
	}
	p.shown = now
	left := "…"
	if took := now.Sub(p.began); part > 0.005 {
		left = time.Duration(float64(took) * (1 - part) / part).Round(time.Second).String()
	}
	fmt.Fprintf(p.w, "\r%3.0f %% played, %s left \x1b[K", part*100, left)
}

// End removes what is shown.
func (p *Progress) End() { fmt.Fprint(p.w, "\r\x1b[K") }
