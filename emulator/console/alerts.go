package console

import (
	"net/http"
	"time"
)

// Alert is an alert of the program that runs the local cloud. The console only shows it.
type Alert struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Severity string `json:"severity"` // CRITICAL, ERROR or WARNING
	// Means says what has happened and Do what to do about it.
	Means string `json:"means"`
	Do    string `json:"do"`
	// Conditions say when it fires.
	Conditions []string `json:"conditions"`
	// Since is when it began to fire, nil while it does not. Met are the conditions that are met.
	Since *time.Time `json:"since,omitempty"`
	Met   []string   `json:"met,omitempty"`
}

// Firing reports whether the alert fires.
func (a *Alert) Firing() bool { return a.Since != nil }

// alerts lists the alerts.
func (c *Console) alerts(*http.Request) (any, error) {
	all := []Alert{}
	if c.Alerts != nil {
		all = append(all, c.Alerts()...)
	}
	return map[string]any{"alerts": all}, nil
}

// countAlerts counts the alerts that fire. It returns nil if the console has none to show.
func (c *Console) countAlerts() *int {
	if c.Alerts == nil {
		return nil
	}
	firing := 0
	for _, a := range c.Alerts() {
		if a.Firing() {
			firing++
		}
	}
	return &firing
}
