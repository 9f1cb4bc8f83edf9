// Package alerts evaluates the alerts of the deployment's table on this machine, from log lines and a
// clock, as Cloud Monitoring does in production from the filters and policies that deploy/ makes of the
// same table.
//
// An [Evaluator] is fed with lines and asked what fires. It has no clock and starts nothing. [Requests]
// writes the lines that Cloud Run itself writes in production.
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
	// Conditions are those that are met.
	Conditions []Met
}

// Met is a condition that is met.
type Met struct {
	Condition *spec.Condition
	// Group are the values of the fields that lines are grouped by, such as the school and its semester.
	Group []string
}

// Evaluator evaluates alerts. It is safe for concurrent use.
type Evaluator struct {
	alerts []spec.Alert

	mu     sync.Mutex
	states map[string]*state // by the id of a condition
}

// state is what a condition needs to know of the past.
type state struct {
	// newest are, for each group, the times of the newest lines, at most as many as the condition counts.
	newest map[string][]time.Time
	points []point
}

// point is a value of a metric: what was counted since the point before.
type point struct {
	at    time.Time
	value int
}

// New returns an evaluator for alerts that are valid by [spec.Deployment.Validate].
func New(alerts []spec.Alert) *Evaluator {
	e := &Evaluator{alerts: alerts, states: map[string]*state{}}
	for _, a := range alerts {
		for _, c := range a.Conditions {
			e.states[c.ID] = &state{newest: map[string][]time.Time{}}
		}
	}
	return e
}

// groupSeparator cannot be part of a field's value: it is not valid in UTF-8.
const groupSeparator = "\xff"

// Add adds a line that was written at a time.
func (e *Evaluator) Add(at time.Time, line Line) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range e.alerts {
		for j := range e.alerts[i].Conditions {
			c := &e.alerts[i].Conditions[j]
			if !slices.ContainsFunc(c.Lines, func(l spec.Lines) bool { return line.matches(&l) }) {
				continue
			}
			values := make([]string, len(c.By))
			for i, field := range c.By {
				values[i], _ = line.field(field) // as in Cloud Logging, the label of a missing field is empty
			}
			e.states[c.ID].add(strings.Join(values, groupSeparator), at, max(c.AtLeast, 1))
		}
	}
}

// add keeps the times sorted, because lines may arrive out of order.
func (s *state) add(group string, at time.Time, most int) {
	times := s.newest[group]
	i, _ := slices.BinarySearchFunc(times, at, time.Time.Compare)
	times = slices.Insert(times, i, at)
	s.newest[group] = times[max(0, len(times)-most):]
}

// AddPoint adds a value of a metric of Google's: what it counted since the value before.
func (e *Evaluator) AddPoint(at time.Time, metric string, value int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, a := range e.alerts {
		for _, c := range a.Conditions {
			if c.Kind == spec.SumOfMetric && c.Metric == metric {
				s := e.states[c.ID]
				s.points = append(s.points, point{at, value})
			}
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
		for j := range a.Conditions {
			c := &a.Conditions[j]
			for _, group := range e.states[c.ID].met(c, now) {
				m := Met{Condition: c}
				if len(c.By) > 0 {
					m.Group = strings.Split(group, groupSeparator)
				}
				f.Conditions = append(f.Conditions, m)
			}
		}
		if len(f.Conditions) > 0 {
			all = append(all, f)
		}
	}
	return all
}

// met returns the groups for which the condition is met.
func (s *state) met(c *spec.Condition, now time.Time) []string {
	since := now.Add(-c.Window)
	if c.Kind == spec.SumOfMetric {
		s.points = slices.DeleteFunc(s.points, func(p point) bool { return !p.at.After(since) })
		sum := 0
		for _, p := range s.points {
			sum += p.value
		}
		if sum >= c.AtLeast {
			return []string{""}
		}
		return nil
	}
	var groups []string
	for group, times := range s.newest {
		recent := times[len(times)-1].After(since)
		switch {
		case c.Kind == spec.LinesAbsent:
			if !recent {
				groups = append(groups, group)
			}
		case !recent:
			delete(s.newest, group)
		case len(times) == c.AtLeast && times[0].After(since):
			groups = append(groups, group)
		}
	}
	slices.Sort(groups)
	return groups
}
