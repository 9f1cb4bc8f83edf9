// Package planreport prints the report of heektime migrate plan, which a person signs off: what matters
// fits on a screen, and the details follow below it.
package planreport

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/price"
	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/plan"
)

// Options say how to print a report.
type Options struct {
	// Full prints all groups and examples.
	Full bool
	// Findings is the file with all findings, "" if there is none.
	Findings string
	// Letters is the file with the users to tell, "" if there is none.
	Letters string
	// Mapping names the mapping: its file and a digest.
	Mapping string
	// Zone is that of printed times.
	Zone *time.Location
}

// Without Options.Full, this many lines of each list are printed, and this many examples of each group.
const maxGroups, maxAbsent, maxExamples = 10, 3, 1

// Print prints a report.
func Print(w io.Writer, r *plan.Report, o Options) {
	fmt.Fprintf(w, "Plan of the move from %s, PostgreSQL %s, as of %s\n", r.Database, r.Version, r.At.In(o.Zone).Format("2006-01-02 15:04:05 MST"))
	fmt.Fprintf(w, "Mapping: %s. Nothing was written; this plan billed %s.\n\n", o.Mapping, price.Firestore(int(r.PlanReads), 0))
	counts(w, r, o)
	groups(w, r, o)
	absent(w, r, o)
	copying(w, r)
	requirements(w, r)
	fmt.Fprintf(w, "\nSigned off by: ____________________  on: ____________________\n")
}

