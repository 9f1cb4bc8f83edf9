package firestorebench

import (
	"fmt"
	"io"

	"heek.kr/heektime/cmd/heektime/internal/table"
)

// Print writes the results as tables.
func (r ListenResults) Print(w io.Writer) {
	for _, sentence := range r.Missing {
		fmt.Fprintln(w, sentence)
	}
	if len(r.Missing) > 0 {
		fmt.Fprintln(w)
	}
	right := func(first string, titles ...string) []table.Column {
		columns := []table.Column{{Title: first}, {Title: "server"}}
		for _, title := range titles {
			columns = append(columns, table.Column{Title: title, Right: true})
		}
		return columns
	}
	var rows [][]string
	for _, l := range r.Latencies {
		cells := []string{l.Clients, l.Server, milliseconds(l.Median), milliseconds(l.P99), milliseconds(l.Acknowledged)}
		if l.Unsupported != "" {
			cells = []string{l.Clients, l.Server, brief(l.Unsupported), "", ""}
		}
		rows = append(rows, cells)
	}
	if len(rows) > 0 {
		table.Write(w, right("from setDoc to the snapshot in another client", "median", "p99", "acknowledged"), rows)
		fmt.Fprintln(w)
	}
	rows = nil
	for _, f := range r.Fans {
		cells := []string{f.Protocol, f.Server, perSecond(f.PerSecond), milliseconds(f.Median), milliseconds(f.P99), table.Bytes(f.Memory)}
		if f.Unsupported != "" {
			cells = []string{f.Protocol, f.Server, brief(f.Unsupported), "", "", ""}
		}
		rows = append(rows, cells)
	}
	title := "listeners to one document"
	if len(r.Fans) > 0 {
		title = table.Count(r.Fans[0].Listeners) + " " + title
	}
	table.Write(w, right(title, "snapshots a second", "commit to the last, median", "p99", "memory of one, idle"), rows)
	fmt.Fprintf(w, "\n%d processors for the server and the clients; the whole run took %.0f s\n", r.Processors, r.Took.Seconds())
}
