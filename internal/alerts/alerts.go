// Package alerts evaluates the alerts of the deployment's table on this machine, from log lines and a
// clock, as Cloud Monitoring does in production from the filters and policies that deploy/ makes of the
// same table.
//
// An [Evaluator] is fed with lines and asked which alerts fire. It has no clock and starts nothing.
package alerts

import (
	"slices"
	"strings"
	"sync"
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// Firing is an alert that fires.
type Firing struct {
	Alert *spec.Alert
	// Groups are the incidents: for each, the values of the fields that the condition separates lines by, such
	// as the school and its semester. There is one without values if the condition has no such fields.
	Groups [][]string
}

// Evaluator evaluates alerts. It is safe for concurrent use.
type Evaluator struct {
	alerts []spec.Alert

	mu     sync.Mutex
	states []state // of the alerts, in their order
}

// state is what the evaluator keeps of the past for an alert.
type state struct {
	newest map[string]time.Time // of the newest line of each group
	points []point
}

// point is a value of a metric: what was counted since the point before.
type point struct {
	at    time.Time
	value int
}

// New returns an evaluator for alerts that are valid by [spec.Deployment.Validate].
func New(alerts []spec.Alert) *Evaluator {
	e := &Evaluator{alerts: alerts, states: make([]state, len(alerts))}
	for i := range e.states {
		e.states[i].newest = map[string]time.Time{}
	}
	return e
}

// groupSeparator cannot be part of a field's value: it is not valid in UTF-8.
const groupSeparator = "\xff"

// Add adds a line that was written at a time. Lines may arrive out of order.
func (e *Evaluator) Add(at time.Time, line Line) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range e.alerts {
		c := &e.alerts[i].Condition
		if !slices.ContainsFunc(c.Lines, func(l spec.Lines) bool { return line.matches(&l) }) {
			continue
		}
		values := make([]string, len(c.By))
		for i, field := range c.By {
			values[i], _ = line.field(field) // as in Cloud Logging, the label of a missing field is empty
		}
		group, newest := strings.Join(values, groupSeparator), e.states[i].newest
		if last, ok := newest[group]; !ok || at.After(last) {
			newest[group] = at
		}
	}
}

// AddPoint adds a value of a metric of Google's: what it counted since the value before.
func (e *Evaluator) AddPoint(at time.Time, metric string, value int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, a := range e.alerts {
		if a.Condition.Kind == spec.SumOfMetric && a.Condition.Metric == metric {
			e.states[i].points = append(e.states[i].points, point{at, value})
		}
	}
}

// Firing returns the alerts that fire at a time, in the order of the table. It forgets what is too old
// for any later time.
func (e *Evaluator) Firing(now time.Time) []Firing {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []Firing
	for i := range e.alerts {
		a := &e.alerts[i]
		f := Firing{Alert: a}
		for _, group := range e.states[i].met(a, now) {
			var values []string
			if len(a.Condition.By) > 0 {
				values = strings.Split(group, groupSeparator)
			}
			f.Groups = append(f.Groups, values)
		}
		if len(f.Groups) > 0 {
			all = append(all, f)
		}
	}
	return all
}

// met returns the groups for which the alert's condition is met. A line is an incident until that closes
// by itself.
func (s *state) met(a *spec.Alert, now time.Time) []string {
	var groups []string
	switch c := &a.Condition; c.Kind {
	case spec.SumOfMetric:
		since := now.Add(-c.Window)
		s.points = slices.DeleteFunc(s.points, func(p point) bool { return !p.at.After(since) })
		sum := 0
		for _, p := range s.points {
			sum += p.value
		}
		if sum >= c.AtLeast {
			groups = append(groups, "")
		}
	case spec.LinesAbsent:
		for group, last := range s.newest {
			if now.Sub(last) >= c.Window {
				groups = append(groups, group)
			}
		}
	case spec.LineMatched:
		for group, last := range s.newest {
			if now.Sub(last) < a.AutoClose() {
				groups = append(groups, group)
			} else {
				delete(s.newest, group)
			}
		}
	}
	slices.Sort(groups)
	return groups
}
