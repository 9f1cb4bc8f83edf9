package rules

import (
	"fmt"
	"html/template"
	"io"
	"strings"
)

// Piece is a part of the source text with a single coverage verdict.
type Piece struct {
	Text string
	// Verdict is "full" for an expression that was both true and not true, "half" for one that was
	// always the same, "none" for one never evaluated, and "" for text without coverage.
	Verdict string
	// Counts lists the outcomes and how often each occurred, "true: 3, error: 1".
	Counts string
}

// Pieces returns the source text in order, each piece with the counts of the innermost condition or
// call that contains it.
func (c *Coverage) Pieces() []Piece {
	marks := make([]*expr, len(c.ruleset.src.text)) // the innermost expression at each byte
	var mark func(e *expr)
	mark = func(e *expr) {
		if kindsOf(e) == setOf(KindBool) || e.fn != nil {
			for i := e.pos; i < e.end; i++ {
				marks[i] = e
			}
		}
		for _, k := range e.children {
			mark(k)
		}
	}
	for _, a := range c.ruleset.allows {
		if a.cond != nil {
			mark(a.cond)
		}
	}
	for _, f := range c.functions() {
		for _, l := range f.lets {
			mark(l.init)
		}
		mark(f.body)
	}
	var pieces []Piece
	text := c.ruleset.src.text
	for from := 0; from < len(text); {
		to := from + 1
		for to < len(text) && marks[to] == marks[from] {
			to++
		}
		p := Piece{Text: text[from:to]}
		if e := marks[from]; e != nil {
			p.Verdict, p.Counts = c.verdict(e)
		}
		pieces = append(pieces, p)
		from = to
	}
	return pieces
}

// WriteHTML writes the source text as an HTML page. Conditions that were both true and not true are
// green, half tested ones yellow, untested ones red; tooltips show the counts.
func (c *Coverage) WriteHTML(w io.Writer) error {
	if err := coveragePage.Execute(w, map[string]any{"File": c.ruleset.src.file, "Pieces": c.Pieces()}); err != nil {
		return fmt.Errorf("write the coverage: %w", err)
	}
	return nil
}

// verdict returns an expression's verdict and counts; see [Piece].
func (c *Coverage) verdict(e *expr) (verdict, counts string) {
	var parts []string
	for o := range numOutcomes {
		if n := c.counts[e.id][o].Load(); n > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", o, n))
		}
	}
	yes := c.counts[e.id][True].Load() > 0
	no := c.counts[e.id][False].Load()+c.counts[e.id][Failed].Load() > 0
	switch {
	case parts == nil:
		return "none", "never evaluated"
	case yes && no:
		return "full", strings.Join(parts, ", ")
	}
	return "half", strings.Join(parts, ", ")
}

var coveragePage = template.Must(template.New("coverage").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Coverage of {{.File}}</title>
<style>body{font:14px/1.5 ui-monospace,monospace;margin:2rem}.full{background:#cdeccd}.half{background:#fbeeb4}.none{background:#f7c9c9}</style>
</head><body><h1>{{.File}}</h1>
<p><span class="full">true and not</span> · <span class="half">always the same</span> · <span class="none">never evaluated</span></p>
<pre>{{range .Pieces}}{{if .Verdict}}<span class="{{.Verdict}}" title="{{.Counts}}">{{.Text}}</span>{{else}}{{.Text}}{{end}}{{end}}</pre>
</body></html>
`))
