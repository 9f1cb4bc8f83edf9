package account

import (
	"errors"
	"time"

	"github.com/tidwall/btree"
)

// Errors of changes that would violate uniqueness.
var (
	ErrEmailExists    = errors.New("the email address belongs to another account")
	ErrPhoneExists    = errors.New("the phone number belongs to another account")
	ErrProviderExists = errors.New("the provider's user id belongs to another account")
	ErrIDExists       = errors.New("the uid belongs to another account")
)

// Settings are the settings of a project.
type Settings struct {
	// AllowDuplicateEmails allows separate accounts of federated providers with the same email
	// address.
	AllowDuplicateEmails bool `json:"allowDuplicateEmails,omitempty"`
	// EmailPrivacy hides whether an email address has an account (email enumeration protection).
	EmailPrivacy bool `json:"emailPrivacy,omitempty"`
}

// Code is a code sent by email (OOB code) or SMS, or a temporary proof.
type Code struct {
	ID       string    `json:"id"`   // the OOB code, the session info of an SMS, or the proof
	Kind     string    `json:"kind"` // the API's request type, [KindSMS] or [KindTemporaryProof]
	Email    string    `json:"email,omitempty"`
	NewEmail string    `json:"newEmail,omitempty"`
	LocalID  string    `json:"localId,omitempty"` // of the account to recover
	Link     string    `json:"link,omitempty"`
	Phone    string    `json:"phone,omitempty"`
	Digits   string    `json:"digits,omitempty"` // the SMS code
	Expires  time.Time `json:"expires"`
	Number   uint64    `json:"number"` // sequence number
}

// Kinds of codes that are not OOB codes.
const (
	KindSMS            = "SMS"
	KindTemporaryProof = "TEMPORARY_PROOF" // returned to the client: it has proven that it has the phone number
)

// project is the state of a project. Its maps are always consistent.
type project struct {
	users      *btree.Map[string, *User] // by local id
	byEmail    map[string]string         // lower case → local id
	byPhone    map[string]string
	byProvider map[providerKey]string
	codes      map[string]Code
	nextCode   uint64
	settings   *Settings // nil: the store's defaults
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

// checkUnique returns an error if another user has u's email address, phone number or provider id.
func (p *project) checkUnique(u *User) error {
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

// put adds or replaces a user.
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

// remove removes a user, if there is one.
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