func number(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func counts(w io.Writer, r *plan.Report, o Options) {
	columns := []table.Column{{Title: ""}, {Title: "rows", Right: true}, {Title: "left out", Right: true}, {Title: "with findings", Right: true}, {Title: "documents", Right: true}}
	var rows [][]string
	for _, k := range r.Kinds {
		rows = append(rows, []string{string(k.Kind) + "s", number(k.Rows), number(k.LeftOut), number(k.Affected), number(k.Documents)})
	}
	table.Write(w, columns, rows)
	for _, k := range r.Kinds {
		if k.WithoutKey > 0 {
			fmt.Fprintf(w, "%s of the %ss have no key and are left out.\n", number(k.WithoutKey), k.Kind)
		}
	}
	fmt.Fprintf(w, "\nUsers to tell that they are called something else: %s", number(r.UsersToTell))
	if r.Reserved > 0 {
		fmt.Fprintf(w, " (accounts of the new side already have %s)", plural(int(r.Reserved), "username", "usernames"))
	}
	switch {
	case o.Letters != "":
		fmt.Fprintf(w, "; what to tell each: %s", o.Letters)
	case r.UsersToTell > 0:
		fmt.Fprint(w, "; what to tell each: --tell FILE.csv")
	}
	fmt.Fprint(w, "\n")
	if r.Names > 0 {
		fmt.Fprintf(w, "Left behind: the names (users.name) of %s, which neither the old API nor Firestore shows\n", plural(int(r.Names), "user", "users"))
	}
}

// outcome says what became of a group.
func outcome(g *plan.Group) string {
	switch {
	case g.Action == legacydb.LeaveOut && g.WholeRow:
		return "ROW LEFT OUT"
	case g.Action == legacydb.LeaveOut:
		return "left out"
	case g.Action == legacydb.Rename:
		return "renamed"
	case g.Action == legacydb.Shorten:
		return "shortened"
	case g.Action == legacydb.Replace:
		return "replaced"
	}
	return "kept"
}

func groups(w io.Writer, r *plan.Report, o Options) {
	if len(r.Groups) == 0 {
		fmt.Fprintln(w, "\nEverything fits into the new schema.")
		return
	}
	fmt.Fprintf(w, "\nWhat does not fit, and what becomes of it (%s findings)\n", number(r.Findings))
	examples := maxExamples
	shown := r.Groups
	if o.Full {
		examples = len(r.Groups[0].Examples) + maxGroups
	} else if len(shown) > maxGroups {
		shown = shown[:maxGroups]
	}
	columns := []table.Column{{Title: "", Right: true}, {Title: ""}, {Title: ""}, {Title: ""}}
	var rows [][]string
	for i := range shown {
		g := &shown[i]
		what := string(g.Kind)
		if g.Column != "" {
			what += "." + g.Column
		}
		for j, f := range g.Examples[:min(examples, len(g.Examples))] {
			row := []string{"", "", "", example(f)}
			if j == 0 {
				row = []string{number(g.Count), what + " " + g.Problem, outcome(g), example(f)}
			}
			rows = append(rows, row)
		}
	}
	table.Write(w, columns, rows)
	if rest := len(r.Groups) - len(shown); rest > 0 {
		fmt.Fprintf(w, "… and %s (--full)\n", plural(rest, "more sort", "more sorts"))
	}
	if o.Findings != "" {
		fmt.Fprintf(w, "All findings: %s\n", o.Findings)
	} else {
		fmt.Fprintln(w, "All findings, one JSON object a line: --findings FILE")
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(int64(n)) + " " + many
}

// maxValue is the width of a value of an example.
const maxValue = 24

func example(f conversion.Finding) string {
	key := table.Cut(f.Key, 12)
	switch {
	case f.Before == "" && f.After == "":
		return key
	case f.After == "":
		return key + ": " + table.Cut(f.Before, maxValue)
	}
	return key + ": " + table.Cut(f.Before, maxValue) + " → " + table.Cut(f.After, maxValue)
}

func absent(w io.Writer, r *plan.Report, o Options) {
	if len(r.Absent) == 0 {
		return
	}
	var lost int64
	for _, a := range r.Absent {
		if !a.HasRow {
			lost++
		}
	}
	fmt.Fprintf(w, "\n%s without a document in Firestore. The copy creates them hidden", plural(len(r.Absent), "school or semester", "schools and semesters"))
	if lost > 0 {
		fmt.Fprintf(w, ", but not %s without a row in the old database", plural(int(lost), "semester", "semesters"))
	}
	fmt.Fprint(w, ".\n")
	for i, a := range r.Absent {
		if i == maxAbsent && !o.Full {
			fmt.Fprintf(w, "  … and %d more (--full)\n", len(r.Absent)-i)
			break
		}
		note := ""
		if !a.HasRow {
			note = ", NO ROW: add it to the school file"
		}
		fmt.Fprintf(w, "  %s (%s)%s\n", a.Path, plural(int(a.Timetables), "timetable", "timetables"), note)
	}
}

func copying(w io.Writer, r *plan.Report) {
	unit := time.Minute
	if r.Duration < unit {
		unit = time.Second
	}
	fmt.Fprintf(w, "\nThe copy: %s; at least %v on Google Cloud, by its advice to ramp up\n",
		price.Firestore(int(r.Reads), int(r.Writes)), r.Duration.Round(unit))
}

func requirements(w io.Writer, r *plan.Report) {
	ok, prepared := 0, 0
	var wrong []plan.Requirement
	for _, q := range r.Requirements {
		switch {
		case q.OK:
			ok++
		case q.Prepared:
			prepared++
		default:
			wrong = append(wrong, q)
		}
	}
	state := "is ready"
	switch {
	case !r.Ready():
		state = "is NOT READY"
	case len(wrong) > 0:
		state = "is ready, with advice"
	}
	fmt.Fprintf(w, "The old database %s: %s passed", state, plural(ok, "check", "checks"))
	if len(wrong) > 0 {
		fmt.Fprintf(w, ", %d failed", len(wrong))
	}
	if prepared > 0 {
		fmt.Fprintf(w, "; migrate copy --prepare does %d", prepared)
	}
	fmt.Fprintln(w)
	for _, q := range wrong {
		mark, found := "need  ", ""
		if q.Advice {
			mark = "advice"
		}
		if q.Found != "" {
			found = " (" + q.Found + ")"
		}
		fmt.Fprintf(w, "  %s %s%s\n", mark, q.Name, found)
		command := strings.TrimSuffix(q.Command, ";")
		if q.Restart {
			command += "; then restart PostgreSQL"
		}
		if command != "" {
			fmt.Fprintf(w, "           %s\n", command)
		}
	}
	if prepared > 0 {
		fmt.Fprintln(w, "What copy --prepare does first, or the owner of the tables:")
	}
	for _, q := range r.Requirements {
		if !q.OK && q.Prepared {
			fmt.Fprintf(w, "           %s\n", strings.TrimSuffix(q.Command, ";"))
		}
	}
}
