package account

// record is a change of a project, as written to the log.
type record struct {
	Project    string      `json:"project"`
	Operations []operation `json:"operations"`
}

// operation is one step of a change. Exactly one field is set.
type operation struct {
	Put        *User     `json:"put,omitempty"`
	Delete     string    `json:"delete,omitempty"` // a uid
	Code       *Code     `json:"code,omitempty"`
	DeleteCode string    `json:"used,omitempty"` // a code's id
	Settings   *Settings `json:"settings,omitempty"`
	Clear      bool      `json:"clear,omitempty"` // delete every user
}

// apply applies a valid operation and returns a function that undoes it.
func (p *project) apply(op operation) (undo func()) {
	switch {
	case op.Put != nil:
		old, existed := p.users.Get(op.Put.LocalID)
		p.put(op.Put)
		return func() {
			p.remove(op.Put.LocalID)
			if existed {
				p.put(old)
			}
		}
	case op.Delete != "":
		old, existed := p.users.Get(op.Delete)
		p.remove(op.Delete)
		return func() {
			if existed {
				p.put(old)
			}
		}
	case op.Code != nil:
		next := p.nextCode
		p.codes[op.Code.ID] = *op.Code
		p.nextCode = max(next, op.Code.Number+1)
		return func() { delete(p.codes, op.Code.ID); p.nextCode = next }
	case op.DeleteCode != "":
		old, existed := p.codes[op.DeleteCode]
		delete(p.codes, op.DeleteCode)
		return func() {
			if existed {
				p.codes[op.DeleteCode] = old
			}
		}
	case op.Settings != nil:
		old := p.settings
		p.settings = op.Settings
		return func() { p.settings = old }
	case op.Clear:
		old := *p
		empty := newProject()
		p.users, p.byEmail, p.byPhone, p.byProvider = empty.users, empty.byEmail, empty.byPhone, empty.byProvider
		return func() { *p = old }
	}
	return func() {}
}
