package operator

import (
	"net/http"

	"heek.kr/heektime/internal/migration/overview"
)

// migration says how far the move from the old database is. Rates are those since the last call.
func (c *Console) migration(r *http.Request) (any, error) {
	c.mu.Lock()
	before := c.lastMigration
	c.mu.Unlock()
	o, err := overview.Read(r.Context(), overview.Source{Firestore: c.Firestore, Old: c.OldDatabase, Before: before})
	if err != nil {
		return nil, err
	}
	if c.OldDatabase == nil && c.OldDatabaseError != "" {
		o.OldDatabase = c.OldDatabaseError
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastMigration = o
	return o, nil
}
