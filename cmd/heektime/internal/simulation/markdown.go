package simulation

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/emulator/billing"
)

// Digest identifies the default behaviour. docs/cost.md quotes it, and a test compares, so that the
// page's numbers are those of the behaviour that the command has.
func Digest() string {
	sum := sha256.Sum256(defaultBehaviour)
	return hex.EncodeToString(sum[:4])
}

// Markdown writes outcomes as the table of docs/cost.md.
func Markdown(w io.Writer, r *Result, outcomes []*Outcome) error {
	var out strings.Builder
	row := func(name string, value func(*Outcome) string) {
		cells := []string{name}
		for _, o := range outcomes {
			cells = append(cells, value(o))
		}
		fmt.Fprintf(&out, "| %s |\n", strings.Join(cells, " | "))
	}
	fmt.Fprintf(&out, "%s, seed %d, behaviour `%s`: %s of %s.\n\n", r.Month, r.Seed, Digest(),
		table.Counted(r.Counts.Visits, "visit"), table.Counted(r.Played, "student"))
	row("students", func(o *Outcome) string {
		how := "counted"
		if o.Copies == 1 {
			how = "played"
		}
		return table.Count(o.Students) + ", " + how
	})
	fmt.Fprintf(&out, "|---|%s\n", strings.Repeat("---:|", len(outcomes)))
	names, _ := byService(outcomes[0].Bill)
	most := outcomes[len(outcomes)-1]
	for _, name := range names {
		if _, costs := byService(most.Bill); costs[name].IsZero() {
			continue
		}
		row(name, func(o *Outcome) string { _, costs := byService(o.Bill); return "₩" + amount(won(costs[name])) })
	}
	row("**all**", func(o *Outcome) string { return "**₩" + amount(won(o.Bill.Total)) + "**" })
	for i, a := range outcomes[0].Alternatives {
		row(a.Name, func(o *Outcome) string { return "₩" + amount(o.Alternatives[i].Won) })
	}
	row("dearest day", func(o *Outcome) string {
		return string(o.PeakDay)[len("2026-"):] + ", ₩" + amount(won(o.PeakDayCost))
	})
	row("busiest minute", func(o *Outcome) string { return o.PeakMinute.At.In(seoul).Format("01-02 15:04") })
	row("… requests", func(o *Outcome) string { return table.Count(o.PeakMinute.Requests) })
	row("… reads", func(o *Outcome) string { return table.Count(int(o.PeakMinute.Reads)) })
	row("… writes", func(o *Outcome) string { return table.Count(int(o.PeakMinute.Writes)) })
	row("… instances", func(o *Outcome) string { return table.Count(o.PeakMinute.Instances) })
	row("requests that Cloud Run refuses", func(o *Outcome) string { return table.Count(o.Refused) })
	fmt.Fprintf(&out, "\nWhere it goes with %s students, at list price:\n\n| action | ₩ | %% | reads | writes | sent |\n|---|---:|---:|---:|---:|---:|\n", table.Count(most.Students))
	for _, s := range most.Bill.Actions[:min(8, len(most.Bill.Actions))] {
		name := s.Name
		if s.Service != "" && s.Service != billing.Client {
			name += " (" + s.Service + ")"
		}
		fmt.Fprintf(&out, "| %s | %s | %.0f | %s | %s | %s |\n", name, amount(won(s.List)), s.Percent,
			table.Count(int(s.Amounts[billing.FirestoreReads])), table.Count(int(s.Amounts[billing.FirestoreWrites])), table.Bytes(sent(s)))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// sent returns the bytes that a share sent to clients.
func sent(s billing.Share) int64 {
	return s.Amounts[billing.FirestoreEgress] + s.Amounts[billing.StorageEgress] + s.Amounts[billing.HostingEgress] + s.Amounts[billing.RunEgress]
}
