package passthrough

import (
	"strings"

	"heek.kr/heektime/internal/migration/state"
)

// decision is what to do with a call.
type decision struct {
	side state.Side
	// held are the kinds whose switches the call must wait for; there is no side if there are any.
	held []state.Kind
	// kinds are those that the decision depends on.
	kinds []state.Kind
	view  state.View
	// leave ends a write, see [state.Viewer.Enter].
	leave func()
}

// decide decides a call by a view.
func (p *Proxy) decide(c *call, v state.View) decision {
	d := decision{side: state.Old, view: v}
	if len(c.routes) == 0 {
		// An unknown path may be about anything.
		d.kinds = state.Kinds()
		if v.AllNew() {
			d.side = state.New
		}
		for _, kind := range d.kinds {
			if c.writes() && !v.Of(kind).Resting() {
				d.held = append(d.held, kind)
			}
		}
		return d
	}
	for _, m := range c.routes {
		side, held := p.sideOf(c, m, v)
		if m.kind != ownLists {
			d.kinds = append(d.kinds, m.kind)
		}
		switch {
		case held:
			d.held = append(d.held, m.kind)
		case side == state.New:
			d.side = state.New
		}
	}
	return d
}

// sideOf returns the side that has the data of a call, or whether the call is held.
func (p *Proxy) sideOf(c *call, m matched, v state.View) (side state.Side, held bool) {
	if m.kind == ownLists {
		schools := v.Of(state.Schools)
		if schools.Reads() == state.New || schools.WasNew { // old apps keep the URLs
			return state.New, false
		}
		return state.Old, false
	}
	if subject := p.subjectOf(c, m); subject != "" && bornOnNewSide(subject) && everNew(v) {
		return state.New, false
	}
	s := v.Of(m.kind)
	if c.writes() {
		return s.Writes()
	}
	return s.Reads(), false
}

// subjectOf returns whose data a call is about, "" if it does not say.
func (p *Proxy) subjectOf(c *call, m matched) string {
	switch m.subject {
	case pathUser:
		return m.user
	case callingUser:
		return p.caller(c).session.UID
	}
	return ""
}

// everNew reports whether accounts are or have been on the new side, so that there can be users who were
// born there.
func everNew(v state.View) bool {
	accounts := v.Of(state.Accounts)
	return accounts.WasNew || accounts.Reads() == state.New
}

// bornOnNewSide reports whether a user has never been in the old database. Their timetables live on the
// new side whatever the state of timetables is: the old server does not know them. Users of the old
// database have random UUIDs, which are of version 4. Those born on the new side have UUIDs of version 8,
// if this server made them, or uids that Authentication chose, which are not UUIDs.
//
// Source: https://www.rfc-editor.org/rfc/rfc9562#section-4.2
func bornOnNewSide(uid string) bool {
	const length, version = 36, 14
	if len(uid) != length || uid[version] != '4' {
		return true
	}
	for i, c := range []byte(uid) {
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return true
			}
		default:
			if !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)) {
				return true
			}
		}
	}
	return false
}

// movedSince reports whether kinds of a decision have been switched since, or are being switched. A
// change that only prepares a switch does not count.
func (d *decision) movedSince(now state.View) bool {
	for _, kind := range d.kinds {
		was, is := d.view.Of(kind), now.Of(kind)
		if is.Epoch != was.Epoch && (!is.Resting() || is.Phase != was.Phase || is.Epoch > was.Epoch+1) {
			return true
		}
	}
	return false
}
