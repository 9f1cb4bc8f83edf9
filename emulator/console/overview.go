package console

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

type overviewAnswer struct {
	Project   string    `json:"project"`
	Projects  []string  `json:"projects"`  // all that have a database, users or settings, and the first one
	Databases []string  `json:"databases"` // projects/p/databases/d
	Now       time.Time `json:"now"`       // of the cloud's clock
	AheadMs   int64     `json:"aheadMs"`   // how far that is from the machine's
}

// overview is what every view needs.
func (c *Console) overview(*http.Request) (any, error) {
	now := c.Clock.Now()
	a := overviewAnswer{
		Project: c.Project, Now: now, AheadMs: time.Until(now).Round(time.Second).Milliseconds(),
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

// maxAdvance is how far the clock may be moved at once: any schedule comes within it, and a slip of the hand is no
// century.
const maxAdvance = 366 * 24 * time.Hour

// advance moves the clock into the future. It cannot be moved back.
func (c *Console) advance(r *http.Request) (any, error) {
	var ask struct {
		Seconds int64 `json:"seconds"`
	}
	if err := decode(r, &ask); err != nil {
		return nil, err
	}
	if ask.Seconds <= 0 || ask.Seconds > int64(maxAdvance/time.Second) {
		return nil, invalid("The clock can be advanced by 1 to %d seconds, not by %d.", int64(maxAdvance/time.Second), ask.Seconds)
	}
	c.Clock.Advance(time.Duration(ask.Seconds) * time.Second)
	return c.overview(r)
}
