package rules

import (
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
	"sync/atomic"
)

// Outcome is what an expression came to.
type Outcome uint8

// The outcomes. Other is any value that is neither true nor false, Unknown one that a query leaves open.
const (
	True Outcome = iota
	False
	Failed
	Null
	Other
	Unknown
	outcomes
)

var outcomeNames = [outcomes]string{"true", "false", "error", "null", "value", "unknown"}

// String is the outcome as reports name it.
func (o Outcome) String() string {
	if o < outcomes {
		return outcomeNames[o]
	}
	return "invalid"
}

// Coverage counts how often the expressions of a ruleset were evaluated, and to what. Give it to every Request. It may
// be used by any number of goroutines.
type Coverage struct {
	set    *Ruleset
	counts [][outcomes]atomic.Uint64 // by expression
	allows []atomic.Uint64           // how often an allow statement was come to
}

// NewCoverage starts to count for this ruleset.
func (s *Ruleset) NewCoverage() *Coverage {
	return &Coverage{set: s, counts: make([][outcomes]atomic.Uint64, s.count), allows: make([]atomic.Uint64, len(s.allows))}
}

func outcomeOf(v Value) Outcome {
	switch v.kind {
	case KindBool:
		if v.num != 0 {
			return True
		}
		return False
	case kindError:
		return Failed
	case KindNull:
		return Null
	case kindUnknown:
		return Unknown
	}
	return Other
}

func (c *Coverage) saw(e *expr, v Value) {
	if e.id < len(c.counts) {
		c.counts[e.id][outcomeOf(v)].Add(1)
	}
}

func (c *Coverage) reached(a *allow) {
	if a.id < len(c.allows) {
		c.allows[a.id].Add(1)
	}
}

// Spot is what was counted of one expression of the rules' conditions and functions.
type Spot struct {
	Line, Column int
	Source       string
	Counts       map[Outcome]uint64
	Condition    bool // it is the whole condition of an allow statement
}

// Spots are the expressions that can be true or false, in the order of the text: conditions and what they are made of.
// One that was never true or never false is not tested through.
func (c *Coverage) Spots() []Spot {
	var list []Spot
	for _, a := range c.set.allows {
		if a.cond != nil {
			c.spots(&list, a.cond, true)
		}
	}
	for _, f := range c.functions() {
		for _, l := range f.lets {
			c.spots(&list, l.init, false)
		}
		c.spots(&list, f.body, false)
	}
	return list
}

func (c *Coverage) spots(list *[]Spot, e *expr, condition bool) {
	if kindsOf(e) == setOf(KindBool) || condition {
		line, column := c.set.src.place(e.pos)
		s := Spot{Line: line, Column: column, Source: c.set.src.excerpt(e.pos, e.end, 100), Condition: condition, Counts: map[Outcome]uint64{}}
		for o := range outcomes {
			if n := c.counts[e.id][o].Load(); n > 0 {
				s.Counts[o] = n
			}
		}
		*list = append(*list, s)
	}
	if e.op == opAnd || e.op == opOr || e.op == opNot || e.op == opChoose {
		for _, k := range e.kids {
			c.spots(list, k, false)
		}
	}
}

// functions are those that the conditions call, directly or not.
func (c *Coverage) functions() []*function {
	var list []*function
	seen := map[*function]bool{}
	for _, e := range c.set.nodes {
		if e.fn != nil && !seen[e.fn] {
			seen[e.fn] = true
			list = append(list, e.fn)
		}
	}
	return list
}

// WriteText writes a line for every condition and its parts: what they came to how often.
func (c *Coverage) WriteText(w io.Writer) error {
	full, spots := 0, c.Spots()
	for _, s := range spots {
		var parts []string
		for o := range outcomes {
			if n := s.Counts[o]; n > 0 {
				parts = append(parts, fmt.Sprintf("%s %d", o, n))
			}
		}
		text := strings.Join(parts, ", ")
		if text == "" {
			text = "never evaluated"
		}
		if s.Counts[True] > 0 && s.Counts[False]+s.Counts[Failed] > 0 {
			full++
		}
		if _, err := fmt.Fprintf(w, "%s:%d:%d: %s: %s\n", c.set.src.file, s.Line, s.Column, text, s.Source); err != nil {
			return fmt.Errorf("write the coverage: %w", err)
		}
	}
	if _, err := fmt.Fprintf(w, "%d of %d were both true and not\n", full, len(spots)); err != nil {
		return fmt.Errorf("write the coverage: %w", err)
	}
	return nil
}

