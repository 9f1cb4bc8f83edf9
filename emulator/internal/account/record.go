package account

// A record is what one change did, for the journal. Exactly one of the operations' fields is set.
type record struct {
	Project    string      `json:"project"`
	Operations []operation `json:"operations"`
}

type operation struct {
	Put      *User     `json:"put,omitempty"`
	Delete   string    `json:"delete,omitempty"` // a local id
	Code     *Code     `json:"code,omitempty"`
	Used     string    `json:"used,omitempty"` // a code's id
	Settings *Settings `json:"settings,omitempty"`
	Clear    bool      `json:"clear,omitempty"` // every user
}

// apply does an operation and returns what undoes it. It trusts that the operation was checked.
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
	case op.Used != "":
		old, existed := p.codes[op.Used]
		delete(p.codes, op.Used)
		return func() {
			if existed {
				p.codes[op.Used] = old
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
