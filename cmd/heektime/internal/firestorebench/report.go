package firestorebench

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/table"
)

// Goal is a goal for the embedded server, and whether the results meet it.
type Goal struct {
	What, Measured, Wanted string
	Met                    bool
}

// Goals compares the results with the goals. Without the npm server, it omits goals relative to it.
func (r Results) Goals() []Goal {
	var goals []Goal
	if len(r.Starts) > 0 {
		s := r.Starts[0]
		goals = append(goals,
			Goal{"start to first response", milliseconds(s.Took), "under 30 ms", s.Took < 30*time.Millisecond},
			Goal{"memory when empty", table.Bytes(s.Empty), "under 40 MB", s.Empty < 40e6})
	}
	npm := slices.Index(r.Servers, npmServer)
	for _, l := range r.Loads {
		if npm < 0 || l.Cells[npm].Unsupported != "" || l.Cells[0].CPU == 0 {
			continue
		}
		ours, theirs := l.Cells[0], l.Cells[npm]
		ratio := float64(ours.CPU) / float64(theirs.CPU)
		goals = append(goals, Goal{"CPU of " + l.name() + ", embedded / npm", fmt.Sprintf("1/%.1f", 1/ratio), "1/5", ratio <= 0.2})
		if l.Callers > 1 {
			times := ours.PerSecond / theirs.PerSecond
			goals = append(goals, Goal{"throughput of " + l.name(), fmt.Sprintf("%.1f×", times), "2×", times >= 2})
		}
	}
	if len(r.Growth) > 1 {
		first, last := r.Growth[0], r.Growth[len(r.Growth)-1]
		ratio := first.Cells[0].PerSecond / last.Cells[0].PerSecond
		// Repeated measurements differ by up to a quarter.
		goals = append(goals, Goal{
			fmt.Sprintf("query of %s against %s documents", table.Count(last.Documents), table.Count(first.Documents)),
			fmt.Sprintf("%.2f× the time", ratio), "no more", ratio < 1.25,
		})
	}
	for i, name := range r.Servers {
		if name == npmServer || len(r.Increments) <= i {
			continue
		}
		n := r.Increments[i]
		goals = append(goals, Goal{"increments lost, " + name, fmt.Sprintf("%d of %d", n.Lost, n.Acknowledged), "0", n.Lost == 0 && n.Failed == 0})
	}
	return goals
}

// name is the title of a row.
func (l Load) name() string {
	if l.Callers == 1 {
		return l.Operation + ", 1 caller"
	}
	return fmt.Sprintf("%s, %d callers", l.Operation, l.Callers)
}

// Print writes the results as tables.
func (r Results) Print(w io.Writer) {
	if r.MissingNPM != "" {
		fmt.Fprintf(w, "@firestore-emulator/server from npm was not measured: %s\n\n", r.MissingNPM)
	}
	r.printStarts(w)
	cells := func(title string, each func(Cell) string) {
		var rows [][]string
		for _, l := range r.Loads {
			rows = append(rows, row(l.name(), l.Cells, each))
		}
		r.table(w, title, rows)
	}
	cells("server CPU per operation", func(c Cell) string { return microseconds(c.CPU) })
	cells("server CPU of the first / each", func(c Cell) string { return fmt.Sprintf("%.2f", c.Relative) })
	cells("operations per second", func(c Cell) string { return perSecond(c.PerSecond) })
	cells("client CPU per operation", func(c Cell) string { return microseconds(c.ClientCPU) })
	var rows [][]string
	for _, g := range r.Growth {
		rows = append(rows, row(table.Count(g.Documents)+" documents", g.Cells, func(c Cell) string {
			return microseconds(time.Duration(float64(time.Second)/c.PerSecond)) + ", CPU " + microseconds(c.CPU)
		}))
	}
	r.table(w, "query with an index, 1 caller", rows)
	rows = [][]string{{"acknowledged"}, {"failed"}, {"lost"}, {"took"}}
	for _, n := range r.Increments {
		for i, text := range []string{fmt.Sprint(n.Acknowledged), fmt.Sprint(n.Failed), fmt.Sprint(n.Lost), milliseconds(n.Took)} {
			rows[i] = append(rows[i], text)
		}
	}
	r.table(w, fmt.Sprintf("%d callers, %d increments each", incrementCallers, incrementsPerCaller), rows)
	r.printFeatures(w)
	rows = nil
	for _, g := range r.Goals() {
		rows = append(rows, []string{g.What, g.Measured, g.Wanted, yes(g.Met)})
	}
	table.Write(w, []table.Column{{Title: "goal"}, {Title: "measured", Right: true}, {Title: "wanted", Right: true}, {Title: "met"}}, rows)
	fmt.Fprintf(w, "\n%d processors shared by servers and client; the run took %.0f s\n", r.Processors, r.Took.Seconds())
}

// printStarts prints start-up times and memory.
func (r Results) printStarts(w io.Writer) {
	rows := [][]string{{"start to first response"}, {"  slowest"}, {"memory when empty"}, {"memory when filled"}}
	for _, s := range r.Starts {
		for i, text := range []string{milliseconds(s.Took), milliseconds(s.Slowest), table.Bytes(s.Empty), table.Bytes(s.Filled)} {
			rows[i] = append(rows[i], text)
		}
	}
	r.table(w, "start and memory", rows)
}

// printFeatures prints which servers support which features, and why not.
func (r Results) printFeatures(w io.Writer) {
	var rows [][]string
	var notes []string
	for _, f := range r.Features {
		cells := []string{f.Name}
		for i, failure := range f.Failures {
			cells = append(cells, yes(failure == ""))
			if failure != "" {
				notes = append(notes, fmt.Sprintf("%s, %s: %s", r.Servers[i], f.Name, brief(failure)))
			}
		}
		rows = append(rows, cells)
	}
	r.table(w, "feature", rows)
	for _, n := range notes {
		fmt.Fprintln(w, n)
	}
	if len(notes) > 0 {
		fmt.Fprintln(w)
	}
}

// table prints rows with a column per server. It prints nothing if there are no rows.
func (r Results) table(w io.Writer, title string, rows [][]string) {
	columns := []table.Column{{Title: title}}
	for _, name := range r.Servers {
		columns = append(columns, table.Column{Title: name, Right: true})
	}
	if len(rows) == 0 || len(rows[0]) != len(columns) {
		return
	}
	table.Write(w, columns, rows)
	fmt.Fprintln(w)
}

// row returns the cells of a row: its name and a text per server.
func row(name string, list []Cell, each func(Cell) string) []string {
	cells := []string{name}
	for _, c := range list {
		if c.Unsupported != "" {
			cells = append(cells, brief(c.Unsupported))
			continue
		}
		cells = append(cells, each(c))
	}
	return cells
}

// brief returns the beginning of a long message.
func brief(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	if r := []rune(s); len(r) > 100 {
		return string(r[:100]) + "…"
	}
	return s
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

func microseconds(d time.Duration) string { return table.Count(int(d.Microseconds())) + " µs" }

func perSecond(f float64) string {
	if f < 100 {
		return fmt.Sprintf("%.1f", f)
	}
	return table.Count(int(f))
}
