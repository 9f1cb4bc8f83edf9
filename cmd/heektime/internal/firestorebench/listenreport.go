package firestorebench

import (
	"fmt"
	"io"
	"slices"

	"heek.kr/heektime/cmd/heektime/internal/table"
)

// Print writes the results as tables.
func (r ListenResults) Print(w io.Writer) {
	columnsOf := func(first string, titles ...string) []table.Column {
		columns := []table.Column{{Title: first}, {Title: "server"}}
		for _, title := range titles {
			columns = append(columns, table.Column{Title: title, Right: true})
		}
		return columns
	}
	var rows [][]string
	notes := slices.Clone(r.Skipped)
	for _, l := range r.Latencies {
		cells := []string{l.Clients, l.Server, milliseconds(l.Median), milliseconds(l.P99), milliseconds(l.Acknowledged)}
		if l.Unsupported != "" {
			cells = []string{l.Clients, l.Server, "-", "-", "-"}
			notes = append(notes, fmt.Sprintf("%s, %s: %s", l.Server, l.Clients, brief(l.Unsupported)))
		}
		rows = append(rows, cells)
	}
	if len(rows) > 0 {
		table.Write(w, columnsOf("setDoc to snapshot in another client", "median", "p99", "acknowledged"), rows)
		fmt.Fprintln(w)
	}
	rows = nil
	for _, f := range r.FanOuts {
		cells := []string{f.Protocol, f.Server, perSecond(f.PerSecond), microseconds(f.CPU), milliseconds(f.Median), milliseconds(f.P99), table.Bytes(f.Memory)}
		if f.Unsupported != "" {
			cells = []string{f.Protocol, f.Server, "-", "-", "-", "-", "-"}
			notes = append(notes, fmt.Sprintf("%s, %s: %s", f.Server, f.Protocol, brief(f.Unsupported)))
		}
		rows = append(rows, cells)
	}
	title := "listeners to one document"
	if len(r.FanOuts) > 0 {
		title = table.Count(r.FanOuts[0].Listeners) + " " + title
	}
	table.Write(w, columnsOf(title, "per second", "CPU each", "median", "p99", "memory"), rows)
	fmt.Fprint(w, "snapshots per second, server CPU per snapshot, commit to last listener, memory per idle listener\n\n")
	for _, note := range notes {
		fmt.Fprintln(w, note)
	}
	fmt.Fprintf(w, "%d processors shared by server and clients; the run took %.0f s\n", r.Processors, r.Took.Seconds())
}
