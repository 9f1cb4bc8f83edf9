// Package alertwatch evaluates the alerts of the deployment's table while heektime dev runs, from the
// services' log lines, and shows them on the console and in the terminal.
package alertwatch

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"heek.kr/heektime/emulator/console"
	"heek.kr/heektime/internal/alerts"
	"heek.kr/heektime/internal/deployment/spec"
)

// interval is the time between two evaluations.
const interval = 3 * time.Second

// Watcher is a writer for the services' log. It is safe for concurrent use.
type Watcher struct {
	alerts    []spec.Alert
	evaluator *alerts.Evaluator
	printf    func(format string, args ...any)

	mu     sync.Mutex
	now    func() time.Time
	states map[string]*state // by the id of an alert
}

// state is what is known of an alert.
type state struct {
	// due is true after an evaluation in which the alert's conditions were met.
	due   bool
	since *time.Time // when it began to fire, nil while it does not
	met   []string
}

// New returns a watcher that prints a line when an alert begins or ceases to fire.
func New(all []spec.Alert, printf func(format string, args ...any)) *Watcher {
	w := &Watcher{alerts: all, evaluator: alerts.New(all), printf: printf, now: time.Now, states: map[string]*state{}}
	for _, a := range all {
		w.states[a.ID] = &state{}
	}
	return w
}

// Write receives a log line. It ignores text that is none.
func (w *Watcher) Write(p []byte) (int, error) {
	if line, err := alerts.ParseLine(p); err == nil {
		w.mu.Lock()
		now := w.now()
		w.mu.Unlock()
		w.evaluator.Add(now, line)
	}
	return len(p), nil
}

// Run evaluates the alerts on the cloud's clock until ctx ends.
func (w *Watcher) Run(ctx context.Context, now func() time.Time) {
	w.mu.Lock()
	w.now = now
	w.mu.Unlock()
	for {
		select {
		case <-time.After(interval):
			w.Evaluate()
		case <-ctx.Done():
			return
		}
	}
}

// Evaluate evaluates the alerts now. An alert fires when its conditions are met twice in a row: after the
// clock was advanced by a day, jobs that are due have not run yet.
func (w *Watcher) Evaluate() {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, met := w.now(), map[string][]string{}
	for _, f := range w.evaluator.Firing(now) {
		for _, group := range f.Groups {
			met[f.Alert.ID] = append(met[f.Alert.ID], describe(f.Alert, group))
		}
	}
	for _, a := range w.alerts {
		s, conditions := w.states[a.ID], met[a.ID]
		fires := len(conditions) > 0
		switch {
		case fires && s.due && s.since == nil:
			s.since = &now
			w.printf("ALERT %s: %s (%s); see docs/alerts.md#%s", a.ID, a.Title, strings.Join(conditions, "; "), a.ID)
		case !fires && s.since != nil:
			s.since = nil
			w.printf("alert %s has ended", a.ID)
		}
		s.due, s.met = fires, conditions
	}
}

// describe says why the alert fires, and for what.
func describe(a *spec.Alert, group []string) string {
	if len(group) == 0 {
		return a.Describe()
	}
	return strings.Join(group, " ") + ": " + a.Describe()
}

// Alerts returns all alerts for the console.
func (w *Watcher) Alerts() []console.Alert {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]console.Alert, 0, len(w.alerts))
	for _, a := range w.alerts {
		out := console.Alert{ID: a.ID, Title: a.Title, Severity: string(a.Severity), Means: a.Means, Do: a.Do, Conditions: []string{a.Describe()}}
		if s := w.states[a.ID]; s.since != nil {
			since := *s.since
			out.Since, out.Met = &since, slices.Clone(s.met)
		}
		all = append(all, out)
	}
	return all
}
