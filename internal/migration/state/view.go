package state

import "time"

// View is the states of all kinds at one time. It must not be relied on after [View.Expires].
type View struct {
	states map[Kind]State
	readAt time.Time
}

// Of returns the state of a kind.
func (v View) Of(kind Kind) State { return v.states[kind] }

// Expires returns until when a server may decide by the view, by the clock that it was read with: the
// shortest lease of its states.
func (v View) Expires() time.Time {
	lease := QuietLease
	for _, s := range v.states {
		lease = min(lease, s.Lease())
	}
	return v.readAt.Add(lease)
}

// switching reports whether a switch of any kind is prepared or in progress.
func (v View) switching() bool {
	for _, s := range v.states {
		if s.switching() {
			return true
		}
	}
	return false
}

// AllNew reports whether every kind rests on the new side, so that nothing needs the old server.
func (v View) AllNew() bool {
	for _, kind := range Kinds() {
		if v.states[kind].Phase != PhaseNew {
			return false
		}
	}
	return true
}
