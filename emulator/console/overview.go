package console

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

type overviewResponse struct {
	Project   string    `json:"project"`
	Projects  []string  `json:"projects"`         // Project and all projects with a database, users or settings
	Databases []string  `json:"databases"`        // projects/p/databases/d
	Now       time.Time `json:"now"`              // the cloud's clock
	AheadMs   int64     `json:"aheadMs"`          // how far Now is ahead of the machine's clock
	Alerts    *int      `json:"alerts,omitempty"` // how many fire; missing without any to show
	Bill      bool      `json:"bill"`             // whether there is one
}

// overview returns what every section of the page needs.
func (c *Console) overview(*http.Request) (any, error) {
	now := c.Clock.Now()
	a := overviewResponse{
		Project: c.Project, Now: now, AheadMs: time.Until(now).Round(time.Second).Milliseconds(), Alerts: c.countAlerts(), Bill: c.Bill != nil,
		Databases: append(c.Firestore.Databases(), "projects/"+c.Project+"/databases/(default)"),
	}
	slices.Sort(a.Databases)
	a.Databases = slices.Compact(a.Databases)
	a.Projects = append(c.Auth.Projects(), c.Project)
	for _, name := range a.Databases {
		a.Projects = append(a.Projects, strings.Split(name, "/")[1])
	}
	slices.Sort(a.Projects)
	a.Projects = slices.Compact(a.Projects)
	return a, nil
}

// maxAdvance is how far one call may advance the clock. Every schedule is due within this time, and a typing
// error cannot skip a century.
const maxAdvance = 366 * 24 * time.Hour

// advance moves the clock forward. Moving it back is impossible.
func (c *Console) advance(r *http.Request) (any, error) {
	var input struct {
		Seconds int64 `json:"seconds"`
	}
	if err := decode(r, &input); err != nil {
		return nil, err
	}
	if input.Seconds <= 0 || input.Seconds > int64(maxAdvance/time.Second) {
		return nil, invalid(codeInvalidAdvance, "The clock can be advanced by 1 to %d seconds, not by %d.", int64(maxAdvance/time.Second), input.Seconds)
	}
	c.Clock.Advance(time.Duration(input.Seconds) * time.Second)
	return c.overview(r)
}
