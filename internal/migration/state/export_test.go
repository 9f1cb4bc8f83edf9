package state

import (
	"context"
	"time"
)

// SetReadTimeout makes reads give up sooner.
func (v *Viewer) SetReadTimeout(d time.Duration) { v.readTimeout = d }

// Acknowledged exposes acknowledged.
func (s *Store) Acknowledged(ctx context.Context, of State) (bool, error) {
	return s.acknowledged(ctx, of)
}