// The official emulator's shape, as its GET …:ruleCoverage answers
// (https://firebase.google.com/docs/reference/rules/rest/v1/projects/test describes ExpressionReport).
type coverageReport struct {
	Rules struct {
		Files []reportFile `json:"files"`
	} `json:"rules"`
	Report []expressionReport `json:"report"`
}

type reportFile struct {
	Name    string `json:"name"`
	Content string `json:"content"`
}

type expressionReport struct {
	SourcePosition sourcePosition     `json:"sourcePosition"`
	Values         []valueCount       `json:"values,omitempty"`
	Children       []expressionReport `json:"children,omitempty"`
}

type sourcePosition struct {
	FileName      string `json:"fileName,omitempty"`
	Line          int    `json:"line"`
	Column        int    `json:"column"`
	CurrentOffset int    `json:"currentOffset"`
	EndOffset     int    `json:"endOffset"`
}

type valueCount struct {
	Value map[string]any `json:"value"`
	Count uint64         `json:"count"`
}

// MarshalJSON gives the report in the shape of the official emulator's ruleCoverage. Values other than true, false and
// null are counted, not kept; they are reported as {"value": {"otherValue": {}}}.
func (c *Coverage) MarshalJSON() ([]byte, error) {
	var report coverageReport
	report.Rules.Files = []reportFile{{Name: c.set.src.file, Content: c.set.src.text}}
	for _, a := range c.set.allows {
		if a.cond != nil {
			report.Report = append(report.Report, c.report(a.cond))
		}
	}
	for _, f := range c.functions() {
		for _, l := range f.lets {
			report.Report = append(report.Report, c.report(l.init))
		}
		report.Report = append(report.Report, c.report(f.body))
	}
	return json.Marshal(report)
}

var reportedValues = [outcomes]map[string]any{True: {"boolValue": true}, False: {"boolValue": false},
	Failed: {"undefined": map[string]any{"causeMessage": "evaluation error"}}, Null: {"nullValue": nil},
	Other: {"otherValue": map[string]any{}}, Unknown: {"constraintValue": map[string]any{}}}

func (c *Coverage) report(e *expr) expressionReport {
	line, column := c.set.src.place(e.pos)
	r := expressionReport{SourcePosition: sourcePosition{FileName: c.set.src.file, Line: line, Column: column,
		CurrentOffset: e.pos, EndOffset: e.end}}
	for o := range outcomes {
		if n := c.counts[e.id][o].Load(); n > 0 {
			r.Values = append(r.Values, valueCount{Value: reportedValues[o], Count: n})
		}
	}
	for _, k := range e.kids {
		r.Children = append(r.Children, c.report(k))
	}
	return r
}

// WriteHTML writes the rules as a page: conditions that were both true and not are green, half tested ones yellow,
// untested ones red; the counts are in the tooltips.
func (c *Coverage) WriteHTML(w io.Writer) error {
	type piece struct{ Text, Class, Title string }
	marks := make([]*expr, len(c.set.src.text)) // the innermost expression of every byte
	var mark func(e *expr)
	mark = func(e *expr) {
		if kindsOf(e) == setOf(KindBool) || e.fn != nil {
			for i := e.pos; i < e.end; i++ {
				marks[i] = e
			}
		}
		for _, k := range e.kids {
			mark(k)
		}
	}
	for _, a := range c.set.allows {
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
	var pieces []piece
	text := c.set.src.text
	for from := 0; from < len(text); {
		to := from + 1
		for to < len(text) && marks[to] == marks[from] {
			to++
		}
		p := piece{Text: text[from:to]}
		if e := marks[from]; e != nil {
			p.Class, p.Title = c.verdict(e)
		}
		pieces = append(pieces, p)
		from = to
	}
	if err := coveragePage.Execute(w, map[string]any{"File": c.set.src.file, "Pieces": pieces}); err != nil {
		return fmt.Errorf("write the coverage: %w", err)
	}
	return nil
}

// verdict is the class and tooltip of an expression.
func (c *Coverage) verdict(e *expr) (class, title string) {
	var parts []string
	for o := range outcomes {
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
<pre>{{range .Pieces}}{{if .Class}}<span class="{{.Class}}" title="{{.Title}}">{{.Text}}</span>{{else}}{{.Text}}{{end}}{{end}}</pre>
</body></html>
`))
