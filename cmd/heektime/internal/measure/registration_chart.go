package measure

import (
	"cmp"
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strings"
)

// bar is a limit in the chart, with the students at which it is met.
type bar struct {
	name     string
	students float64
	kind     kind
}

// bars are the limits of the chart, the lowest first.
func bars(o RegistrationOptions) ([]bar, error) {
	var all []bar
	for _, l := range limits(o) {
		if l.Bar != "" {
			all = append(all, bar{l.Bar, l.Most / l.PerStudent, l.Kind})
		}
	}
	for _, s := range []struct {
		scenario, name string
		kind           kind
	}{
		{allFirst, "auth: 10 instances, everybody’s first sign-in", ours},
		{someFirst, "auth: 10 instances, 5 % first sign-ins", ours},
	} {
		n, err := mostServed(o, s.scenario)
		if err != nil {
			return nil, err
		}
		all = append(all, bar{s.name, n, s.kind})
	}
	slices.SortFunc(all, func(a, b bar) int { return cmp.Compare(a.students, b.students) })
	return all, nil
}

// ScaleChart writes the chart of docs/scale.md as SVG: with how many students each limit is met.
func ScaleChart(w io.Writer, o RegistrationOptions) error {
	all, err := bars(o)
	if err != nil {
		return err
	}
	const left, decade, top, step = 350, 136.5, 32, 30
	x := func(students float64) float64 { return left + decade*(math.Log10(students)-2) }
	bottom := top + step*len(all) + 8
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="940" height="%[1]d" viewBox="0 0 940 %[1]d" font-family="system-ui, sans-serif" font-size="13">`+"\n", bottom+46)
	out.WriteString("<title>How many students may open the app within one minute before each limit is met</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n")
	for _, n := range []float64{100, 1_000, 10_000, 100_000, 1_000_000} {
		fmt.Fprintf(&out, `<line x1="%[1]d" y1="%[2]d" x2="%[1]d" y2="%[3]d" stroke="#ccc"/>`+"\n", int(x(n)), top, bottom)
		fmt.Fprintf(&out, `<text x="%d" y="%d" text-anchor="middle" fill="#333">%s</text>`+"\n", int(x(n)), top-6, axis(n))
	}
	for i, b := range all {
		y, end := top+step*i, int(x(b.students))
		fmt.Fprintf(&out, `<text x="%d" y="%d" text-anchor="end" fill="#111">%s</text>`+"\n", left-10, y+27, html.EscapeString(b.name))
		fmt.Fprintf(&out, `<rect x="%d" y="%d" width="%d" height="18" fill="%s" fill-opacity="0.75"/>`+"\n", left, y+14, end-left, b.kind)
		at, anchor, fill := end+6, "start", "#111"
		if end > 850 {
			at, anchor, fill = end-6, "end", "#fff"
		}
		fmt.Fprintf(&out, `<text x="%d" y="%d" text-anchor="%s" fill="%s">%s</text>`+"\n", at, y+28, anchor, fill, axis(b.students))
	}
	fmt.Fprintf(&out, `<text x="20" y="%d" fill="#333">students who open the app within one minute, half of them in its first 15 seconds (logarithmic)</text>`+"\n</svg>\n", bottom+30)
	_, err = io.WriteString(w, out.String())
	return err
}

// axis formats a number of students, to two digits.
func axis(n float64) string {
	if n >= 1e6 {
		return "1,000,000"
	}
	return whole(n)
}
