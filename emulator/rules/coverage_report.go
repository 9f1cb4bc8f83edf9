package rules

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// WriteText writes one line per condition and operand: how often each outcome occurred.
func (c *Coverage) WriteText(w io.Writer) error {
	full, spots := 0, c.Expressions()
	for _, s := range spots {
		var parts []string
		for o := range numOutcomes {
			if n := s.Counts[o]; n > 0 {
				parts = append(parts, fmt.Sprintf("%s %d", o, n))
			}
		}
		text := strings.Join(parts, ", ")
		if text == "" {
			text = "never evaluated"
		}
		if s.Full() {
			full++
		}
		if _, err := fmt.Fprintf(w, "%s:%d:%d: %s: %s\n", c.ruleset.src.file, s.Line, s.Column, text, s.Source); err != nil {
			return fmt.Errorf("write the coverage: %w", err)
		}
	}
	if _, err := fmt.Fprintf(w, "%d of %d were both true and not\n", full, len(spots)); err != nil {
		return fmt.Errorf("write the coverage: %w", err)
	}
	return nil
}

// coverageReport has the shape of the official emulator's GET …:ruleCoverage response.
// ExpressionReport is described in
// https://firebase.google.com/docs/reference/rules/rest/v1/projects/test.
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

// MarshalJSON returns the report in the official emulator's ruleCoverage format. Values other than
// true, false and null are counted but not kept; they appear as {"value": {"otherValue": {}}}.
func (c *Coverage) MarshalJSON() ([]byte, error) {
	var report coverageReport
	report.Rules.Files = []reportFile{{Name: c.ruleset.src.file, Content: c.ruleset.src.text}}
	for _, a := range c.ruleset.allows {
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

var reportedValues = [numOutcomes]map[string]any{True: {"boolValue": true}, False: {"boolValue": false},
	Failed: {"undefined": map[string]any{"causeMessage": "evaluation error"}}, Null: {"nullValue": nil},
	Other: {"otherValue": map[string]any{}}, Unknown: {"constraintValue": map[string]any{}}}

func (c *Coverage) report(e *expr) expressionReport {
	line, column := c.ruleset.src.position(e.pos)
	r := expressionReport{SourcePosition: sourcePosition{FileName: c.ruleset.src.file, Line: line, Column: column,
		CurrentOffset: e.pos, EndOffset: e.end}}
	for o := range numOutcomes {
		if n := c.counts[e.id][o].Load(); n > 0 {
			r.Values = append(r.Values, valueCount{Value: reportedValues[o], Count: n})
		}
	}
	for _, k := range e.children {
		r.Children = append(r.Children, c.report(k))
	}
	return r
}
