package measure

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/runmodel"
	"heek.kr/heektime/cmd/heektime/internal/table"
)

// measured are the CPU times of calls that RunRegistration measured last, on a machine that had nothing else to do, and
// that of the start of a process. docs/scale.md has them.
var measured = []Call{
	{"auth", callLogin, 900 * time.Microsecond, 1, 4},
	{"auth", callFirst, 60 * time.Millisecond, 1, 6},
	{compatServer, callOldOpen, 1200 * time.Microsecond, 3, 4},
	{compatServer, callOldWrite, 800 * time.Microsecond, 1, 2},
}

const measuredStart = 100 * time.Millisecond

// What a student of the minute asks for, as RunRegistration counted it.
const (
	readsOfStudent   = 10.0    // documents, when they open the app
	storageOfStudent = 2.0     // requests to Cloud Storage: the list's metadata and the list
	listSize         = 225_000 // bytes
	minuteCost       = 31e-6   // dollars, at list price
)

// firstSecond is the share of the students who come in the first second of the minute: see plan.
var firstSecond = math.Sqrt(1.0 / 60)

// Limit is a limit of Google's, or of the deployment, and how much of it students need.
type Limit struct {
	// Name is what is limited, and Text the limit.
	Name, Text, Source string
	// PerStudent is what a student needs, and Most the limit in the same unit, 0 if there is none that is fixed.
	PerStudent, Most float64
	// Format formats an amount.
	Format func(float64) string
	// Bar names the limit in the chart, "" for none; Kind is its color.
	Bar  string
	Kind kind
}

// kind says how a limit shows.
type kind string

// The kinds of limits.
const (
	warmsUp kind = "#c62828" // users notice, and nothing is rejected for long
	quota   kind = "#f9a825" // a quota that can be raised
	ours    kind = "#2e7d32" // a setting
)

func whole(n float64) string {
	switch {
	case n < 1:
		return "< 1"
	case n >= 1e6:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", n/1e6), ".0") + " million"
	}
	digits := math.Pow(10, math.Max(0, math.Floor(math.Log10(n))-1))
	return table.Count(int(math.Round(n/digits) * digits))
}

// sizes formats bytes, to two digits.
func sizes(n float64) string {
	if n >= 1e9 {
		return fmt.Sprintf("%.2g GB", n/1e9)
	}
	return fmt.Sprintf("%.0f MB", n/1e6)
}

// limits are the rows of the table, in the order of the services.
func limits(o RegistrationOptions) []Limit {
	writers := float64(o.Writers) / float64(o.Students)
	const bestPractices, auth, rate, quotas = "[best practices]", "[auth]", "[request rate]", "[quotas][storage quotas]"
	return []Limit{
		{Name: "students in the first second", PerStudent: firstSecond, Format: whole},
		{Name: "Firestore: reads in the first second", Text: "no fixed one. From 500 operations a second, 50 % more every five minutes", Source: bestPractices,
			PerStudent: readsOfStudent * firstSecond, Most: 500, Format: whole, Bar: "Firestore, cold: 500 operations a second", Kind: warmsUp},
		{Name: "Firestore: writes a second", Text: "the same", Source: bestPractices, PerStudent: writers / 60, Most: 500, Format: whole},
		{Name: "… one document", Text: `"depends on the workload"; about one write a second`, Source: bestPractices, Format: whole},
		{Name: "Authentication: ID tokens refreshed in the minute, if all are older than an hour", Text: "18,000 a minute", Source: auth,
			PerStudent: 1, Most: 18_000, Format: whole, Bar: "Authentication: 18,000 token exchanges a minute", Kind: quota},
		{Name: "… sign-ins with custom tokens", Text: "45,000 a minute", Source: auth,
			PerStudent: signInShare, Most: 45_000, Format: whole, Bar: "Authentication: 45,000 custom tokens a minute", Kind: quota},
		{Name: "… calls a second of `auth`, at one for each sign-in", Text: "500 for a service account, 1,000 for a project", Source: auth,
			PerStudent: signInShare * firstSecond, Most: 500, Format: whole, Bar: "Authentication: 500 calls a second of a service", Kind: quota},
		{Name: "Cloud Storage: reads in the first second", Text: "about 5,000 at first; then twice as many every 20 minutes", Source: rate,
			PerStudent: storageOfStudent * firstSecond, Most: 5_000, Format: whole, Bar: "Cloud Storage: 5,000 reads a second", Kind: quota},
		{Name: "… bytes in the first second", Text: "200 Gbit/s, 25 GB/s (second hand)", Source: quotas,
			PerStudent: listSize * firstSecond, Most: 25e9, Format: sizes},
	}
}

