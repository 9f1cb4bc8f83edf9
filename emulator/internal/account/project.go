package account

import (
	"errors"
	"time"

	"github.com/tidwall/btree"
)

// Reasons that a change is refused for.
var (
	ErrEmailExists    = errors.New("the e-mail address belongs to another account")
	ErrPhoneExists    = errors.New("the phone number belongs to another account")
	ErrProviderExists = errors.New("the provider's user id belongs to another account")
	ErrIDExists       = errors.New("the uid belongs to another account")
)

// Settings of a project.
type Settings struct {
	// AllowDuplicateEmails lets accounts of federated providers be apart although they have one address.
	AllowDuplicateEmails bool `json:"allowDuplicateEmails,omitempty"`
	// EmailPrivacy hides whether an address has an account ("email enumeration protection").
	EmailPrivacy bool `json:"emailPrivacy,omitempty"`
}

// Code is what was mailed or texted to somebody, for one use.
type Code struct {
	ID       string    `json:"id"`   // the out-of-band code, or the session of a text message
	Kind     string    `json:"kind"` // the API's request type, or [KindSMS]
	Email    string    `json:"email,omitempty"`
	NewEmail string    `json:"newEmail,omitempty"`
	LocalID  string    `json:"localId,omitempty"` // whose address is recovered
	Link     string    `json:"link,omitempty"`
	Phone    string    `json:"phone,omitempty"`
	Digits   string    `json:"digits,omitempty"` // the text message
	Expires  time.Time `json:"expires"`
	Number   uint64    `json:"number"` // counts up, in the order of making
}

// KindSMS is the [Code.Kind] of text messages.
const KindSMS = "SMS"

// project is the state of one. Its maps always agree with each other.
type project struct {
	users      *btree.Map[string, *User] // by local id
	byEmail    map[string]string         // lower case → local id
	byPhone    map[string]string
	byProvider map[providerKey]string
	codes      map[string]Code
	nextCode   uint64
	settings   *Settings // nil: as the store's default
}

type providerKey struct{ providerID, rawID string }

func newProject() *project {
	return &project{
		users:      btree.NewMap[string, *User](0),
		byEmail:    map[string]string{},
		byPhone:    map[string]string{},
		byProvider: map[providerKey]string{},
		codes:      map[string]Code{},
	}
}

// free says whether nobody but the user himself has what must be unique.
func (p *project) free(u *User) error {
	taken := func(id string, ok bool) bool { return ok && id != u.LocalID }
	if id, ok := p.byEmail[u.Email]; taken(id, ok) {
		return ErrEmailExists
	}
	if id, ok := p.byPhone[u.PhoneNumber]; taken(id, ok) {
		return ErrPhoneExists
	}
	for _, provider := range u.Providers {
		if id, ok := p.byProvider[providerKey{provider.ProviderID, provider.RawID}]; provider.federated() && taken(id, ok) {
			return ErrProviderExists
		}
	}
	return nil
}

// put replaces a user, or adds one.
func (p *project) put(u *User) {
	p.remove(u.LocalID)
	p.users.Set(u.LocalID, u)
	if u.Email != "" {
		p.byEmail[u.Email] = u.LocalID
	}
	if u.PhoneNumber != "" {
		p.byPhone[u.PhoneNumber] = u.LocalID
	}
	for _, provider := range u.Providers {
		if provider.federated() {
			p.byProvider[providerKey{provider.ProviderID, provider.RawID}] = u.LocalID
		}
	}
}

func (p *project) remove(localID string) {
	old, ok := p.users.Delete(localID)
	if !ok {
		return
	}
	delete(p.byEmail, old.Email)
	delete(p.byPhone, old.PhoneNumber)
	for _, provider := range old.Providers {
		delete(p.byProvider, providerKey{provider.ProviderID, provider.RawID})
	}
}
