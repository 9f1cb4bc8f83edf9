package state

import "time"

// SetReadTimeout makes reads give up sooner.
func (v *Viewer) SetReadTimeout(d time.Duration) { v.readTimeout = d }