// ScaleStudents are the numbers of students of docs/scale.md's table.
func ScaleStudents() []int { return []int{1_000, 10_000, 100_000, 1_000_000} }

// Scale writes docs/scale.md's table for numbers of students, as Markdown. The same options give the same table.
func Scale(w io.Writer, o RegistrationOptions, students []int) error {
	var out strings.Builder
	row := func(name string, cells []string, limit, source string) {
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", name, strings.Join(cells, " | "), limit, source)
	}
	heads := make([]string, len(students))
	for i, n := range students {
		heads[i] = table.Count(n)
	}
	row("", heads, "the limit", "source")
	fmt.Fprintf(&out, "|---|%s---|---|\n", strings.Repeat("---:|", len(students)))
	for _, l := range limits(o) {
		cells := make([]string, len(students))
		for i, n := range students {
			cells[i] = l.Format(l.PerStudent * float64(n))
			if l.Most > 0 && l.PerStudent*float64(n) > l.Most {
				cells[i] = "**" + cells[i] + "**"
			}
		}
		row(l.Name, cells, l.Text, l.Source)
	}
	for _, s := range []struct{ scenario, name, text string }{
		{someSignIn, "Cloud Run: instances of `auth`, 5 % sign in", "`max_instances`. None is refused: calls are short"},
		{someFirst, "… 5 % sign in for the first time since the move", "the same"},
		{someOldApps, "… of `compat-server`, 10 % have old apps", "`max_instances`. None is refused"},
	} {
		cells := make([]string, len(students))
		for i, n := range students {
			cell, err := instances(o, n, s.scenario)
			if err != nil {
				return err
			}
			cells[i] = cell
		}
		row(s.name, cells, s.text, "model")
	}
	cells := make([]string, len(students))
	for i, n := range students {
		cells[i] = fmt.Sprintf("$%.2g", minuteCost*float64(n))
	}
	row("cost of the minute, list price", cells, "", "[prices](cost.md)")
	_, err := io.WriteString(w, out.String())
	return err
}

// of returns the options for another number of students, of whom as many write.
func (o RegistrationOptions) of(students int) RegistrationOptions {
	o.Writers, o.Students = int(int64(o.Writers)*int64(students)/int64(o.Students)), students
	return o
}

// playModel plays a scenario with so many students against the model, with at most so many instances: 0 for the
// service's own maximum.
func playModel(o RegistrationOptions, students int, name string, most int) (runmodel.Service, *runmodel.Result, error) {
	o = o.of(students)
	all := scenarios(o, plan(o), measured)
	s := all[slices.IndexFunc(all, func(s scenario) bool { return s.name == name })]
	m, err := modelOf(o, s.service, measuredStart)
	if err != nil {
		return m, nil, err
	}
	m.MaxInstances = cmp.Or(most, m.MaxInstances)
	return m, m.Play(s.calls().list), nil
}

// manyInstances is more than a service would ever want.
const manyInstances = 100

// instances says how many instances a scenario has, and how many it would have without the maximum.
func instances(o RegistrationOptions, students int, name string) (string, error) {
	m, r, err := playModel(o, students, name, 0)
	if err != nil {
		return "", err
	}
	cell := fmt.Sprint(r.Instances)
	if r.Instances == m.MaxInstances {
		_, free, err := playModel(o, students, name, manyInstances)
		if err != nil {
			return "", err
		}
		switch {
		case free.Instances >= manyInstances:
			cell += fmt.Sprintf(", wants > %d", manyInstances)
		case free.Instances > r.Instances:
			cell += fmt.Sprintf(", wants %d", free.Instances)
		}
	}
	if r.Refused > 0 {
		cell = fmt.Sprintf("**%s: %.0f %% refused**", cell, math.Ceil(100*float64(r.Refused)/float64(r.Requests)))
	}
	return cell, nil
}

// mostServed returns with how many students a scenario refuses nobody, within half a percent.
func mostServed(o RegistrationOptions, name string) (float64, error) {
	low, high := 1_000, 400_000
	for high-low > low/200 {
		middle := (low + high) / 2
		_, r, err := playModel(o, middle, name, 0)
		if err != nil {
			return 0, err
		}
		if r.Refused == 0 {
			low = middle
		} else {
			high = middle
		}
	}
	return float64(low), nil
}
